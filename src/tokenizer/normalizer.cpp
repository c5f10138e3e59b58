#include "albert/tokenizer/normalizer.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "albert/base/error.h"

namespace albert {
namespace {

constexpr size_t kMaxTextBytes = size_t{256} << 20U;  // SentencePiece and ICU count in 32 bits, and text can grow
constexpr UChar32 kCapitalSigma = 0x3A3;
constexpr UChar32 kSmallSigma = 0x3C3;
constexpr UChar32 kFinalSigma = 0x3C2;
constexpr UChar32 kCapitalIWithDot = 0x130;
constexpr UChar32 kCombiningDotAbove = 0x307;

/// The set of str.isspace(), which str.strip() and str.split() use.
bool is_python_space(UChar32 c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// The whole result where all of the text is ASCII: NFKD leaves ASCII alone and no ASCII character is a combining mark.
std::optional<std::string> normalize_ascii(std::string_view text, bool lower_case) {
  std::string result;
  result.reserve(text.size());
  bool pending_space = false;
  for (const char byte : text) {
    const auto c = static_cast<unsigned char>(byte);
    if (c >= 0x80) return std::nullopt;
    if (is_python_space(c)) {
      pending_space = !result.empty();
      continue;
    }
    if (pending_space) result += ' ';
    pending_space = false;
    result += lower_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : byte;
  }
  return result;
}

/// Code points with single spaces between words; invalid bytes replaced.
std::u32string split_and_join(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  bool pending_space = false;
  for (int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, i, size, c);
    if (is_python_space(c)) {
      pending_space = !result.empty();
      continue;
    }
    if (pending_space) result += U' ';
    pending_space = false;
    result += static_cast<char32_t>(c);
  }
  return result;
}

const UNormalizer2* nfkd() {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* normalizer = unorm2_getNFKDInstance(&status);
  ALBERT_CHECK(U_SUCCESS(status), "ICU has no NFKD data: {}", u_errorName(status));
  return normalizer;
}

/// Puts each run of combining marks into canonical order: a stable sort, so long runs cost n log n (ICU inserts one by one).
void reorder_marks(std::u32string& text) {
  const auto combining = [](char32_t c) { return u_getCombiningClass(static_cast<UChar32>(c)); };
  for (auto begin = text.begin(); begin != text.end();) {
    if (combining(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text.end(), [&](char32_t c) { return combining(c) == 0; });
    std::stable_sort(begin, end, [&](char32_t a, char32_t b) { return combining(a) < combining(b); });
    begin = end;
  }
}

/// NFKD. Without the marks their order does not matter, so each character is decomposed by itself.
std::u32string decompose(const std::u32string& text, bool keep_marks) {
  const UNormalizer2* normalizer = nfkd();
  std::array<UChar, 64> buffer{};  // the longest decomposition has 18 units (U+FDFA)
  std::u32string result;
  result.reserve(text.size() + text.size() / 8);
  const auto add = [&](UChar32 c) {
    if (keep_marks || u_getCombiningClass(c) == 0) result += static_cast<char32_t>(c);
  };
  for (const char32_t character : text) {
    const auto c = static_cast<UChar32>(character);
    if (c < 0x80) {
      result += character;
      continue;
    }
    UErrorCode status = U_ZERO_ERROR;
    const int32_t length = unorm2_getDecomposition(normalizer, c, buffer.data(), buffer.size(), &status);
    ALBERT_CHECK(U_SUCCESS(status), "decomposition of U+{:04X}: {}", static_cast<uint32_t>(c), u_errorName(status));
    if (length < 0) add(c);
    for (int32_t i = 0; i < length;) {
      const UChar unit = buffer[static_cast<size_t>(i++)];
      const bool is_pair = U16_IS_LEAD(unit);
      add(is_pair ? static_cast<UChar32>(U16_GET_SUPPLEMENTARY(unit, buffer[static_cast<size_t>(i++)])) : unit);
    }
  }
  if (keep_marks) reorder_marks(result);
  return result;
}

/// Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters skipped. A sigma is itself cased and not
/// ignorable, so no stretch of text is looked at more than twice.
bool is_final_sigma(const std::u32string& text, size_t position) {
  const auto ignorable = [](char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASE_IGNORABLE) != 0; };
  const auto cased = [](char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASED) != 0; };
  size_t before = position;
  while (before > 0 && ignorable(text[before - 1])) --before;
  if (before == 0 || !cased(text[before - 1])) return false;
  size_t after = position + 1;
  while (after < text.size() && ignorable(text[after])) ++after;
  return after == text.size() || !cased(text[after]);
}

/// The full mapping of SpecialCasing.txt without a language: besides the simple mapping only U+0130 and the final sigma.
std::u32string to_lower(const std::u32string& text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<UChar32>(text[i]);
    if (c == kCapitalSigma) {
      result += static_cast<char32_t>(is_final_sigma(text, i) ? kFinalSigma : kSmallSigma);
    } else if (c == kCapitalIWithDot) {
      result += U'i';
      result += static_cast<char32_t>(kCombiningDotAbove);
    } else {
      result += static_cast<char32_t>(u_tolower(c));
    }
  }
  return result;
}

std::string to_utf8(const std::u32string& text) {
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  for (const char32_t c : text) {
    std::array<uint8_t, U8_MAX_LENGTH> bytes{};
    int32_t length = 0;
    U8_APPEND_UNSAFE(bytes.data(), length, static_cast<uint32_t>(c));
    for (int32_t i = 0; i < length; ++i) result += static_cast<char>(bytes[static_cast<size_t>(i)]);
  }
  return result;
}

}  // namespace

std::string normalize_text(std::string_view text, const TokenizerOptions& options) {
  if (text.size() > kMaxTextBytes) {
    throw DataError(fmt::format("text: must have at most {} bytes, got {}; break it into sentences or paragraphs", kMaxTextBytes,
                                text.size()));
  }
  if (auto ascii = normalize_ascii(text, options.lower_case)) return *std::move(ascii);
  const std::u32string characters = decompose(split_and_join(text), options.keep_accents);
  return to_utf8(options.lower_case ? to_lower(characters) : characters);
}

std::string icu_version() {
  UVersionInfo version{};
  u_getVersion(version);
  std::array<char, U_MAX_VERSION_STRING_LENGTH> text{};
  u_versionToString(version, text.data());
  return text.data();
}

}  // namespace albert
