// Small helpers for bytes that may not be UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// Whether the whole text is valid UTF-8 (shortest forms only, no surrogates).
bool is_valid_utf8(std::string_view text);

/// The last character, or U+FFFD where the text is empty or does not end in valid UTF-8.
char32_t last_code_point(std::string_view text);

/// The bytes of a character.
std::string utf8_of(char32_t character);

/// For error texts: quoted, cut after 40 bytes, and every byte that is not printable ASCII written as \xNN.
std::string quote_bytes(std::string_view bytes);

}  // namespace albert
