#include "abbreviations.h"

#include <cctype>
#include <map>

namespace albert {
namespace {

std::unordered_set<std::string> words_of(std::string_view text) {
  std::unordered_set<std::string> words;
  while (!text.empty()) {
    const size_t length = std::min(text.find(' '), text.size());
    if (length > 0) words.emplace(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return words;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// "J." or "U.S.", but not "I.", which is far more often the pronoun at the end of a sentence.
bool is_initials(std::string_view word) {
  if (word.size() < 2 || word.size() % 2 != 0 || word == "I.") return false;
  for (size_t i = 0; i < word.size(); i += 2) {
    if (!is_upper(word[i]) || word[i + 1] != '.') return false;
  }
  return true;
}

}  // namespace

AbbreviationList::AbbreviationList(std::string_view always, std::string_view before_digit)
    : always_(words_of(always)), before_digit_(words_of(before_digit)) {}

bool AbbreviationList::holds(std::string_view word, std::string_view rest) const {
  constexpr size_t kLongest = 16;
  if (word.size() < 2 || word.size() > kLongest || word.back() != '.') return false;
  if (is_initials(word)) return true;
  std::string lower(word);
  for (char& c : lower) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  if (always_.contains(lower)) return true;
  const size_t next = rest.find_first_not_of(" \t\n");
  const bool digit_follows = next != std::string_view::npos && rest[next] >= '0' && rest[next] <= '9';
  return digit_follows && before_digit_.contains(lower);
}

const AbbreviationList* abbreviations_of(std::string_view language) {
  // Titles, ranks and places that a name follows; words such as "etc." that may well end a sentence are left out on purpose.
  static const std::map<std::string, AbbreviationList, std::less<>> lists = [] {
    std::map<std::string, AbbreviationList, std::less<>> all;
    all.try_emplace("en",
                    "mr. mrs. ms. messrs. mme. mlle. dr. prof. st. ste. mt. ft. gen. col. capt. cmdr. lt. sgt. maj. adm. rev. hon. gov. "
                    "sen. rep. pres. fr. esq. e.g. i.e. viz. vs. cf. eg. ie. approx.",
                    "no. nos. vol. vols. p. pp. fig. figs. art. ch. chap. sec. eq. ed. ca. c. jan. feb. mar. apr. jun. jul. aug. sep. "
                    "sept. oct. nov. dec.");
    all.try_emplace("de",
                    "hr. hrn. fr. frl. dr. prof. st. z.b. d.h. u.a. bzw. ca. vgl. s. o. nr. abs. art. bd. geb. gest. ggf. inkl. evtl. "
                    "sog. usw. zzgl. mio. mrd. str. hl.",
                    "jan. feb. apr. aug. sept. okt. nov. dez. kap. abb. tab.");
    all.try_emplace("fr", "m. mm. mme. mlle. dr. pr. st. ste. cf. p.ex. env. av. boul. c.-à-d.", "p. pp. vol. art. chap. fig. no. n.");
    all.try_emplace("es", "sr. sra. srta. sres. dr. dra. d. dña. prof. ud. uds. vd. vds. p.ej. gral. cap. sto. sta.",
                    "pág. págs. vol. núm. art. fig. no.");
    all.try_emplace("it", "sig. sig.ra sigg. dott. dr. prof. ing. avv. on. s. ss. es. cfr. ecc. egr. gent.", "p. pp. vol. art. fig. n. cap.");
    all.try_emplace("pt", "sr. sra. srta. dr. dra. prof. profa. d. exmo. exma. av. p.ex. gen. cel. cap.", "pág. págs. vol. núm. art. fig. n.");
    all.try_emplace("nl", "dhr. mevr. mw. dr. prof. ir. ing. drs. mr. st. bijv. o.a. d.w.z. nl. m.a.w. t.a.v. ca. evt. incl. resp.",
                    "p. blz. nr. art. fig. hfst. jan. febr. apr. aug. sept. okt. nov. dec.");
    return all;
  }();
  const auto found = lists.find(language);
  return found == lists.end() ? nullptr : &found->second;
}

}  // namespace albert
