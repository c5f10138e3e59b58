// A bounded check of the bytes of a `spiece.model`, before SentencePiece sees them.
//
// The packaged SentencePiece trusts its model: a very long piece overflows the stack while its trie is built, a damaged
// normalisation table is read out of bounds, a chain of nested symbols overruns a fixed array. So the file is first walked here
// by our own reader, which takes memory in proportion to the file and time linear in it (pieces: n log n), and refuses what
// SentencePiece could stumble over or what is no ALBERT vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "albert/tokenizer/special_tokens.h"

namespace albert {

/// Limits of the check. The largest vocabularies in public use have a million pieces and 25 MB.
inline constexpr size_t kMaxModelBytes = size_t{64} << 20U;
inline constexpr size_t kMaxPieces = 1'000'000;
/// Building SentencePiece's trie recurses once per byte of a piece; 100 kB of it overflow the usual stack of 8 MiB.
inline constexpr size_t kMaxPieceBytes = 1024;
/// SentencePiece adds scores as floats over a whole text: far larger ones would become infinite or swallow all others.
inline constexpr float kMaxPieceScore = 1e6F;
/// Bytes of a normalisation table (the stock nmt_nfkc has 237,539) and of one replacement in it (the longest stock one: 33).
inline constexpr size_t kMaxCharsmapBytes = size_t{4} << 20U;
inline constexpr size_t kMaxReplacementBytes = 256;
/// Rules, or user-defined symbols, that are prefixes of one another (SentencePiece collects 32 and 64 in fixed arrays).
inline constexpr size_t kMaxNestedPrefixes = 32;
/// Fields of the message that are not pieces.
inline constexpr size_t kMaxOtherFields = 100'000;

/// What the check learns about a model that passes.
struct ModelSummary {
  int32_t num_pieces = 0;
  SpecialTokens special_tokens;
};

/// Throws DataError that begins with `name` and says what is wrong with the model; returns only if SentencePiece can load it,
/// and encode with it, without harm.
ModelSummary check_model(std::string_view bytes, const std::string& name);

}  // namespace albert
