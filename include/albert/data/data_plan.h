// Which examples each step of a run is made of, where that changes on the way: lengths, batch sizes, masking.
//
//   const DataPlan plan({{.first_step = 0, .dataset = &short_ones, .batch_size = 256, .micro_batch = 32},
//                        {.first_step = 9000, .dataset = &long_ones, .batch_size = 64, .micro_batch = 8}});
//   PretrainingStream stream(plan, {.num_threads = 4});
#pragma once

#include <albert/data/pretraining_dataset.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace albert {

/// Steps from first_step on, up to the next phase.
struct DataPhase {
  int64_t first_step = 0;
  const PretrainingDataset* dataset = nullptr;  ///< must outlive the plan
  int64_t batch_size = 1;                       ///< sequences of a step, over all ranks
  int64_t micro_batch = 1;                      ///< sequences of a micro-batch on one rank; the last may be smaller
  std::optional<double> masking_probability{};  ///< nothing: the dataset's own
};

/// A masking probability that goes linearly from `first` at step 0 to `last` at the last of `total_steps` steps.
struct MaskingRamp {
  double first = 0;
  double last = 0;
  int64_t total_steps = 1;
  [[nodiscard]] double at(int64_t step) const;
};

/// A pure function of the number of finished steps.
///
/// Examples of a run are numbered through, whatever their length: number n of a run, when it falls into a phase, is number n of the
/// endless sequence of that phase's dataset. So the place in the data stays one integer, phases of one length go on in the same
/// sequence, and neither a border nor a batch size that is moved on resume makes the place ambiguous. A phase of another length
/// begins somewhere inside one of its epochs; as each epoch is drawn and shuffled anew, any place is as good as another.
class DataPlan {
 public:
  /// The first phase begins at step 0, and their beginnings rise (InternalError).
  explicit DataPlan(std::vector<DataPhase> phases, std::optional<MaskingRamp> ramp = std::nullopt);

  [[nodiscard]] const DataPhase& phase(int64_t step) const;
  /// Nothing: the dataset's own.
  [[nodiscard]] std::optional<double> masking_probability(int64_t step) const;
  /// Passes over the text after `steps` steps that consumed `examples` examples: the sum over the phases of examples over examples of an
  /// epoch (the first one's).
  [[nodiscard]] double epochs(int64_t steps, int64_t examples) const;
  /// True where all steps are alike.
  [[nodiscard]] bool is_uniform() const { return phases_.size() == 1 && !ramp_; }
  [[nodiscard]] const std::vector<DataPhase>& phases() const { return phases_; }

 private:
  std::vector<DataPhase> phases_;
  std::optional<MaskingRamp> ramp_;
};

}  // namespace albert
