#include "eval/squad_answer.h"
#include "eval/python_text.h"
#include "eval/ratios.h"

#include <albert/eval/squad.h>

#include <unicode/utf8.h>

#include <algorithm>
#include <string>

namespace albert {
namespace {

/// Calls `visit(character, its bytes)` for each character; what is not UTF-8 comes as U+FFFD, with its bytes.
template <typename Visit>
void for_each_character(std::string_view text, const Visit& visit) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, end, text.size(), c);
    visit(static_cast<char32_t>(c), text.substr(begin, end - begin));
  }
}

/// string.punctuation.
bool is_ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

bool is_article(std::string_view word) { return word == "a" || word == "an" || word == "the"; }

/// re.sub(r'\b(a|an|the)\b', ' ', text): what is between two boundaries is a whole run of word characters.
std::string replace_articles(std::string_view text) {
  std::string result;
  std::string word;
  const auto finish_word = [&] {
    result += is_article(word) ? std::string_view(" ") : word;
    word.clear();
  };
  for_each_character(text, [&](char32_t character, std::string_view bytes) {
    if (is_python_word(character)) {
      word += bytes;
    } else {
      finish_word();
      result += bytes;
    }
  });
  finish_word();
  return result;
}

/// str.split().
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for_each_character(text, [&](char32_t character, std::string_view bytes) {
    if (is_python_space(character)) {
      in_word = false;
      return;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back() += bytes;
  });
  return words;
}

std::vector<std::string> normalized_words(std::string_view text) {
  std::string lower = python_lower(text);
  std::erase_if(lower, is_ascii_punctuation);
  return split_words(replace_articles(lower));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

/// Size of the intersection of two sorted bags.
int64_t count_common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  int64_t common = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const auto order = *i <=> *j;
    if (order == 0) ++common;
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
  return common;
}

}  // namespace

NormalizedAnswer::NormalizedAnswer(std::string_view answer) : sorted_words(normalized_words(answer)) {
  text = join(sorted_words);
  std::ranges::sort(sorted_words);
}

double answer_f1(const NormalizedAnswer& prediction, const NormalizedAnswer& answer, SquadVersion version) {
  const auto num_predicted = static_cast<int64_t>(prediction.sorted_words.size());
  const auto num_expected = static_cast<int64_t>(answer.sorted_words.size());
  if (version == SquadVersion::v2 && (num_predicted == 0 || num_expected == 0)) return num_predicted == num_expected ? 1 : 0;
  const int64_t common = count_common(prediction.sorted_words, answer.sorted_words);
  return f1_of_counts(common, num_expected, num_predicted);
}

std::string normalize_answer(std::string_view text) { return NormalizedAnswer(text).text; }

bool squad_exact_match(std::string_view prediction, std::string_view answer) {
  return normalize_answer(prediction) == normalize_answer(answer);
}

double squad_f1_v1(std::string_view prediction, std::string_view answer) {
  return answer_f1(NormalizedAnswer(prediction), NormalizedAnswer(answer), SquadVersion::v1);
}

double squad_f1_v2(std::string_view prediction, std::string_view answer) {
  return answer_f1(NormalizedAnswer(prediction), NormalizedAnswer(answer), SquadVersion::v2);
}

}  // namespace albert
