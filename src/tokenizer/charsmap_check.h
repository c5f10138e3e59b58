// Check of SentencePiece's compiled normalisation table (NormalizerSpec.precompiled_charsmap).
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// The table is a 32-bit size, a double-array trie of so many bytes (Darts-clone; its leaves are offsets) and a pool of
/// NUL-terminated replacements. SentencePiece walks the trie without any bound, so everything that is reachable from the root
/// is visited here: no step may leave the array, no path may come back to itself or pass more than kMaxNestedPrefixes leaves,
/// and each leaf must point at valid UTF-8 of at most kMaxReplacementBytes. Throws DataError "<where>: ...".
void check_charsmap(std::string_view table, const std::string& where);

}  // namespace albert
