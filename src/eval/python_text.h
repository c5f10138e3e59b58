// What Python's str and re say of a character. SQuAD's official scripts are Python, and their scores depend on it.
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// str.lower(): the full mapping of Unicode without a language, with the final sigma. Bytes that are not UTF-8 stay.
std::string python_lower(std::string_view text);

/// str.isspace() of one character, which is what str.split() without arguments splits at.
bool is_python_space(char32_t character);

/// \w of re for one character: a letter, a number of any kind, or the underscore. Combining marks are none of these.
bool is_python_word(char32_t character);

}  // namespace albert
