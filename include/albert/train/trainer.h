// The training loop. It knows steps, not ALBERT: a StepProgram supplies losses, everything else is passed in.
//
//   Trainer trainer(options, {program, optimizer, schedule, world, checkpointer, sink, progress, stop});
//   const RunSummary summary = trainer.run(resume);
#pragma once

#include <albert/dist/world.h>
#include <albert/optim/optimizer.h>
#include <albert/optim/schedule.h>
#include <albert/optim/weight_average.h>
#include <albert/train/checkpointing.h>
#include <albert/train/metrics_sink.h>
#include <albert/train/progress.h>
#include <albert/train/step_program.h>
#include <albert/train/stop_signal.h>
#include <albert/train/training_config.h>
#include <albert/train/training_state.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace albert {

/// Which evaluation result is "best".
struct BestMetric {
  std::string name = "loss";
  enum class Direction { lower, higher };
  Direction direction = Direction::lower;
};

struct TrainerOptions {
  StepPlan plan;
  double gradient_clip = 1.0;  ///< 0: off
  int64_t seed = 0;            ///< stands in the state; the program draws its own random numbers
  BestMetric best;
  bool evaluate_average = false;  ///< evaluations are of Parts::average
  OnDivergence on_divergence = OnDivergence::stop;
  DivergenceConfig divergence{};
  int64_t patience = 0;                ///< evaluations without a better result after which the run ends; 0: never
  bool loss_scaling = false;  ///< for fp16 (loss_scale.h)
  double matmul_flops_per_second = 0;  ///< measure_matmul_rate(), for mfu; mfu is null when 0
  /// Called once, when earlier work is restored and the session goes on from it: nothing of the run's folder is replaced before. Not called
  /// for a run that is finished already.
  std::function<void()> on_start{};
};

enum class RunOutcome {
  finished,          ///< all steps, or early for want of a better result
  stopped,           ///< on request, and saved: exit code 75
  already_finished,  ///< nothing was left to do
};

struct RunSummary {
  RunOutcome outcome = RunOutcome::finished;
  int64_t steps = 0;          ///< finished since the start of the run
  int64_t session_steps = 0;  ///< of these, in this session
  double session_seconds = 0;
  double waiting_seconds = 0;   ///< of this session's steps, for data
  double step_seconds = 0;      ///< of this session, without evaluation and saving
  EvaluationReport validation;  ///< last one of this session; empty when there was none
  [[nodiscard]] double waiting_share() const { return step_seconds > 0 ? waiting_seconds / step_seconds : 0; }
};

/// Runs a StepProgram to the end of its plan, or until a stop is requested.
///
/// Numbers of metrics.jsonl are means over the steps since the previous line. They are kept on the host as fp64 sums and stand in
/// the checkpoint, so an interrupted and resumed run writes the same lines. Each step waits for the device once: the gradient
/// norm and the losses are read before the update, so that a number that is not finite stops the run with finite weights.
///
/// on_divergence skip and rewind: what is decided follows from numbers that are summed over the ranks and from the state, so that all ranks
/// decide alike, and a resumed run as the unbroken one. A skipped step counts as a step (its examples are consumed, the learning rate moves
/// on), but parameters, moments and means stay. A rewind restores the last checkpoint, cuts metrics.jsonl to it, and leaves the examples of
/// the step out from then on; a run that rewinds saves a checkpoint before its first step.
class Trainer {
 public:
  /// All must outlive the trainer.
  struct Parts {
    StepProgram& program;
    Optimizer& optimizer;
    const Schedule& schedule;
    World& world;
    Checkpointer& checkpointer;
    MetricsSink& sink;
    Progress& progress;
    const StopSignal& stop;
    WeightAverage* average = nullptr;  ///< follows the weights where it is given
  };
  Trainer(TrainerOptions options, Parts parts);

  /// Throws NumericError (before the update that would spoil the weights) naming the step and the loss part or the parameters;
  /// IoError and ConfigError as Checkpointer does.
  RunSummary run(const ResumeRequest& resume);

  [[nodiscard]] const TrainingState& state() const { return state_; }

 private:
  using Clock = std::chrono::steady_clock;
  /// What one step left behind, on the host, equal on all ranks.
  struct StepReport {
    StepTotals totals;
    std::map<std::string, double> metrics;
    double seconds = 0;
    std::string trouble;   ///< why the update was not made; empty: it was
    NonFinitePlace place;  ///< of the trouble
    bool overflow = false;  ///< the update was not made, because the loss was scaled too far for fp16: the next step is scaled less
  };

  void restore(const ResumeRequest& resume);
  void begin_session();
  void forget_lost_results();
  [[nodiscard]] bool complete() const;  ///< finished, with its last evaluation
  [[nodiscard]] bool finished() const { return state_.step >= options_.plan.total_steps || out_of_patience(); }
  [[nodiscard]] bool out_of_patience() const { return options_.patience > 0 && state_.evaluations_since_best >= options_.patience; }
  [[nodiscard]] bool stop_requested() const;
  bool advance();
  StepReport train_step();
  StepTotals sum_over_ranks(StepTotals totals);
  void backward(StepReport& report);
  [[nodiscard]] bool is_overflow(const StepReport& report);
  [[nodiscard]] std::string find_trouble(StepReport& report);
  [[noreturn]] void fail(const StepReport& report, const std::string& what_was_done);
  void skip(const StepReport& report);
  void rewind(const StepReport& report);
  [[nodiscard]] MetricsRecord trouble_record(const StepReport& report, const std::string& split) const;
  void account(const StepReport& report);
  void count_time(const StepReport& report);
  void publish_if_due();
  EvaluationReport evaluate();
  void evaluate_if_due();
  void rank_result(double value);
  void save_if_due();
  void save(Checkpointer::Importance importance);
  [[nodiscard]] ProgressReport progress_report() const;

  TrainerOptions options_;
  Parts parts_;
  TrainingState state_;
  bool stop_agreed_ = false;  ///< by all ranks, at the end of the last step
  bool dirty_ = false;        ///< something happened since the last checkpoint
  bool save_ranked_ = false;  ///< the last evaluation is among the best: to be saved
  RunSummary summary_;
  TimeLeft time_left_;
  std::optional<double> shown_loss_;
  std::optional<double> shown_rate_;
  double seconds_before_ = 0;  ///< of earlier sessions
  Clock::time_point start_;
};

}  // namespace albert
