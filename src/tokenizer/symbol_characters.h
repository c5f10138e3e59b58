// What the parts of the tokenizer of symbols say of characters alike.
#pragma once

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace albert {

/// The character that begins at `at`, and where the next one does. U+FFFD for bytes that are not UTF-8.
struct Character {
  char32_t code = 0;
  size_t end = 0;
};
inline Character character_at(std::string_view text, size_t at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
  return {.code = static_cast<char32_t>(c), .end = at};
}

/// White space: U+0009-000D, 0020, 0085, 00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000 (Unicode's White_Space).
inline bool is_white_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }
/// The same for Oniguruma.
inline constexpr std::string_view kWhiteSpacePattern =
    R"([\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}])";

/// General category M.
inline bool is_combining_mark(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0; }

/// Tie bars and the other marks that belong to two characters.
inline bool is_tie(char32_t c) { return (c >= 0x35C && c <= 0x362) || c == 0x1DCD || c == 0x1DFC; }
inline constexpr std::string_view kTiePattern = R"([\x{35c}-\x{362}\x{1dcd}\x{1dfc}])";

/// Whether a separator is written in white space; then any run of it stands for it.
inline bool is_white(std::string_view separator) { return !separator.empty() && is_white_space(character_at(separator, 0).code); }

}  // namespace albert
