// Training of a SentencePiece vocabulary with the settings of Google's ALBERT (google-research/albert README).
//
//   const TrainedTokenizer trained = train_tokenizer(config, next_sentence, seed);
//   const auto tokenizer = Tokenizer::from_bytes(trained.model_bytes, config.options(), "spiece.model");
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "albert/tokenizer/tokenizer_config.h"

namespace albert {

/// Gives the next sentence (UTF-8, not normalised); false at the end of the data.
using SentenceSource = std::function<bool(std::string& sentence)>;

/// A vocabulary and what it was trained on.
struct TrainedTokenizer {
  std::string
      model_bytes;  ///< a spiece.model: <pad> 0, <unk> 1, [CLS] 2, [SEP] 3, [MASK] 4, ( ) " - . U+2013 U+00A3 U+20AC 5 to 12
  int64_t num_sentences = 0;      ///< of the source
  int64_t num_sampled = 0;        ///< of those, or of their parts where they are long, drawn for training
  int64_t sampled_bytes = 0;      ///< after normalisation
  int64_t num_skipped_words = 0;  ///< words too long to be any (over 4,192 bytes)
};

/// Unigram model; the text is normalised by normalize_text and then by SentencePiece's nmt_nfkc. The sample is each sentence with
/// the same probability, as many as fit into `sample_bytes`; which ones depends only on the seed and on their number in the
/// source. The same seed and sentences give the same bytes, whatever the number of cores (SentencePiece's number of threads is
/// fixed). Throws DataError if the text is too little for the vocabulary; it states the largest (smallest) size that is possible.
TrainedTokenizer train_tokenizer(const TokenizerConfig& config, const SentenceSource& next, uint64_t seed);

/// Under this SentencePiece's trainer may end up without any piece, which it takes for its own bug: it aborts.
inline constexpr int64_t kMinSampleBytes = 4096;
/// SentencePiece's suffix array counts characters in 32 bits.
inline constexpr uint64_t kMaxSampleBytes = uint64_t{1} << 30U;
/// Throws DataError for less text than kMinSampleBytes.
void require_enough_text(int64_t bytes);

}  // namespace albert
