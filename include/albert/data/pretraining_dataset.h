// Pre-training examples, drawn on the fly: each is a pure function of (store, options, seed, epoch, index).
//
//   const PretrainingData data = make_pretraining_data(store, vocabulary, data_config, objective, seed);
//   const PretrainingExample example = data.train.example(/*epoch=*/0, /*index=*/17);
#pragma once

#include <albert/config/fields.h>
#include <albert/data/data_config.h>
#include <albert/data/data_split.h>
#include <albert/data/masking.h>
#include <albert/data/segment_pairs.h>
#include <albert/data/token_store.h>
#include <albert/data/vocabulary.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace albert {

/// Section `objective`.
struct ObjectiveConfig {
  MaskingConfig masking;
  SentenceOrder sentence_order = SentenceOrder::sop;
};
template <config::Self<ObjectiveConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"masking", "masked-language-model targets"}, c.masking);
  visit(Field{"sentence_order", "sop: swapped halves; google: as the released code; nsp: BERT's next sentence; none"}, c.sentence_order);
}

/// One sequence: [CLS] A [SEP] B [SEP], or [CLS] A [SEP].
struct PretrainingExample {
  std::vector<int32_t> ids;            ///< after masking
  int32_t first_length = 0;            ///< tokens of segment 0: [CLS] A [SEP]
  MaskedSequence masked;
  int32_t order_label = kOrderNotScored;
};

/// A bijection of [0, size) that depends on a key: a shuffle that takes no memory (a Feistel network with cycle walking).
class KeyedPermutation {
 public:
  KeyedPermutation(uint64_t size, uint64_t key);
  [[nodiscard]] uint64_t operator()(uint64_t index) const;

 private:
  [[nodiscard]] uint64_t round_trip(uint64_t value) const;

  uint64_t size_;
  unsigned half_bits_ = 1;
  std::vector<uint64_t> keys_;
};

/// The part of the data that a run trains or validates on. Safe to use from many threads; keeps the chunks of the two epochs that
/// were used last (16 bytes per example).
class PretrainingDataset {
 public:
  struct Options {
    SegmentOptions segments;
    MaskingConfig masking;
    std::vector<double> visits;  ///< by source; empty: each document once an epoch
    uint64_t seed = 0;
  };
  /// `store` is kept; `vocabulary` is copied where needed. Throws DataError when no document is long enough for the objective.
  PretrainingDataset(std::shared_ptr<const TokenStore> store, SpanList spans, const Vocabulary& vocabulary, Options options);
  PretrainingDataset(PretrainingDataset&&) noexcept;
  PretrainingDataset& operator=(PretrainingDataset&&) noexcept;
  ~PretrainingDataset();

  /// Varies a little between epochs, as the lengths are drawn anew. Costs a pass over the sentences the first time.
  [[nodiscard]] int64_t examples_per_epoch(int64_t epoch) const;
  /// `index` in [0, examples_per_epoch(epoch)); the order is shuffled. Another masking probability than that of the options changes
  /// which pieces are masked, and nothing else.
  [[nodiscard]] PretrainingExample example(int64_t epoch, int64_t index, const std::optional<double>& masking_probability = std::nullopt) const;

  /// The same text in sequences of another length.
  [[nodiscard]] PretrainingDataset with_length(int64_t max_length) const;

  /// A place in the endless sequence of examples: epoch after epoch.
  struct Place {
    int64_t epoch = 0;
    int64_t index = 0;
    bool operator==(const Place&) const = default;
  };
  /// Where `cursor` examples after the start lie.
  [[nodiscard]] Place place(int64_t cursor) const;
  [[nodiscard]] const TokenStore& store() const;
  [[nodiscard]] uint64_t seed() const;
  [[nodiscard]] int64_t max_length() const;

 private:
  struct Impl;
  explicit PretrainingDataset(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Both parts of a corpus.
struct PretrainingData {
  PretrainingDataset train;
  std::optional<PretrainingDataset> validation;  ///< none for validation_fraction 0; use epoch 0 of it only
  SplitRule rule = SplitRule::nothing_held_out;
};
/// Throws DataError where the store is too small for the options.
PretrainingData make_pretraining_data(std::shared_ptr<const TokenStore> store, const Vocabulary& vocabulary, const DataConfig& data,
                                      const ObjectiveConfig& objective, uint64_t seed);

}  // namespace albert
