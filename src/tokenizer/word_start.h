// Which pieces begin a masking unit (create_pretraining_data.py, _is_start_piece_sp).
#pragma once

#include <string_view>

namespace albert {

/// True if the piece begins with U+2581 or '<', is one punctuation character of Google's list (ASCII without ' < = >), or holds
/// any character that is neither an ASCII letter nor in that list: a digit, an apostrophe or anything beyond ASCII.
bool is_start_piece(std::string_view piece);

}  // namespace albert
