// What Google's code takes for a space, a digit, and a piece that its digit-comma rule takes apart.
#pragma once

#include <unicode/uchar.h>

#include <string_view>

#include "tokenizer/utf8.h"

namespace albert {

/// The set of str.isspace(), which str.strip() and str.split() use.
inline bool is_python_space(UChar32 c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// str.isdigit() of one character: Unicode's numeric types decimal and digit.
inline bool is_python_digit(char32_t c) {
  const int32_t type = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}

/// Whether Google's digit-comma rule takes the piece apart: more than one character, the last one a comma after a digit.
inline bool ends_in_digit_comma(std::string_view piece) {
  if (piece.size() < 2 || piece.back() != ',') return false;
  return is_python_digit(last_code_point(piece.substr(0, piece.size() - 1)));
}

}  // namespace albert
