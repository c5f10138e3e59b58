// Masking of whole-word n-grams, as create_pretraining_data.py does it (albert_facts 5.4).
#pragma once

#include <albert/base/random.h>
#include <albert/config/fields.h>
#include <albert/data/vocabulary.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace albert {

/// Section `objective.masking`.
struct MaskingConfig {
  double probability = 0.15;
  std::optional<double> end_probability{};
  int64_t max_ngram = 3;
  bool favor_shorter = true;
  bool whole_word = true;
  std::optional<int64_t> max_predictions;
  double replace = 0.8;
  double keep = 0.1;
  double random = 0.1;

  void validate(config::Issues& issues) const;
};
template <config::Self<MaskingConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"probability", "share of the pieces of a sequence ([CLS] and [SEP] counted) that are predicted; at least one is (ALBERT: 0.15)",
              config::Range{.minimum = 0.0, .maximum = 1.0, .minimum_open = true}},
        c.probability);
  visit(Field{"end_probability", "probability at the last step, approached linearly from the first (0.3 falling to 0.15, for example); held-out text is "
                                 "masked with it; null: it stays",
              config::Range{.minimum = 0.0, .maximum = 1.0, .minimum_open = true}},
        c.end_probability);
  visit(Field{"max_ngram", "longest run of words that is masked together (ALBERT: 3)", config::range(1, 16)}, c.max_ngram);
  visit(Field{"favor_shorter", "p(n) ~ 1/n for a run of n words; false turns the order of the probabilities round"}, c.favor_shorter);
  visit(Field{"whole_word", "mask all pieces of a word; false: each piece by itself"}, c.whole_word);
  visit(Field{"max_predictions", "most pieces that are predicted in a sequence; null = no limit (the released code: 20)",
              config::range(1, 65536)},
        c.max_predictions);
  visit(Field{"replace", "share of the predicted pieces that become [MASK]", config::range(0.0, 1.0)}, c.replace);
  visit(Field{"keep", "share of the predicted pieces that stay", config::range(0.0, 1.0)}, c.keep);
  visit(Field{"random", "share of the predicted pieces that become a random id of the vocabulary (of symbols: never a special piece or the separator)", config::range(0.0, 1.0)}, c.random);
}

/// A sequence to be predicted.
struct MaskedSequence {
  std::vector<int32_t> positions;  ///< rising
  std::vector<int32_t> targets;    ///< the ids that were there
};

/// Number of pieces to predict in a sequence: min(max_predictions, max(1, round(length * probability))), half to even.
int64_t masking_budget(const MaskingConfig& config, int64_t length);

/// Draws masks. Immutable, so one serves all threads.
class Masker {
 public:
  /// Throws ConfigError when the shares do not add up to 1. Copies what it needs of `vocabulary`.
  Masker(const MaskingConfig& config, const Vocabulary& vocabulary);

  /// Masks `ids` in place. Pieces equal to a special id ([CLS], [SEP], [MASK], padding) or that separate words are never predicted, and
  /// no word crosses one.
  ///
  /// A unit is a word. Units are visited in random order; from each, n is drawn with p(n) ~ 1/n, and the n units that start
  /// there (fewer at the end of the sequence) are taken if they fit the budget, else n - 1, ... 1; a run that touches a predicted
  /// piece, or that does not fit even alone, is passed over. It ends when the budget is used up or no unit is left.
  /// `probability` is that of the options unless it is given.
  MaskedSequence mask(std::vector<int32_t>& ids, RandomStream& random, const std::optional<double>& probability = std::nullopt) const;

 private:
  [[nodiscard]] std::vector<int32_t> find_units(const std::vector<int32_t>& ids) const;
  [[nodiscard]] int64_t draw_length(RandomStream& random) const;
  [[nodiscard]] int32_t draw_input(int32_t id, RandomStream& random) const;

  MaskingConfig config_;
  int32_t mask_id_;
  std::vector<int32_t> replacements_;  // empty: all ids
  std::vector<WordRole> roles_;        // by id; special pieces separate
  std::vector<double> cumulative_;     // of p(n), n = 1 ... max_ngram
};

}  // namespace albert
