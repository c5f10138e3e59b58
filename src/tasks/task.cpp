#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/eval/bootstrap.h>
#include <albert/tasks/task.h>

#include <numeric>

namespace albert {

int64_t TaskInstance::num_tokens() const {
  int64_t count = 0;
  for (const auto& sequence : sequences) count += static_cast<int64_t>(sequence.ids.size());
  return count;
}

void require_every_row(const SkippedRows& skipped, SetRole role, const std::filesystem::path& file) {
  if (role != SetRole::prediction || skipped.count == 0) return;
  throw DataError(fmt::format("{}: every row of a file to predict must be readable (invalid_rows: skip would leave out predictions), got {} that "
                              "{} not; the first: {}", file.string(), skipped.count, skipped.count == 1 ? "is" : "are", skipped.first.front()));
}

MetricMap TaskAnswers::measure_all() const {
  std::vector<int64_t> all(static_cast<size_t>(num_examples()));
  std::iota(all.begin(), all.end(), int64_t{0});
  return measure(all);
}

Interval metric_interval(const TaskAnswers& answers, const std::string& metric, uint64_t seed) {
  return bootstrap_interval(
      answers.num_examples(), [&](std::span<const int64_t> examples) { return answers.measure(examples).at(metric); },
      {.samples = 1000, .seed = seed, .level = 0.95});
}

std::vector<int64_t> TaskSet::learnable() const {
  std::vector<int64_t> indices;
  for (size_t i = 0; i < instances_.size(); ++i) {
    if (!instances_[i].labels.empty() || !instances_[i].values.empty()) indices.push_back(static_cast<int64_t>(i));
  }
  return indices;
}

}  // namespace albert
