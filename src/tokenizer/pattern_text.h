// Text of regular expressions as Oniguruma reads them, which Hugging Face's `tokenizers` uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// A pattern that matches the text and nothing else.
std::string escape_pattern(std::string_view text);

/// "[\x{9}-\x{d}\x{20}]" for code points in rising order; at least one.
std::string class_pattern(const std::vector<char32_t>& characters);

}  // namespace albert
