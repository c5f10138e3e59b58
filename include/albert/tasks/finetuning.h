// Fine-tuning as a StepProgram: a task's instances, the encoder with its head, and the loss between them.
#pragma once

#include <albert/model/task_losses.h>
#include <albert/model/task_model.h>
#include <albert/tasks/batch_sampler.h>
#include <albert/tasks/task.h>
#include <albert/train/step_program.h>

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace albert {

/// The head that a task needs.
TaskHeadOptions head_of(const TaskDescription& task);
/// `problem_type` of config.json; empty where transformers has none.
std::string problem_type_of(const TaskDescription& task);

/// Packed instances with their targets. int64 on the CPU until moved, values fp32.
struct TaskBatch {
  EncoderInput input{};
  at::Tensor labels{};            ///< classes and choices [instances]; tokens [tokens]; undefined for others and without gold
  at::Tensor values{};            ///< [instances, outputs]
  SpanTargets spans{};
  at::Tensor p_mask{};            ///< [tokens] bool, question answering with beams only
  at::Tensor instance_offsets{};  ///< [instances + 1] first sequence of each instance; on the CPU
  int64_t num_instances = 0;
  int64_t num_targets = 0;        ///< instances, or labelled tokens: what a mean divides by

  [[nodiscard]] int64_t num_tokens() const { return input.ids.size(0); }
  [[nodiscard]] TaskBatch to(const at::Device& device) const;
};

enum class BatchTargets { with, without };
TaskBatch make_task_batch(const std::vector<TaskInstance>& instances, std::span<const int64_t> indices, TaskObjective objective, BatchTargets targets);

/// Scores of all instances, in their order, in inference mode. Batches hold at most `max_tokens` tokens, of like length.
std::vector<InstanceScores> score_instances(TaskModelImpl& model, const std::vector<TaskInstance>& instances, TaskObjective objective,
                                            int64_t max_tokens, const at::Device& device);

/// How the loss weighs classes. With weights it is torch.nn.CrossEntropyLoss(weight)'s over the targets of the whole step: the mean
/// divides by the sum of their weights.
struct TaskLossOptions {
  std::vector<double> class_weights{};  ///< [labels]; empty: all 1
  double label_smoothing = 0;
};

struct FinetuningOptions {
  at::Device device{at::kCPU};
  BatchSamplerOptions sampler{};
  int64_t micro_batch_tokens = 8192;  ///< of a forward and backward pass
  int64_t evaluation_tokens = 4096;   ///< of a forward pass without gradients; apart, so that micro-batches do not change what is measured
  uint64_t seed = 1;                  ///< of dropout
  double application_decay = 1.0;     ///< LayerDecayConfig::application_rate()
  TaskLossOptions loss{};
};

/// A data set that is evaluated; the first one's metrics have their own names, those of others the name of the set in front.
struct EvaluatedSet {
  std::string name;  ///< "mismatched"; empty for the first
  const TaskSet* set = nullptr;
};

/// A data set with gold, scored once.
struct TaskEvaluation {
  MetricMap metrics{};                         ///< with the mean loss under "loss"
  std::unique_ptr<TaskAnswers> answers{};      ///< they refer to the set
};
TaskEvaluation score_task(TaskModelImpl& model, const TaskSet& set, const TaskDescription& task, const FinetuningOptions& options);
/// The metrics of score_task.
MetricMap evaluate_task(TaskModelImpl& model, const TaskSet& set, const TaskDescription& task, const FinetuningOptions& options);

/// What sums over the targets of a step are divided by.
struct StepDivisors {
  double loss = 1;     ///< number of targets; with class weights the sum of their weights
  double targets = 1;  ///< number of targets
};

/// Loss of a batch, with its graph.
MicroBatchLoss finetuning_loss(TaskModelImpl& model, const TaskBatch& batch, const TaskDescription& task, const FinetuningOptions& options,
                               const StepDivisors& divisors);

/// Binds data and model to the trainer. All references must outlive it. Loss of a step: sum over its targets divided by their number,
/// with class weights by the sum of their weights (1 where that is 0).
class FinetuningProgram : public StepProgram {
 public:
  FinetuningProgram(TaskModelImpl& model, const TaskDescription& task, const TaskSet& train, std::vector<EvaluatedSet> validation,
                    const FinetuningOptions& options);

  StepTotals load_step(int64_t step) override;
  [[nodiscard]] int64_t num_micro_batches() const override;
  MicroBatchLoss loss(int64_t index, int64_t step, const StepTotals& totals) override;
  void parameters_changed() override;
  EvaluationReport evaluate() override;
  [[nodiscard]] DataCursor cursor() const override { return cursor_; }
  void restore(const DataCursor& cursor) override { cursor_ = cursor; }
  [[nodiscard]] double examples_per_epoch() const override { return static_cast<double>(sampler_.size()); }
  [[nodiscard]] double flops(const StepTotals& totals) const override;
  [[nodiscard]] double waiting_seconds() const override { return load_seconds_; }

  [[nodiscard]] int64_t steps_per_epoch() { return sampler_.steps_per_epoch(); }

 private:
  /// Adds the instances of a micro-batch to the totals of its step.
  void add_totals(const TaskBatch& batch, std::span<const int64_t> indices, StepTotals& totals) const;
  [[nodiscard]] double loss_divisor(const StepTotals& totals) const;

  TaskModelImpl& model_;
  const TaskDescription& task_;
  const TaskSet& train_;
  std::vector<EvaluatedSet> validation_;
  FinetuningOptions options_;
  std::vector<int64_t> learnable_;
  BatchSampler sampler_;
  DataCursor cursor_;
  double load_seconds_ = 0;  ///< of the last step: its batches are made when they are needed
  std::vector<TaskBatch> micro_batches_;
};

/// Weights N / (K n_k) of the classes of the training data ("balanced" in scikit-learn), whose mean over the data is 1. Classes that
/// never occur get 0.
std::vector<double> balanced_class_weights(const TaskSet& train, int64_t num_labels);

}  // namespace albert
