// Scores where an example may have any number of labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace albert {

/// Counts over rows of zeros and ones, one column per label. Scores equal scikit-learn's for indicator matrices with
/// zero_division = 0: a ratio without a denominator is 0, and the macro mean is over all columns, also those that never occur.
/// Without any example they are NaN.
class MultilabelCounts {
 public:
  /// Throws InternalError unless num_labels is positive.
  explicit MultilabelCounts(int64_t num_labels);

  /// One example: two rows [num_labels] of zeros and ones. Throws InternalError for another length or value.
  void add(std::span<const uint8_t> predicted, std::span<const uint8_t> expected);

  [[nodiscard]] int64_t num_labels() const { return static_cast<int64_t>(labels_.size()); }
  [[nodiscard]] int64_t total() const { return total_; }

  /// Share of the examples whose whole row is right (subset accuracy).
  [[nodiscard]] double exact_match() const;
  [[nodiscard]] double precision(int64_t label) const;
  [[nodiscard]] double recall(int64_t label) const;
  [[nodiscard]] double f1(int64_t label) const;
  /// From the counts summed over the labels.
  [[nodiscard]] double micro_f1() const;
  /// Mean of f1 over all labels.
  [[nodiscard]] double macro_f1() const;

 private:
  struct Counts {
    int64_t both = 0;
    int64_t expected = 0;
    int64_t predicted = 0;
  };
  [[nodiscard]] const Counts& at(int64_t label) const;

  int64_t total_ = 0;
  int64_t exact_ = 0;
  std::vector<Counts> labels_;
};

}  // namespace albert
