// The learning rate as a pure function of the number of finished steps: nothing to save, nothing to restore.
//
//   const Schedule schedule(config.schedule, config.optimizer.learning_rate, {.total_steps = 10000});
//   optimizer.step(schedule.learning_rate(finished_steps));
#pragma once

#include <albert/base/duration.h>
#include <albert/config/fields.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace albert {

enum class ScheduleName { linear, polynomial, cosine, constant };
constexpr auto enum_names(config::EnumTag<ScheduleName>) {
  return config::names<ScheduleName>({{ScheduleName::linear, "linear"},
                                      {ScheduleName::polynomial, "polynomial"},
                                      {ScheduleName::cosine, "cosine"},
                                      {ScheduleName::constant, "constant"}});
}

/// Where the decay begins to count. start: at step 0, as Google's code does, so that the rate falls from its peak to
/// 1 - warmup / total of it at the end of the warm-up. warmup_end: after the warm-up, as Hugging Face's schedulers do.
enum class DecayFrom { start, warmup_end };
constexpr auto enum_names(config::EnumTag<DecayFrom>) {
  return config::names<DecayFrom>({{DecayFrom::start, "start"}, {DecayFrom::warmup_end, "warmup_end"}});
}

struct ScheduleConfig {
  ScheduleName name = ScheduleName::linear;
  Duration warmup{0, DurationUnit::steps};
  DecayFrom decay_from = DecayFrom::start;
  double end_learning_rate = 0.0;
  double power = 1.0;
  std::optional<int64_t> scale_with_batch{};

  bool operator==(const ScheduleConfig&) const = default;
};

template <config::Self<ScheduleConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "shape of the decay: linear, polynomial (see power), cosine or constant"}, c.name);
  visit(config::Field{"warmup", "rise of the learning rate from 0 to its peak: steps, epochs, tokens or % of the run"}, c.warmup);
  visit(config::Field{"decay_from", "where the decay begins to count: start (Google) or warmup_end (Hugging Face)"},
        c.decay_from);
  visit(config::Field{"end_learning_rate", "learning rate at the end of the run", config::at_least(0)}, c.end_learning_rate);
  visit(config::Field{"power", "exponent of the polynomial decay", config::more_than(0)}, c.power);
  visit(config::Field{"scale_with_batch",
                      "sequences a step that the learning rates are meant for (ALBERT: 4096); they are multiplied by sqrt(batch_size / this), and a "
                      "warm-up in %, epochs or tokens by batch_size / this; null: taken as they are",
                      config::at_least(1)},
        c.scale_with_batch);
}

/// From which step on the steps have this many sequences.
struct BatchSizeChange {
  int64_t first_step = 0;
  int64_t batch_size = 0;
};

/// With t finished steps of T, warm-up of W steps and peak p: p t / W for t < W; then e + (p - e) f(x), where e is the end's
/// rate, x = t / T (start) or (t - W) / (T - W) (warmup_end), at most 1, and f(x) = 1 - x, (1 - x)^power, (1 + cos(pi x)) / 2
/// or 1. The first update of a run with warm-up has rate 0, as Google's has (albert_facts 6.2).
///
/// With scale_with_batch B0 all of it is multiplied by sqrt(B / B0), B the sequences of the step. The table of the LAMB paper (You et
/// al. 2019, BERT from 512 to 32,768 sequences): rate 5e-3 / sqrt(32768 / B) and warm-up ratio B / 163,840, which leaves 3,125 steps of
/// warm-up whatever B is. So a warm-up in steps stays as it is, and one in other units is multiplied by B / B0, B that of step 0.
class Schedule {
 public:
  /// `scale.total_steps` must be known. Throws ConfigError that names schedule.warmup where the warm-up is longer than the run or
  /// its unit cannot be turned into steps, and schedule.end_learning_rate where the end is above the peak. `batch_sizes` is read with
  /// scale_with_batch only; it begins at step 0 and rises.
  Schedule(const ScheduleConfig& config, double peak_learning_rate, const DurationScale& scale, std::vector<BatchSizeChange> batch_sizes = {});

  [[nodiscard]] double learning_rate(int64_t finished_steps) const;
  [[nodiscard]] int64_t warmup_steps() const { return warmup_steps_; }
  [[nodiscard]] int64_t total_steps() const { return total_steps_; }

 private:
  [[nodiscard]] double batch_factor(int64_t finished_steps) const;

  ScheduleConfig config_;
  double peak_;
  std::vector<BatchSizeChange> batch_sizes_;
  int64_t total_steps_;
  int64_t warmup_steps_;
};

}  // namespace albert
