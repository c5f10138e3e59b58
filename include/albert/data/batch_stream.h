// Training batches in order, drawn ahead on background threads.
//
//   PretrainingStream stream(data.train, {.batch_size = 256, .micro_batch = 32});
//   const PretrainingStep step = stream.next();
#pragma once

#include <albert/data/batch.h>
#include <albert/data/data_plan.h>
#include <albert/data/example_ranges.h>
#include <albert/data/pretraining_dataset.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace albert {

/// Packs examples into one batch.
PretrainingBatch collate(std::span<const PretrainingExample> examples);

/// Examples [first, first + count) of an epoch as one batch (validation).
PretrainingBatch make_batch(const PretrainingDataset& dataset, int64_t epoch, int64_t first, int64_t count);

struct StreamOptions {
  int64_t batch_size = 1;      ///< sequences of a step, over all ranks; with a plan it counts in place of this
  int64_t micro_batch = 1;     ///< sequences of a micro-batch on this rank; the last may be smaller; likewise
  int64_t rank = 0;
  int64_t world_size = 1;
  int64_t cursor = 0;          ///< examples consumed before the first step
  int64_t num_threads = 1;
  int64_t prefetch_steps = 4;
};

/// An example as errors name it: "example 17 of epoch 0".
using ExamplePlace = PretrainingDataset::Place;
std::string describe(const ExamplePlace& place);

/// This rank's share of one step.
struct PretrainingStep {
  std::vector<PretrainingBatch> micro_batches;
  std::vector<ExamplePlace> places;  ///< of the examples of all micro-batches, in order
  int64_t cursor = 0;      ///< after this step
  double epoch = 0;        ///< after this step, as a real number
};

/// Steps of exactly batch_size sequences, from epoch into epoch; step s holds the examples [cursor + s * batch_size, ... + batch_size),
/// and rank r of w those of them in [batch_size * r / w, batch_size * (r + 1) / w); examples that are passed over do not count. Neither
/// threads nor ranks nor micro-batches change which examples a step holds. An error in the background is thrown by next() with epoch and index of the example.
class PretrainingStream {
 public:
  /// All steps alike. `dataset` must outlive the stream.
  PretrainingStream(const PretrainingDataset& dataset, const StreamOptions& options);
  /// Steps as the plan says; the first one is step 0.
  PretrainingStream(DataPlan plan, const StreamOptions& options);
  PretrainingStream(const PretrainingStream&) = delete;
  PretrainingStream& operator=(const PretrainingStream&) = delete;
  ~PretrainingStream();

  PretrainingStep next();
  /// Continues at another place, for example that of a checkpoint. `step` is the number of the next step, which the plan is asked for.
  void seek(int64_t cursor, int64_t step = 0, std::vector<ExampleRange> passed_over = {});
  /// Examples consumed by the steps that next() has returned.
  [[nodiscard]] int64_t cursor() const;
  /// Seconds that next() has waited: in the last call, and in all.
  [[nodiscard]] double last_waiting_seconds() const;
  [[nodiscard]] double total_waiting_seconds() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace albert
