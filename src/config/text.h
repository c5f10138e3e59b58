// UTF-8 and places in a text, for error messages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace albert::config {

/// One character: its code point and its number of bytes.
struct CodePoint {
  char32_t value = 0;
  size_t size_bytes = 0;
};

/// The character at the front; nullopt when it is not UTF-8 (overlong forms, surrogates and values over U+10FFFF included).
std::optional<CodePoint> decode_utf8(std::string_view text);

/// Offset of the first byte that is not UTF-8.
std::optional<size_t> find_invalid_utf8(std::string_view text);

/// Line and column of a byte, from 1; columns count characters.
struct LineColumn {
  size_t line = 1;
  size_t column = 1;
};
LineColumn line_column(std::string_view text, size_t offset);

/// For an error text: on one line, control characters escaped, cut after about 60 characters with "...".
std::string shorten(std::string_view text, size_t limit = 60);

}  // namespace albert::config
