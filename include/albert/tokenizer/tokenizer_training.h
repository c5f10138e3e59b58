// Training of a SentencePiece vocabulary with the settings of Google's ALBERT (google-research/albert README).
//
//   const TrainedTokenizer trained = train_tokenizer(config, next_sentence, seed);
//   const auto tokenizer = Tokenizer::from_bytes(trained.model_bytes, config.options(), "spiece.model");
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "albert/base/duration.h"
#include "albert/config/fields.h"
#include "albert/tokenizer/normalizer.h"

namespace albert {

/// Section `tokenizer` of the configuration.
struct TokenizerConfig {
  std::optional<std::filesystem::path> model;
  int64_t vocab_size = 30000;
  ByteSize sample_bytes{.bytes = uint64_t{200} << 20U};
  double character_coverage = 0.99995;
  bool lower_case = true;
  bool keep_accents = false;

  [[nodiscard]] TokenizerOptions options() const { return {.lower_case = lower_case, .keep_accents = keep_accents}; }
  void validate(config::Issues& issues) const;
};
template <config::Self<TokenizerConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"model", "a spiece.model to use; null: train a vocabulary on the data"}, c.model);
  visit(Field{"vocab_size", "number of pieces of a vocabulary that is trained, 13 special ones included",
              config::range(100, 1'000'000)},
        c.vocab_size);
  visit(
      Field{
          "sample_bytes",
          "text that the vocabulary is trained on, drawn by sentence from all of the data; needs about 25 times as much memory"},
      c.sample_bytes);
  visit(Field{"character_coverage",
              "share of the characters of the text that get a piece of their own; the rest is <unk> (ALBERT: 0.99995)",
              config::range(0.98, 1.0)},
        c.character_coverage);
  visit(Field{"lower_case", "lower-case the text, as ALBERT does"}, c.lower_case);
  visit(Field{"keep_accents", "keep accents and other combining marks, which ALBERT drops"}, c.keep_accents);
}

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
/// Throws DataError for less text than that.
void require_enough_text(int64_t bytes);

}  // namespace albert
