// Options of the trainer: the sections `training`, `evaluation`, `checkpoint`, `logging` and `distributed` of the configuration.
#pragma once

#include <albert/base/duration.h>
#include <albert/config/fields.h>

#include <cstdint>
#include <optional>
#include <string>

namespace albert {

/// What the user asks for; `automatic` is resolved on the device (bf16 where the hardware multiplies it fast).
enum class PrecisionChoice { automatic, fp32, bf16, fp16 };
constexpr auto enum_names(config::EnumTag<PrecisionChoice>) {
  return config::names<PrecisionChoice>(
      {{PrecisionChoice::automatic, "auto"}, {PrecisionChoice::fp32, "fp32"}, {PrecisionChoice::bf16, "bf16"}, {PrecisionChoice::fp16, "fp16"}});
}

/// Transport between ranks; `automatic` is NCCL on GPUs and Gloo on CPUs.
enum class BackendChoice { automatic, nccl, gloo };
constexpr auto enum_names(config::EnumTag<BackendChoice>) {
  return config::names<BackendChoice>(
      {{BackendChoice::automatic, "auto"}, {BackendChoice::nccl, "nccl"}, {BackendChoice::gloo, "gloo"}});
}

/// What is done with a step whose loss or gradient is not finite, or whose gradient norm is a spike.
enum class OnDivergence {
  stop,    ///< not finite: the run ends with exit code 5 before the update; spikes are not watched for
  skip,    ///< the update is left out
  rewind,  ///< back to the last checkpoint, and past the examples of the step
};
constexpr auto enum_names(config::EnumTag<OnDivergence>) {
  return config::names<OnDivergence>({{OnDivergence::stop, "stop"}, {OnDivergence::skip, "skip"}, {OnDivergence::rewind, "rewind"}});
}

/// Section `training.divergence`: for `on_divergence: skip` and `rewind`.
struct DivergenceConfig {
  std::optional<double> spike_factor = 10.0;
  int64_t window = 100;
  int64_t max_skips = 10;
  int64_t max_rewinds = 10;
  bool operator==(const DivergenceConfig&) const = default;
};

template <config::Self<DivergenceConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"spike_factor", "a gradient norm of more than this many times the median of the last steps is a spike; null: only what is not finite counts",
              config::more_than(1)},
        c.spike_factor);
  visit(Field{"window", "steps that the median is over (those whose update was made); with fewer than 20, or this, nothing is a spike yet",
              config::range(1, 10000)},
        c.window);
  visit(Field{"max_skips", "skip: updates that may be left out in a row; one more ends the run with exit code 5", config::at_least(1)}, c.max_skips);
  visit(Field{"max_rewinds", "rewind: times that a run may go back; one more ends it with exit code 5", config::at_least(1)}, c.max_rewinds);
}

/// Section `training.ema`.
struct EmaConfig {
  double decay = 0.999;
  bool evaluate = true;
  bool use_at_the_end = true;
  bool operator==(const EmaConfig&) const = default;
};

template <config::Self<EmaConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"decay", "share of the old average that stays at each update: its memory is about 1 / (1 - decay) updates", config::from_to_below(0, 1)},
        c.decay);
  visit(Field{"evaluate", "measure the average on held-out data, and so choose the best checkpoint by it; false: the weights of the last update"}, c.evaluate);
  visit(Field{"export", "OUTPUT/final is the average; false: the weights of the last update"}, c.use_at_the_end);
}

/// Section `training`. The batch size is the global one: micro-batches and ranks cut it, but do not change the result (draws of dropout aside).
struct TrainingConfig {
  Duration duration{.amount = 10000, .unit = DurationUnit::steps};
  int64_t batch_size = 256;
  config::Auto<int64_t> micro_batch{};
  PrecisionChoice precision = PrecisionChoice::automatic;
  std::string device = "auto";
  double gradient_clip = 1.0;
  int64_t seed = 1;
  config::Auto<int64_t> intra_op_threads{};
  int64_t activation_checkpointing = 0;
  OnDivergence on_divergence = OnDivergence::stop;
  DivergenceConfig divergence{};
  std::optional<EmaConfig> ema{};

  void validate(config::Issues& issues) const;
};

template <config::Self<TrainingConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"duration", "length of the run: steps, epochs or tokens", config::more_than(0)}, c.duration);
  visit(Field{"batch_size", "sequences of one optimizer step, over all micro-batches and ranks", config::at_least(1)},
        c.batch_size);
  visit(Field{"micro_batch", "sequences of one forward pass on one rank; less takes less memory; the gradient stays the same but for dropout, whose draws differ; auto: what is fast",
              config::at_least(1)},
        c.micro_batch);
  visit(Field{"precision", "number format of matrix products; auto is bf16 where the hardware multiplies it fast, else fp32; fp16 scales the loss, and is slow on CPUs"}, c.precision);
  visit(Field{"device", "auto, cpu, cuda or cuda:N; auto is the first GPU where there is one"}, c.device);
  visit(Field{"gradient_clip", "largest L2 norm of the whole gradient; 0 switches clipping off", config::at_least(0)},
        c.gradient_clip);
  visit(Field{"seed", "seed of initialisation, data order, masking and dropout", config::at_least(0)}, c.seed);
  visit(Field{"intra_op_threads", "threads of one tensor operation on the CPU; sums may differ in the last bit with their number",
              config::at_least(1)},
        c.intra_op_threads);
  visit(Field{"activation_checkpointing", "keep the activations of every so many layers and compute the others again: less memory, up to 1.4"
              " times the time, the same result; 0: keep all", config::at_least(0)},
        c.activation_checkpointing);
  visit(Field{"on_divergence", "a loss or gradient that is not finite: stop the run (exit code 5), skip the update, or rewind to the last checkpoint and "
                               "pass over the examples of the step; skip and rewind also act on spikes of the gradient norm"},
        c.on_divergence);
  visit(Field{"divergence", "what a spike is, and limits"}, c.divergence);
  visit(Field{"ema", "exponential moving average of the weights; null: none"}, c.ema);
}

/// Section `evaluation`.
struct EvaluationConfig {
  Duration every{.amount = 500, .unit = DurationUnit::steps};

  void validate(config::Issues& issues) const;
};

template <config::Self<EvaluationConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"every", "interval between evaluations: steps, epochs, tokens or % of the run; also done at the end",
                      config::more_than(0)},
        c.every);
}

/// Section `checkpoint`.
struct CheckpointConfig {
  Duration every{.amount = 500, .unit = DurationUnit::steps};
  int64_t keep_last = 3;
  int64_t keep_best = 1;
  bool asynchronous = false;

  void validate(config::Issues& issues) const;
};

template <config::Self<CheckpointConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"every", "interval between checkpoints: steps, epochs, tokens or % of the run; also saved at the end",
              config::more_than(0)},
        c.every);
  visit(Field{"keep_last", "newest checkpoints that are kept", config::at_least(1)}, c.keep_last);
  visit(Field{"keep_best", "checkpoints with the best validation result that are kept as well", config::at_least(0)},
        c.keep_best);
  visit(Field{"asynchronous", "go on with training while a checkpoint is written: takes memory for one copy of it"}, c.asynchronous);
}

/// Section `logging`.
struct LoggingConfig {
  Duration every{.amount = 10, .unit = DurationUnit::steps};
  bool tensorboard = true;
  bool include_text = false;

  void validate(config::Issues& issues) const;
};

template <config::Self<LoggingConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"every", "interval between lines of metrics.jsonl: steps, epochs, tokens or % of the run", config::more_than(0)},
        c.every);
  visit(Field{"tensorboard", "also write event files for TensorBoard"}, c.tensorboard);
  visit(Field{"include_text", "allow training text in logs and reports; off for privacy"}, c.include_text);
}

/// Section `distributed`.
struct DistributedConfig {
  BackendChoice backend = BackendChoice::automatic;
  int64_t timeout_seconds = 120;
};

template <config::Self<DistributedConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"backend", "transport between ranks: auto, nccl or gloo; auto is nccl on GPUs"}, c.backend);
  visit(Field{"timeout_seconds", "longest wait for another rank, in seconds", config::at_least(1)}, c.timeout_seconds);
}

/// The intervals of a run in steps.
struct StepPlan {
  int64_t total_steps = 0;
  int64_t log_every = 10;
  int64_t evaluate_every = 0;  ///< 0: never
  int64_t save_every = 500;
  bool operator==(const StepPlan&) const = default;
};

/// Converts the durations to steps; `scale.total_steps` is not read, it is found here. Throws ConfigError naming the key where a
/// scale that is needed is not known.
StepPlan plan_steps(const TrainingConfig& training, const EvaluationConfig& evaluation, const CheckpointConfig& checkpoint,
                    const LoggingConfig& logging, DurationScale scale);

}  // namespace albert
