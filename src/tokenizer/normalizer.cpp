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
#include <utility>

#include "albert/base/error.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/google_text.h"

namespace albert {
namespace {

constexpr size_t kMaxTextBytes = size_t{256} << 20U;  // SentencePiece and ICU count in 32 bits, and text can grow
constexpr UChar32 kCapitalSigma = 0x3A3;
constexpr UChar32 kSmallSigma = 0x3C3;
constexpr UChar32 kFinalSigma = 0x3C2;
constexpr UChar32 kCapitalIWithDot = 0x130;
constexpr UChar32 kCombiningDotAbove = 0x307;

/// NFD or NFKD.
enum class Decomposition { canonical, compatible };

/// Code points, and where they are followed the raw bytes that each stands for.
struct Characters {
  std::u32string text;
  std::vector<ByteRange> origins;  // [text.size()], or empty
};

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

/// Code points; invalid bytes replaced.
Characters to_characters(std::string_view text, Origins origins) {
  Characters result;
  result.text.reserve(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    const int32_t begin = i;
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, i, size, c);
    result.text += static_cast<char32_t>(c);
    if (origins == Origins::followed) result.origins.push_back({.begin = begin, .end = i});
  }
  return result;
}

/// Code points with single spaces between words; invalid bytes replaced.
Characters split_and_join(std::string_view text, Origins origins) {
  Characters result;
  result.text.reserve(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  bool pending_space = false;
  for (int32_t i = 0; i < size;) {
    const int32_t begin = i;
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, i, size, c);
    if (is_python_space(c)) {
      pending_space = !result.text.empty();
      continue;
    }
    if (pending_space) {
      result.text += U' ';
      if (origins == Origins::followed) result.origins.push_back({.begin = result.origins.back().end, .end = begin});
    }
    pending_space = false;
    result.text += static_cast<char32_t>(c);
    if (origins == Origins::followed) result.origins.push_back({.begin = begin, .end = i});
  }
  return result;
}

const UNormalizer2* normalizer_of(Decomposition decomposition) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* normalizer =
      decomposition == Decomposition::canonical ? unorm2_getNFDInstance(&status) : unorm2_getNFKDInstance(&status);
  ALBERT_CHECK(U_SUCCESS(status), "ICU has no data of NFD and NFKD: {}", u_errorName(status));
  return normalizer;
}

/// Puts each run of combining marks into canonical order: a stable sort, so long runs cost n log n (ICU inserts one by one).
void reorder_marks(Characters& characters) {
  std::u32string& text = characters.text;
  const auto combining = [](char32_t c) { return u_getCombiningClass(static_cast<UChar32>(c)); };
  const auto before = [&](char32_t a, char32_t b) { return combining(a) < combining(b); };
  for (auto begin = text.begin(); begin != text.end();) {
    if (combining(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text.end(), [&](char32_t c) { return combining(c) == 0; });
    if (!std::is_sorted(begin, end, before)) {
      std::stable_sort(begin, end, before);
      if (!characters.origins.empty()) {
        const auto first = characters.origins.begin() + (begin - text.begin());
        const auto last = characters.origins.begin() + (end - text.begin());
        std::fill(first, last, ByteRange{.begin = first->begin, .end = (last - 1)->end});
      }
    }
    begin = end;
  }
}

/// Character by character. Without the marks their order does not matter.
class Decomposer {
 public:
  Decomposer(Decomposition decomposition, bool keep_marks) : keep_marks_(keep_marks), normalizer_(normalizer_of(decomposition)) {}

  Characters run(const Characters& input) {
    result_.text.reserve(input.text.size() + input.text.size() / 8);
    for (size_t i = 0; i < input.text.size(); ++i) {
      const ByteRange* origin = input.origins.empty() ? nullptr : &input.origins[i];
      const auto c = static_cast<UChar32>(input.text[i]);
      if (c < 0x80) {
        append(c, origin);
      } else {
        decompose(c, origin);
      }
    }
    if (keep_marks_) reorder_marks(result_);
    return std::move(result_);
  }

 private:
  void decompose(UChar32 c, const ByteRange* origin) {
    UErrorCode status = U_ZERO_ERROR;
    const int32_t length = unorm2_getDecomposition(normalizer_, c, buffer_.data(), static_cast<int32_t>(buffer_.size()), &status);
    ALBERT_CHECK(U_SUCCESS(status), "decomposition of U+{:04X}: {}", static_cast<uint32_t>(c), u_errorName(status));
    if (length < 0) add(c, origin);
    for (int32_t i = 0; i < length;) {
      const UChar unit = buffer_[static_cast<size_t>(i++)];
      const bool is_pair = U16_IS_LEAD(unit);
      add(is_pair ? static_cast<UChar32>(U16_GET_SUPPLEMENTARY(unit, buffer_[static_cast<size_t>(i++)])) : unit, origin);
    }
  }

  void add(UChar32 c, const ByteRange* origin) {
    if (keep_marks_ || u_getCombiningClass(c) == 0) {
      append(c, origin);
    } else if (origin != nullptr && !result_.text.empty() && result_.text.back() != U' ') {
      result_.origins.back().end = origin->end;
    }
  }

  void append(UChar32 c, const ByteRange* origin) {
    result_.text += static_cast<char32_t>(c);
    if (origin != nullptr) result_.origins.push_back(*origin);
  }

  bool keep_marks_;
  const UNormalizer2* normalizer_;
  std::array<UChar, 64> buffer_{};  // the longest decomposition has 18 units (U+FDFA)
  Characters result_;
};

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
Characters to_lower(const Characters& input) {
  const std::u32string& text = input.text;
  Characters result;
  result.text.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<UChar32>(text[i]);
    if (!input.origins.empty()) result.origins.insert(result.origins.end(), c == kCapitalIWithDot ? 2 : 1, input.origins[i]);
    if (c == kCapitalSigma) {
      result.text += static_cast<char32_t>(is_final_sigma(text, i) ? kFinalSigma : kSmallSigma);
    } else if (c == kCapitalIWithDot) {
      result.text += U'i';
      result.text += static_cast<char32_t>(kCombiningDotAbove);
    } else {
      result.text += static_cast<char32_t>(u_tolower(c));
    }
  }
  return result;
}

FollowedText to_utf8(const Characters& input) {
  FollowedText result;
  result.text.reserve(input.text.size() + input.text.size() / 2);
  for (size_t i = 0; i < input.text.size(); ++i) {
    std::array<uint8_t, U8_MAX_LENGTH> bytes{};
    int32_t length = 0;
    U8_APPEND_UNSAFE(bytes.data(), length, static_cast<uint32_t>(input.text[i]));
    for (int32_t k = 0; k < length; ++k) result.text += static_cast<char>(bytes[static_cast<size_t>(k)]);
    if (!input.origins.empty()) result.origins.insert(result.origins.end(), static_cast<size_t>(length), input.origins[i]);
  }
  return result;
}

void check_size(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    throw DataError(fmt::format("text: must have at most {} bytes, got {}; break it into sentences or paragraphs", kMaxTextBytes,
                                text.size()));
  }
}

FollowedText normalize_characters(std::string_view text, const TokenizerOptions& options, Origins origins) {
  const Characters characters = Decomposer(Decomposition::compatible, options.keep_accents).run(split_and_join(text, origins));
  return to_utf8(options.lower_case ? to_lower(characters) : characters);
}

}  // namespace

std::string normalize_text(std::string_view text, const TokenizerOptions& options) {
  check_size(text);
  if (auto ascii = normalize_ascii(text, options.lower_case)) return *std::move(ascii);
  return normalize_characters(text, options, Origins::ignored).text;
}

FollowedText normalize_and_follow(std::string_view text, const TokenizerOptions& options) {
  check_size(text);
  return normalize_characters(text, options, Origins::followed);
}

FollowedText decompose(std::string_view text, Origins origins) {
  check_size(text);
  const bool is_ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii && origins == Origins::ignored) return {.text = std::string(text), .origins = {}};
  return to_utf8(Decomposer(Decomposition::canonical, /*keep_marks=*/true).run(to_characters(text, origins)));
}

std::string icu_version() {
  UVersionInfo version{};
  u_getVersion(version);
  std::array<char, U_MAX_VERSION_STRING_LENGTH> text{};
  u_versionToString(version, text.data());
  return text.data();
}

}  // namespace albert
