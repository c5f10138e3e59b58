#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/eval/multilabel.h>

#include <algorithm>

namespace albert {

MultilabelCounts::MultilabelCounts(int64_t num_labels) {
  ALBERT_CHECK(num_labels > 0, "scores over {} labels", num_labels);
  labels_.resize(static_cast<size_t>(num_labels));
}

void MultilabelCounts::add(std::span<const uint8_t> predicted, std::span<const uint8_t> expected) {
  ALBERT_CHECK(predicted.size() == labels_.size() && expected.size() == labels_.size(), "rows of {} and {} values for {} labels",
               predicted.size(), expected.size(), labels_.size());
  for (size_t label = 0; label < labels_.size(); ++label) {
    ALBERT_CHECK(predicted[label] <= 1 && expected[label] <= 1, "values {} and {}", predicted[label], expected[label]);
    labels_[label].predicted += predicted[label];
    labels_[label].expected += expected[label];
    labels_[label].both += predicted[label] * expected[label];
  }
  ++total_;
  if (std::ranges::equal(predicted, expected)) ++exact_;
}

const MultilabelCounts::Counts& MultilabelCounts::at(int64_t label) const {
  ALBERT_CHECK(label >= 0 && label < num_labels(), "label {} of {}", label, num_labels());
  return labels_[static_cast<size_t>(label)];
}

double MultilabelCounts::exact_match() const { return score_of(total_, ratio_or_zero(exact_, total_)); }

double MultilabelCounts::precision(int64_t label) const {
  return score_of(total_, ratio_or_zero(at(label).both, at(label).predicted));
}

double MultilabelCounts::recall(int64_t label) const {
  return score_of(total_, ratio_or_zero(at(label).both, at(label).expected));
}

double MultilabelCounts::f1(int64_t label) const {
  return score_of(total_, f1_of_counts(at(label).both, at(label).expected, at(label).predicted));
}

double MultilabelCounts::micro_f1() const {
  if (total_ == 0) return kUndefined;
  Counts sum;
  for (const Counts& label : labels_) {
    sum.both += label.both;
    sum.expected += label.expected;
    sum.predicted += label.predicted;
  }
  return f1_of_counts(sum.both, sum.expected, sum.predicted);
}

double MultilabelCounts::macro_f1() const {
  double sum = 0;
  for (int64_t label = 0; label < num_labels(); ++label) sum += f1(label);
  return sum / static_cast<double>(num_labels());
}

}  // namespace albert
