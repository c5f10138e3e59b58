// Validity of UTF-8 (Unicode 15, table 3-7), fast for ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace albert {

/// Length of the longest prefix of `text` that is valid UTF-8 without NUL.
size_t valid_text_prefix(std::string_view text);

/// Length of the ill-formed part at the start of `text`, at least 1: one NUL, or the maximal subpart of an ill-formed sequence.
size_t ill_formed_length(std::string_view text);

/// Appends `text` with every ill-formed part replaced by U+FFFD; returns their number.
int64_t append_repaired(std::string_view text, std::string& out);

/// The largest cut <= `limit` that is after a blank of `text`; without one, before a whole character. `limit` < text.size().
size_t cut_at_blank(std::string_view text, size_t limit);

}  // namespace albert
