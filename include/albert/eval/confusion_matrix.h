// Counts of expected against predicted classes, and every score of single-label classification that follows from them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace albert {

/// num_classes x num_classes counts (8 bytes each), classes numbered from 0. All scores equal scikit-learn's with zero_division =
/// 0: a ratio without a denominator is 0. Without any example they are NaN, as AccuracyCounts.
///
///   ConfusionMatrix matrix(num_labels);
///   for (...) matrix.add(predicted, expected);
///   matrix.matthews();
class ConfusionMatrix {
 public:
  /// Throws InternalError unless num_classes is positive.
  explicit ConfusionMatrix(int64_t num_classes);

  /// Throws InternalError when a class is not in [0, num_classes).
  void add(int64_t predicted, int64_t expected);

  [[nodiscard]] int64_t num_classes() const { return num_classes_; }
  [[nodiscard]] int64_t total() const { return total_; }
  [[nodiscard]] int64_t correct() const { return correct_; }
  [[nodiscard]] int64_t count(int64_t expected, int64_t predicted) const;
  /// The row of an expected class: how often each class was predicted for it [num_classes].
  [[nodiscard]] std::span<const int64_t> row(int64_t expected) const;
  /// Examples that have, or were given, a class.
  [[nodiscard]] int64_t num_expected(int64_t label) const;
  [[nodiscard]] int64_t num_predicted(int64_t label) const;

  [[nodiscard]] double accuracy() const;
  [[nodiscard]] double precision(int64_t label) const;
  [[nodiscard]] double recall(int64_t label) const;
  /// 2 TP / (expected + predicted). GLUE's F1 of MRPC and QQP is f1(1).
  [[nodiscard]] double f1(int64_t label) const;

  /// Mean of f1 over the classes that occur among the expected or the predicted ones; other classes are no part of it
  /// (scikit-learn's default `labels=None`).
  [[nodiscard]] double macro_f1() const;
  /// From the counts summed over classes; with one label for each example it is the accuracy.
  [[nodiscard]] double micro_f1() const { return accuracy(); }
  /// Mean of f1 weighted by the number of expected examples of each class.
  [[nodiscard]] double weighted_f1() const;

  /// Matthews correlation for any number of classes (Gorodkin 2004, "Comparing two K-category assignments by a K-category
  /// correlation coefficient", as in scikit-learn). 0 where it is undefined: one class only among the expected or the predicted
  /// ones.
  [[nodiscard]] double matthews() const;

 private:
  void check_label(int64_t label) const;

  int64_t num_classes_;
  int64_t total_ = 0;
  int64_t correct_ = 0;
  std::vector<int64_t> counts_;  // [expected, predicted]
  std::vector<int64_t> expected_;
  std::vector<int64_t> predicted_;
};

}  // namespace albert
