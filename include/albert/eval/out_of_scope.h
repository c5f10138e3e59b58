// The two numbers of intent classification with queries that belong to no intent.
#pragma once

#include <albert/eval/classification.h>

#include <cstdint>

namespace albert {

/// Larson et al. 2019, "An evaluation dataset for intent classification and out-of-scope prediction" (CLINC150): accuracy over
/// the in-scope queries alone, where the answer "out of scope" is wrong, and recall over the out-of-scope queries alone. Each is
/// an AccuracyCounts: NaN without such queries, and with an interval.
class OutOfScopeCounts {
 public:
  explicit OutOfScopeCounts(int64_t out_of_scope_label) : out_of_scope_label_(out_of_scope_label) {}

  void add(int64_t predicted, int64_t expected) {
    (expected == out_of_scope_label_ ? out_of_scope_ : in_scope_).add(predicted, expected);
  }

  [[nodiscard]] double in_scope_accuracy() const { return in_scope_.accuracy(); }
  [[nodiscard]] double out_of_scope_recall() const { return out_of_scope_.accuracy(); }
  [[nodiscard]] const AccuracyCounts& in_scope() const { return in_scope_; }
  [[nodiscard]] const AccuracyCounts& out_of_scope() const { return out_of_scope_; }

 private:
  int64_t out_of_scope_label_;
  AccuracyCounts in_scope_;
  AccuracyCounts out_of_scope_;
};

}  // namespace albert
