#include "abbreviations.h"

#include <albert/base/error.h>
#include <albert/data/sentences.h>

#include <unicode/brkiter.h>
#include <unicode/filteredbrk.h>
#include <unicode/utext.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <cstring>

namespace albert {
namespace {

constexpr int kListVersion = 1;  // raise when a rule or a list of abbreviations changes

/// Length of the white space at the start of `text` (Unicode's White_Space, U+200B and U+FEFF), 0 for none. All of it has 1 to 3 bytes.
size_t blank_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  if (first < 0xE1 || first > 0xEF) return 0;
  const unsigned code = ((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
  const bool is_blank = code == 0x1680 || (code >= 0x2000 && code <= 0x200B) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
                        code == 0x205F || code == 0x3000 || code == 0xFEFF;
  return is_blank && text.size() >= 3 ? 3 : 0;
}

/// ICU's own lists are used only for languages without one here: they match the end of a word ("er." inside "Meier."), not words.
std::unique_ptr<icu::BreakIterator> make_iterator(const std::string& language) {
  const bool is_root = language == "root";
  const icu::Locale locale = is_root ? icu::Locale::getRoot() : icu::Locale::createCanonical(language.c_str());
  const bool is_language = language.size() >= 2 && language.size() <= 3 && std::strlen(locale.getISO3Language()) == 3;
  if (!is_root && !is_language) {
    throw ConfigError(fmt::format("data.language: expected a language such as en, or root, got {}", language));
  }
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::BreakIterator> base(icu::BreakIterator::createSentenceInstance(locale, status));
  ALBERT_CHECK(U_SUCCESS(status) != 0 && base != nullptr, "ICU has no sentence rules: {}", u_errorName(status));
  if (is_root || abbreviations_of(language) != nullptr) return base;
  const std::unique_ptr<icu::FilteredBreakIteratorBuilder> builder(icu::FilteredBreakIteratorBuilder::createInstance(locale, status));
  if (U_FAILURE(status) != 0 || builder == nullptr) return base;  // ICU has no list for this language
  std::unique_ptr<icu::BreakIterator> filtered(builder->build(base.release(), status));
  ALBERT_CHECK(U_SUCCESS(status) != 0 && filtered != nullptr, "ICU cannot filter sentences: {}", u_errorName(status));
  return filtered;
}

/// Last word of a sentence, without the blanks after it and the opening punctuation before it.
std::string_view last_word(std::string_view sentence) {
  sentence = trim(sentence);
  const size_t blank = sentence.find_last_of(" \t\n");
  std::string_view word = blank == std::string_view::npos ? sentence : sentence.substr(blank + 1);
  constexpr std::string_view kOpening[] = {"\xE2\x80\x9C", "\xE2\x80\x98", "\xC2\xAB", "\xE2\x80\x9E", "\xE2\x80\x94"};
  for (const std::string_view mark : kOpening) {
    const size_t at = word.rfind(mark);
    if (at != std::string_view::npos) word.remove_prefix(at + mark.size());
  }
  if (const size_t dashes = word.rfind("--"); dashes != std::string_view::npos) word.remove_prefix(dashes + 2);
  while (!word.empty() && std::string_view("([{\"'*_").find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  return word;
}

}  // namespace

struct SentenceSplitter::Impl {
  std::unique_ptr<icu::BreakIterator> iterator;
  const AbbreviationList* abbreviations = nullptr;  // null: none
};

SentenceSplitter::SentenceSplitter(const std::string& language) : impl_(std::make_unique<Impl>()) {
  impl_->iterator = make_iterator(language);
  impl_->abbreviations = abbreviations_of(language);
}

SentenceSplitter::SentenceSplitter(const SentenceSplitter& other) : impl_(std::make_unique<Impl>()) {
  impl_->iterator.reset(other.impl_->iterator->clone());
  impl_->abbreviations = other.impl_->abbreviations;
}

SentenceSplitter::~SentenceSplitter() = default;

std::string SentenceSplitter::version() { return fmt::format("{}/icu-{}", kListVersion, U_ICU_VERSION); }

void SentenceSplitter::split(std::string_view paragraph, std::vector<std::string_view>& sentences) {
  sentences.clear();
  UErrorCode status = U_ZERO_ERROR;
  UText text = UTEXT_INITIALIZER;
  utext_openUTF8(&text, paragraph.data(), static_cast<int64_t>(paragraph.size()), &status);
  impl_->iterator->setText(&text, status);
  ALBERT_CHECK(U_SUCCESS(status) != 0, "ICU refused a text: {}", u_errorName(status));
  size_t begin = 0;
  impl_->iterator->first();
  for (int32_t boundary = impl_->iterator->next(); boundary != icu::BreakIterator::DONE; boundary = impl_->iterator->next()) {
    const auto end = static_cast<size_t>(boundary);
    const std::string_view sentence = paragraph.substr(begin, end - begin);
    const bool is_last = end >= paragraph.size();
    if (!is_last && impl_->abbreviations != nullptr && impl_->abbreviations->holds(last_word(sentence), paragraph.substr(end))) continue;
    if (const std::string_view trimmed = trim(sentence); !trimmed.empty()) sentences.push_back(trimmed);
    begin = end;
  }
  utext_close(&text);
}

std::string_view trim(std::string_view text) {
  while (!text.empty()) {
    const size_t length = blank_length(text);
    if (length == 0) break;
    text.remove_prefix(length);
  }
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 3 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
    if (blank_length(text.substr(last)) != text.size() - last) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

}  // namespace albert
