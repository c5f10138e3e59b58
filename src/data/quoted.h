// Short values of a file as an error text shows them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace albert {

/// `text` in double quotes on one line: control characters as blanks, cut after 40 bytes, so that it never holds a whole text.
std::string in_quotes(std::string_view text);

/// Joined by ", "; after `most` names "and 5 more".
std::string listed(std::span<const std::string> names, size_t most = 20);

/// "did you mean \"nearest\"? " or nothing.
std::string suggestion(std::string_view typed, std::span<const std::string> known);

/// Without blanks, tabs and line ends at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace albert
