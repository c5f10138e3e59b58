// What the Trainer knows of the work: steps, micro-batches, sums of losses. It knows neither ALBERT nor any task.
#pragma once

#include <albert/data/example_ranges.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace albert {

/// What one whole optimizer step consumes, over all micro-batches (and, once summed, over all ranks). Losses are divided by
/// these totals, so that neither micro-batches nor ranks nor packing change the gradient.
struct StepTotals {
  int64_t sequences = 0;
  int64_t tokens = 0;
  std::map<std::string, int64_t> targets;  ///< by loss part: {"mlm": masked positions, "sop": scored sequences}
};

/// One micro-batch's share of the step.
struct MicroBatchLoss {
  at::Tensor loss;                       ///< scalar, differentiable, already divided by the step's totals
  /// Detached fp64 scalars on the loss's device, by metric name. Their sum over micro-batches is the step's value, because each is
  /// divided by the totals as well: "mlm_loss", "sop_loss", "mlm_accuracy", "sop_accuracy", ...
  std::map<std::string, at::Tensor> metrics;
};

/// Where the data stands: one integer that does not depend on ranks, workers or micro-batches, and what a rewind leaves out.
struct DataCursor {
  int64_t examples = 0;  ///< consumed (or passed over) since the start of the run, over all epochs
  std::vector<ExampleRange> passed_over{};  ///< rising, without overlap
  bool operator==(const DataCursor&) const = default;
};

/// Means over an evaluation set, by official name; "loss" is always there.
using EvaluationReport = std::map<std::string, double>;

/// Where the first number that is not finite arises in a step, as far as it can be told.
struct NonFinitePlace {
  std::string layer;                  ///< "layer 3 of 12"; empty: not known
  std::vector<std::string> examples;  ///< "example 17 of epoch 0", those of this rank
};

/// One kind of training. Implementations bind a stream of batches to a loss (tasks/pretraining.h).
class StepProgram {
 public:
  virtual ~StepProgram() = default;

  /// Takes the next global batch from the stream and returns this rank's totals. `step` is the number of finished steps.
  virtual StepTotals load_step(int64_t step) = 0;
  /// Micro-batches of the loaded step, on this rank.
  [[nodiscard]] virtual int64_t num_micro_batches() const = 0;
  /// Forward of micro-batch `index` of the loaded step. `totals` are summed over ranks. `step` seeds dropout.
  virtual MicroBatchLoss loss(int64_t index, int64_t step, const StepTotals& totals) = 0;
  /// After a loss or a gradient of the loaded step that is not finite: computes it again to find the place. Spoils the gradients, leaves
  /// the parameters.
  virtual NonFinitePlace find_non_finite(int64_t step, const StepTotals& totals);
  /// After every optimizer update and after a restore: refresh what is derived from the parameters (bf16 copies).
  virtual void parameters_changed() = 0;

  /// Evaluation in inference mode; the training stream is not disturbed.
  virtual EvaluationReport evaluate() = 0;

  [[nodiscard]] virtual DataCursor cursor() const = 0;
  virtual void restore(const DataCursor& cursor) = 0;
  [[nodiscard]] virtual double examples_per_epoch() const = 0;
  /// Passes over the data so far.
  [[nodiscard]] virtual double epochs() const { return static_cast<double>(cursor().examples) / examples_per_epoch(); }
  /// Floating-point operations of a step with these totals (performance model of docs/architecture.md), for MFU.
  [[nodiscard]] virtual double flops(const StepTotals& totals) const = 0;
  /// Seconds that the last load_step waited for data (share reported at the end of the run).
  [[nodiscard]] virtual double waiting_seconds() const = 0;
};

inline NonFinitePlace StepProgram::find_non_finite(int64_t /*step*/, const StepTotals& /*totals*/) { return {}; }

}  // namespace albert
