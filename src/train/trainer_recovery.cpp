// What the Trainer does with a step that must not be learned from.
#include "train/divergence.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/data/example_ranges.h>
#include <albert/train/trainer.h>

#include <algorithm>
#include <cmath>

namespace albert {
namespace {

std::string list_examples(const std::vector<std::string>& examples) {
  constexpr size_t kNamed = 3;
  const size_t named = std::min(kNamed, examples.size());
  std::string text = fmt::format("{}", fmt::join(examples.begin(), examples.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  return examples.size() > named ? fmt::format("{} and {} more", text, examples.size() - named) : text;
}

}  // namespace

/// One step, whatever comes of it. False where the run went back to a checkpoint.
bool Trainer::advance() {
  const StepReport report = train_step();
  if (report.overflow) {
    count_time(report);
    return true;
  }
  if (report.trouble.empty()) {
    account(report);
    return true;
  }
  switch (options_.on_divergence) {
    case OnDivergence::stop: fail(report, "the update was not made");
    case OnDivergence::skip: skip(report); return true;
    case OnDivergence::rewind: rewind(report); return false;
  }
  return true;
}

std::string Trainer::find_trouble(StepReport& report) {
  std::string text = describe_non_finite(report.metrics, parts_.optimizer);
  if (text.empty()) {
    if (options_.on_divergence == OnDivergence::stop) return {};
    return SpikeWatch(options_.divergence, state_.divergence).describe_spike(report.metrics.at("gradient_norm"));
  }
  std::vector<std::string> where;
  if (const auto names = describe_bad_parameters(parts_.optimizer); !names.empty()) where.push_back("not finite itself: " + names);
  report.place = parts_.program.find_non_finite(state_.step, report.totals);
  if (!report.place.layer.empty()) where.push_back(report.place.layer);
  if (!report.place.examples.empty()) where.push_back(list_examples(report.place.examples));
  return where.empty() ? text : fmt::format("{} ({})", text, fmt::join(where, "; "));
}

MetricsRecord Trainer::trouble_record(const StepReport& report, const std::string& split) const {
  MetricsRecord record{{"split", split}, {"step", state_.step + 1}, {"reason", report.trouble}};
  if (!report.place.layer.empty()) record.emplace_back("layer", report.place.layer);
  if (!report.place.examples.empty()) record.emplace_back("bad_examples", list_examples(report.place.examples));
  record.insert(record.end(), {{"first_example", state_.cursor.examples}, {"end_example", parts_.program.cursor().examples}});
  record.insert(record.end(), report.metrics.begin(), report.metrics.end());
  return record;
}

void Trainer::fail(const StepReport& report, const std::string& what_was_done) {
  parts_.sink.write(trouble_record(report, "train"));
  parts_.progress.make_room();
  throw NumericError(
      fmt::format("step {}: {}; {}, try a lower optimizer.learning_rate, a {}training.gradient_clip or training.precision: fp32",
                  state_.step + 1, report.trouble, what_was_done, options_.gradient_clip > 0 ? "lower " : ""));
}

void Trainer::skip(const StepReport& report) {
  const int64_t limit = options_.divergence.max_skips;
  if (state_.divergence.skips_in_a_row >= limit) {
    fail(report, fmt::format("{} updates in a row were left out already, the most that training.divergence.max_skips allows", limit));
  }
  ++state_.divergence.skips_in_a_row;
  ++state_.divergence.skipped_steps;
  auto record = trouble_record(report, "divergence");
  record.insert(record.end(), {{"action", "skip"}, {"skips_in_a_row", state_.divergence.skips_in_a_row}});
  parts_.sink.write(record);
  if (parts_.world.is_first()) {
    parts_.progress.make_room();
    spdlog::warn("step {}: {}; its update is left out, {} of at most {} in a row", state_.step + 1, report.trouble, state_.divergence.skips_in_a_row, limit);
  }
  count_time(report);
}

void Trainer::rewind(const StepReport& report) {
  const int64_t limit = options_.divergence.max_rewinds;
  const TrainingState before = state_;
  if (before.divergence.rewinds >= limit) {
    fail(report, fmt::format("the run went back {} times already, the most that training.divergence.max_rewinds allows", limit));
  }
  auto record = trouble_record(report, "divergence");
  auto passed_over = before.cursor.passed_over;
  pass_over(passed_over, {.first = before.cursor.examples, .end = parts_.program.cursor().examples});
  state_ = parts_.checkpointer.restore_last();
  state_.cursor.passed_over = std::move(passed_over);
  state_.divergence.rewinds = before.divergence.rewinds + 1;
  state_.loss_scale = before.loss_scale;
  state_.intra_op_threads = before.intra_op_threads;
  state_.ranks = before.ranks;
  parts_.program.restore(state_.cursor);
  parts_.program.parameters_changed();
  parts_.sink.begin(state_.metrics_bytes, state_.step);
  record.insert(record.end(), {{"action", "rewind"}, {"rewound_to", state_.step}, {"rewinds", state_.divergence.rewinds}});
  parts_.sink.write(record);
  dirty_ = true;  // a stop must not lose what is to be passed over
  save_ranked_ = false;
  if (!parts_.world.is_first()) return;
  parts_.progress.make_room();
  spdlog::warn("step {}: {}; back to step {} and past these examples, {} of at most {} times", before.step + 1, report.trouble, state_.step,
               state_.divergence.rewinds, limit);
}

}  // namespace albert
