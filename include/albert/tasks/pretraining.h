// Pre-training as a StepProgram: masked language model and sentence order on packed batches.
#pragma once

#include <albert/data/batch_stream.h>
#include <albert/data/data_plan.h>
#include <albert/data/pretraining_dataset.h>
#include <albert/model/pretraining_model.h>
#include <albert/train/step_program.h>

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace albert {

struct PretrainingOptions {
  at::Device device{at::kCPU};
  int64_t batch_size = 256;         ///< sequences of a step, over all ranks; without effect with a plan
  int64_t micro_batch = 32;         ///< sequences of a forward pass; with a plan, of an evaluation's
  std::optional<DataPlan> plan{};   ///< nothing: all steps alike
  double application_decay = 1.0;   ///< LayerDecayConfig::application_rate()
  int64_t loader_threads = 1;
  int64_t prefetch_steps = 4;
  int64_t rank = 0;
  int64_t world_size = 1;
};

/// What an evaluation found. `report` holds loss, mlm_loss, sop_loss, mlm_accuracy, sop_accuracy with its 95 % interval
/// (sop_accuracy_low, sop_accuracy_high; Wilson), unigram_entropy (of the scored targets, in nats: the loss of the best model that knows
/// only how frequent pieces are) and the counts mlm_targets and sop_targets.
EvaluationReport evaluate_pretraining(PretrainingModelImpl& model, const PretrainingDataset& dataset, int64_t micro_batch, const at::Device& device);

/// What a batch counts for in its step: sequences, tokens, and the targets "mlm" and "sop". Reads the batch on the CPU.
StepTotals totals_of(const PretrainingBatch& batch);

/// Forward of one micro-batch, which lies on the model's device, as a part of a step with these totals:
/// sum over masked positions of -log p / their number + sum over scored sequences of -log p / their number, both numbers over the whole
/// step (Google's weights 1:1, albert_facts 2.8; a part without targets is 0).
MicroBatchLoss pretraining_loss(PretrainingModelImpl& model, const PretrainingBatch& batch, const StepTotals& totals, double application_decay);

/// Binds data and model to the trainer. All references must outlive it.
///
/// Dropout draws from the seed of `train`. Losses: pretraining_loss().
class PretrainingProgram : public StepProgram {
 public:
  /// `validation` may be null: then evaluate() throws InternalError.
  PretrainingProgram(PretrainingModelImpl& model, const PretrainingDataset& train, const PretrainingDataset* validation,
                     const PretrainingOptions& options);

  StepTotals load_step(int64_t step) override;
  [[nodiscard]] int64_t num_micro_batches() const override;
  MicroBatchLoss loss(int64_t index, int64_t step, const StepTotals& totals) override;
  NonFinitePlace find_non_finite(int64_t step, const StepTotals& totals) override;
  void parameters_changed() override;
  EvaluationReport evaluate() override;
  [[nodiscard]] DataCursor cursor() const override;
  void restore(const DataCursor& cursor) override;
  [[nodiscard]] double examples_per_epoch() const override;
  [[nodiscard]] double epochs() const override;
  [[nodiscard]] double flops(const StepTotals& totals) const override;
  [[nodiscard]] double waiting_seconds() const override;

 private:
  struct Pass;
  Pass run_pass(int64_t index, int64_t step, const StepTotals& totals, const EncoderOptions& options);

  PretrainingModelImpl& model_;
  const PretrainingDataset& train_;
  const PretrainingDataset* validation_;
  PretrainingOptions options_;
  DataPlan plan_;
  PretrainingStream stream_;
  int64_t next_step_ = 0;  ///< that the stream will give
  std::vector<ExampleRange> passed_over_;
  PretrainingStep step_;
};

}  // namespace albert
