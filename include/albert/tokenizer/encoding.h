// Pieces of a text together with where in the raw text they stand.
#pragma once

#include <cstdint>
#include <vector>

namespace albert {

/// Bytes [begin, end) of a text. 32 bits: a text has at most 256 MiB (normalizer.h), and millions of ranges are kept.
struct ByteRange {
  int32_t begin = 0;
  int32_t end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
  bool operator==(const ByteRange&) const = default;
};

/// Result of Tokenizer::encode_with_offsets.
///
/// Range of a piece: from the first to the last raw character that its visible characters (not U+2581) stand for, so without the
/// white space around them; combining marks that normalisation drops belong to the character in front of them. Both ends never
/// fall from piece to piece, and each lies between characters (an ill-formed byte sequence that becomes one U+FFFD counts as
/// one).
///
/// - Pieces that share a raw character (a ligature, U+00BD as 1/2, byte pieces) all get it, so ranges can overlap.
/// - A piece of U+2581 alone stands for no visible character: its range is empty and lies where the next visible piece begins,
///   or where the last one ends if none follows. Only where both sides belong to one raw character it is that character's.
/// - The text of pieces i to j is the raw text from ranges[i].begin to ranges[j].end.
struct Encoding {
  std::vector<int32_t> ids;       ///< equal to Tokenizer::encode of the same text
  std::vector<ByteRange> ranges;  ///< [ids.size()]
};

}  // namespace albert
