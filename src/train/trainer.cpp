#include "train/divergence.h"
#include "train/metric_sums.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/optim/gradient_clipping.h>
#include <albert/train/peak_memory.h>
#include <albert/train/trainer.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace albert {
namespace {

double seconds_between(std::chrono::steady_clock::time_point start, std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

/// The average in place of the weights while it lives.
class SwappedWeights {
 public:
  SwappedWeights(WeightAverage& average, StepProgram& program) : average_(average), program_(program) { swap(); }
  SwappedWeights(const SwappedWeights&) = delete;
  SwappedWeights& operator=(const SwappedWeights&) = delete;
  ~SwappedWeights() { swap(); }

 private:
  void swap() {
    average_.swap();
    program_.parameters_changed();
  }

  WeightAverage& average_;
  StepProgram& program_;
};

}  // namespace

Trainer::Trainer(TrainerOptions options, Parts parts) : options_(std::move(options)), parts_(parts) {
  ALBERT_CHECK(options_.plan.log_every > 0 && options_.plan.save_every > 0, "an interval of {} or {} steps",
               options_.plan.log_every, options_.plan.save_every);
}

RunSummary Trainer::run(const ResumeRequest& resume) {
  start_ = Clock::now();
  restore(resume);
  const int64_t first = state_.step;
  const bool nothing_to_do = complete();
  if (!nothing_to_do || !parts_.checkpointer.is_newest(state_.step)) begin_session();
  evaluate_if_due();  // what a stop had left out
  while (!finished() && !stop_requested()) {
    if (!advance()) continue;
    publish_if_due();
    evaluate_if_due();
    save_if_due();
  }
  if (!parts_.checkpointer.wait()) dirty_ = true;
  if (dirty_) save(Checkpointer::Importance::final);
  parts_.checkpointer.make_up(state_);
  forget_lost_results();
  summary_.outcome = nothing_to_do ? RunOutcome::already_finished : complete() ? RunOutcome::finished : RunOutcome::stopped;
  summary_.steps = state_.step;
  summary_.session_steps = state_.step - first;
  summary_.session_seconds = seconds_between(start_, Clock::now());
  return summary_;
}

bool Trainer::complete() const {
  return finished() && (options_.plan.evaluate_every == 0 || state_.evaluated_step == state_.step || state_.step == 0);
}

bool Trainer::stop_requested() const { return parts_.world.size() > 1 ? stop_agreed_ : parts_.stop.requested(); }

/// Fills the gradients of the loaded step and its metrics, the norm before clipping among them.
void Trainer::backward(StepReport& report) {
  const double scale = options_.loss_scaling ? state_.loss_scale.factor : 1.0;
  parts_.optimizer.zero_gradients();
  MetricSums sums;
  for (int64_t i = 0; i < parts_.program.num_micro_batches(); ++i) {
    const MicroBatchLoss micro = parts_.program.loss(i, state_.step, report.totals);
    (scale == 1.0 ? micro.loss : micro.loss * scale).backward();
    sums.add(micro);
  }
  at::Tensor gradients = parts_.optimizer.flat_gradients();
  parts_.world.sum_gradients(gradients);
  if (scale != 1.0) gradients.mul_(1.0 / scale);
  const double no_limit = std::numeric_limits<double>::infinity();
  const double norm = clip_gradients(gradients, options_.gradient_clip > 0 ? options_.gradient_clip : no_limit);
  report.metrics = sums.read(parts_.world, parts_.stop.requested(), stop_agreed_);
  report.metrics["gradient_norm"] = norm;
}

Trainer::StepReport Trainer::train_step() {
  const auto start = Clock::now();
  StepReport report;
  report.totals = sum_over_ranks(parts_.program.load_step(state_.step));
  backward(report);
  report.overflow = options_.loss_scaling && is_overflow(report);
  if (!report.overflow) report.trouble = find_trouble(report);
  if (report.trouble.empty() && !report.overflow) {
    parts_.optimizer.step(parts_.schedule.learning_rate(state_.step));
    if (parts_.average != nullptr) parts_.average->update();
    parts_.program.parameters_changed();
  }
  report.seconds = seconds_between(start, Clock::now());
  return report;
}

bool Trainer::is_overflow(const StepReport& report) {
  LossScale scale(state_.loss_scale);
  if (std::isfinite(report.metrics.at("gradient_norm"))) {
    scale.accept();
    return false;
  }
  const bool losses_are_finite =
      std::all_of(report.metrics.begin(), report.metrics.end(), [](const auto& metric) { return !is_loss(metric.first) || std::isfinite(metric.second); });
  return losses_are_finite && scale.lower();
}

StepTotals Trainer::sum_over_ranks(StepTotals totals) {
  if (parts_.world.size() == 1) return totals;
  std::vector<int64_t> values{totals.sequences, totals.tokens};
  for (const auto& [name, count] : totals.targets) values.push_back(count);
  parts_.world.sum(values);
  totals.sequences = values[0];
  totals.tokens = values[1];
  size_t next = 2;
  for (auto& [name, count] : totals.targets) count = values[next++];
  return totals;
}

void Trainer::account(const StepReport& report) {
  state_.tokens += report.totals.tokens;
  ++state_.interval.steps;
  state_.interval.tokens += report.totals.tokens;
  state_.interval.flops += parts_.program.flops(report.totals);
  for (const auto& [name, value] : report.metrics) state_.interval.metrics[name] += value;
  state_.divergence.skips_in_a_row = 0;
  if (options_.on_divergence != OnDivergence::stop) SpikeWatch(options_.divergence, state_.divergence).accept(report.metrics.at("gradient_norm"));
  count_time(report);
}

void Trainer::count_time(const StepReport& report) {
  ++state_.step;
  state_.cursor = parts_.program.cursor();
  state_.interval.seconds += report.seconds;
  state_.interval.waiting_seconds += parts_.program.waiting_seconds();
  summary_.waiting_seconds += parts_.program.waiting_seconds();
  summary_.step_seconds += report.seconds;
  time_left_.add_step(report.seconds);
  dirty_ = true;
  parts_.progress.show(progress_report());
}

void Trainer::publish_if_due() {
  if (state_.step % options_.plan.log_every != 0 && !finished()) return;
  const IntervalSums& interval = state_.interval;
  if (interval.steps == 0) return;  // all were skipped: there is nothing to tell the mean of
  const auto mean = [&](double sum) { return sum / static_cast<double>(interval.steps); };
  const double rate = static_cast<double>(interval.tokens) / interval.seconds;
  const double speed = interval.flops / interval.seconds / static_cast<double>(parts_.world.size());  // of one device
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  MetricsRecord record{{"split", "train"},
                       {"step", state_.step},
                       {"epoch", parts_.program.epochs()},
                       {"examples", state_.cursor.examples},
                       {"tokens", state_.tokens},
                       {"loss", mean(interval.metrics.at("loss"))}};
  for (const bool losses : {true, false}) {
    for (const auto& [name, sum] : interval.metrics) {
      if (name != "loss" && name != "gradient_norm" && is_loss(name) == losses) record.emplace_back(name, mean(sum));
    }
  }
  record.insert(record.end(), {{"gradient_norm", mean(interval.metrics.at("gradient_norm"))},
                               {"learning_rate", parts_.schedule.learning_rate(state_.step - 1)},
                               {"tokens_per_second", rate},
                               {"waiting_share", interval.seconds > 0 ? interval.waiting_seconds / interval.seconds : 0},
                               {"mfu", options_.matmul_flops_per_second > 0 ? speed / options_.matmul_flops_per_second : unknown},
                               {"seconds", seconds_before_ + seconds_between(start_, Clock::now())},
                               {"peak_memory_bytes", peak_memory_bytes(parts_.optimizer.flat_parameters().device())}});
  if (options_.on_divergence == OnDivergence::skip) record.emplace_back("skipped_steps", state_.divergence.skipped_steps);
  if (options_.loss_scaling) record.insert(record.end(), {{"loss_scale", state_.loss_scale.factor}, {"overflows", state_.loss_scale.overflows}});
  parts_.sink.write(record);
  shown_loss_ = mean(interval.metrics.at("loss"));
  shown_rate_ = rate;
  state_.interval = {};
  parts_.progress.show_logged(progress_report());
}

EvaluationReport Trainer::evaluate() {
  if (parts_.average == nullptr || !options_.evaluate_average) return parts_.program.evaluate();
  const SwappedWeights averaged(*parts_.average, parts_.program);
  return parts_.program.evaluate();
}

void Trainer::evaluate_if_due() {
  const int64_t every = options_.plan.evaluate_every;
  const bool due = every > 0 && state_.step > 0 && (state_.step % every == 0 || finished());
  // A stop does not wait for an evaluation: the next session makes up for it.
  if (!due || state_.evaluated_step == state_.step || stop_requested()) return;
  const auto start = Clock::now();
  summary_.validation = evaluate();
  MetricsRecord record{{"split", "validation"}, {"step", state_.step}, {"loss", summary_.validation.at("loss")}};
  std::string text;
  for (const auto& [name, value] : summary_.validation) {
    if (name != "loss") record.emplace_back(name, value);
    text += fmt::format(", {} {}", name, number_text(value));
  }
  parts_.sink.write(record);
  state_.evaluated_step = state_.step;
  const auto result = summary_.validation.find(options_.best.name);
  if (result == summary_.validation.end()) {
    throw ConfigError(fmt::format("evaluation.metric: must be a result of the evaluation{}, got '{}'", text, options_.best.name));
  }
  rank_result(result->second);
  if (out_of_patience() && parts_.world.is_first()) {
    parts_.progress.make_room();
    spdlog::info("early stop: no better {} in {} evaluations", options_.best.name, state_.evaluations_since_best);
  }
  dirty_ = true;
  time_left_.add_evaluation(seconds_between(start, Clock::now()));
  if (!parts_.world.is_first()) return;
  parts_.progress.make_room();
  spdlog::info("validation at step {}{}", state_.step, text);
}

void Trainer::rank_result(double value) {
  const bool lower = options_.best.direction == BestMetric::Direction::lower;
  const auto worse = std::find_if(state_.best.begin(), state_.best.end(), [&](const RankedResult& result) {
    return lower ? value < result.value : value > result.value;
  });
  const auto places = static_cast<size_t>(std::max<int64_t>(1, parts_.checkpointer.keep_best()));
  const auto place = static_cast<size_t>(worse - state_.best.begin());
  const bool ranked = !std::isnan(value) && place < places;
  state_.evaluations_since_best = ranked && place == 0 ? 0 : state_.evaluations_since_best + 1;
  if (!ranked) return;
  state_.best.insert(worse, {.step = state_.step, .value = value});
  if (state_.best.size() > places) state_.best.pop_back();
  save_ranked_ = parts_.checkpointer.keep_best() > 0;
}

void Trainer::save_if_due() {
  if (!dirty_ || (state_.step % options_.plan.save_every != 0 && !save_ranked_)) return;
  save(Checkpointer::Importance::regular);
}

void Trainer::save(Checkpointer::Importance importance) {
  const auto start = Clock::now();
  parts_.progress.make_room();
  parts_.sink.sync();
  state_.metrics_bytes = parts_.sink.size_bytes();
  state_.seconds = seconds_before_ + seconds_between(start_, start);
  save_ranked_ = false;  // where this fails, the checkpointer keeps a copy to make up for it
  if (!parts_.checkpointer.save(state_, importance)) return;
  dirty_ = false;
  const double seconds = seconds_between(start, Clock::now());
  time_left_.add_save(seconds);
  if (!parts_.world.is_first()) return;
  spdlog::info("{} the checkpoint of step {} in {:.1f} s", parts_.checkpointer.is_writing() ? "copied" : "saved", state_.step, seconds);
}

ProgressReport Trainer::progress_report() const {
  const StepPlan& plan = options_.plan;
  const WorkLeft left{.steps = plan.total_steps - state_.step,
                      .evaluations = events_left(state_.step, plan.total_steps, plan.evaluate_every),
                      .saves = events_left(state_.step, plan.total_steps, plan.save_every)};
  return {.step = state_.step,
          .total_steps = plan.total_steps,
          .loss = shown_loss_,
          .tokens_per_second = shown_rate_,
          .seconds_left = time_left_.seconds(left)};
}

}  // namespace albert
