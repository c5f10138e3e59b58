#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/eval/confusion_matrix.h>

#include <cmath>

namespace albert {

ConfusionMatrix::ConfusionMatrix(int64_t num_classes) : num_classes_(num_classes) {
  ALBERT_CHECK(num_classes > 0, "a confusion matrix of {} classes", num_classes);
  const auto size = static_cast<size_t>(num_classes);
  counts_.assign(size * size, 0);
  expected_.assign(size, 0);
  predicted_.assign(size, 0);
}

void ConfusionMatrix::check_label(int64_t label) const {
  ALBERT_CHECK(label >= 0 && label < num_classes_, "class {} of {}", label, num_classes_);
}

void ConfusionMatrix::add(int64_t predicted, int64_t expected) {
  check_label(predicted);
  check_label(expected);
  ++counts_[static_cast<size_t>(expected * num_classes_ + predicted)];
  ++expected_[static_cast<size_t>(expected)];
  ++predicted_[static_cast<size_t>(predicted)];
  ++total_;
  if (predicted == expected) ++correct_;
}

int64_t ConfusionMatrix::count(int64_t expected, int64_t predicted) const {
  check_label(predicted);
  return row(expected)[static_cast<size_t>(predicted)];
}

std::span<const int64_t> ConfusionMatrix::row(int64_t expected) const {
  check_label(expected);
  return std::span(counts_).subspan(static_cast<size_t>(expected * num_classes_), static_cast<size_t>(num_classes_));
}

int64_t ConfusionMatrix::num_expected(int64_t label) const {
  check_label(label);
  return expected_[static_cast<size_t>(label)];
}

int64_t ConfusionMatrix::num_predicted(int64_t label) const {
  check_label(label);
  return predicted_[static_cast<size_t>(label)];
}

double ConfusionMatrix::accuracy() const { return score_of(total_, ratio_or_zero(correct_, total_)); }

double ConfusionMatrix::precision(int64_t label) const {
  return score_of(total_, ratio_or_zero(count(label, label), num_predicted(label)));
}

double ConfusionMatrix::recall(int64_t label) const {
  return score_of(total_, ratio_or_zero(count(label, label), num_expected(label)));
}

double ConfusionMatrix::f1(int64_t label) const {
  return score_of(total_, f1_of_counts(count(label, label), num_expected(label), num_predicted(label)));
}

double ConfusionMatrix::macro_f1() const {
  double sum = 0;
  int64_t num_present = 0;
  for (int64_t label = 0; label < num_classes_; ++label) {
    if (num_expected(label) + num_predicted(label) == 0) continue;
    sum += f1(label);
    ++num_present;
  }
  return num_present == 0 ? kUndefined : sum / static_cast<double>(num_present);
}

double ConfusionMatrix::weighted_f1() const {
  double sum = 0;
  for (int64_t label = 0; label < num_classes_; ++label) {
    if (num_expected(label) > 0) sum += f1(label) * static_cast<double>(num_expected(label));
  }
  return score_of(total_, sum / static_cast<double>(total_));
}

double ConfusionMatrix::matthews() const {
  if (total_ == 0) return kUndefined;
  const auto examples = static_cast<double>(total_);
  double expected_by_predicted = 0;
  double expected_squared = 0;
  double predicted_squared = 0;
  for (size_t label = 0; label < expected_.size(); ++label) {
    const auto expected = static_cast<double>(expected_[label]);
    const auto predicted = static_cast<double>(predicted_[label]);
    expected_by_predicted += expected * predicted;
    expected_squared += expected * expected;
    predicted_squared += predicted * predicted;
  }
  const double covariance = static_cast<double>(correct_) * examples - expected_by_predicted;
  const double expected_variance = examples * examples - expected_squared;
  const double predicted_variance = examples * examples - predicted_squared;
  if (expected_variance == 0 || predicted_variance == 0) return 0;
  return covariance / std::sqrt(expected_variance * predicted_variance);
}

}  // namespace albert
