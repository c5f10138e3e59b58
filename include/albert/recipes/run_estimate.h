// What a run will take, foreseen from a few timed steps: time, memory, disk. --dry-run prints it; a run makes it at its start and compares
// at its end.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace albert {

/// What a trial measured (src/recipes/trial.h). Seconds are medians.
struct TrialTimes {
  std::vector<double> pass_seconds;  ///< by phase: forward and backward of one full micro-batch
  double update_seconds = 0;         ///< clipping and the optimizer
  double evaluation_seconds = 0;     ///< forward alone of RunWork::evaluation_batch sequences
  int64_t passes = 0;                ///< that were timed
  int64_t peak_memory_bytes = 0;     ///< of the process, or of the GPU's allocator
};

/// Steps that are alike.
struct PhaseWork {
  int64_t steps = 0;
  int64_t batch_size = 1;   ///< sequences of a step
  int64_t micro_batch = 1;  ///< sequences of a forward pass
  int64_t max_length = 0;   ///< pieces of a sequence
  double masking_probability = 0.15;
};

/// How much of each kind of work a run has.
struct RunWork {
  std::vector<PhaseWork> phases;
  int64_t evaluations = 0;
  int64_t validation_examples = 0;
  int64_t evaluation_batch = 1;  ///< sequences of a forward pass of an evaluation
  int64_t saves = 0;
  [[nodiscard]] int64_t total_steps() const;
};

/// Bytes on disk.
struct RunFiles {
  uint64_t checkpoint_bytes = 0;
  int64_t checkpoints = 0;    ///< that are there at one time, the one being written included
  uint64_t final_bytes = 0;   ///< the exported model
  uint64_t store_bytes = 0;   ///< token store still to be written
  [[nodiscard]] uint64_t total_bytes() const { return checkpoint_bytes * static_cast<uint64_t>(checkpoints) + final_bytes + store_bytes; }
};

/// Rate at which checkpoints are assumed to be written, flushed and read back: that of a modest SSD.
inline constexpr double kSaveBytesPerSecond = 2e8;

struct RunEstimate {
  std::vector<double> step_seconds;  ///< by phase
  double run_seconds = 0;  ///< of training, with evaluations and saving; without making vocabulary and store
  int64_t memory_bytes = 0;
};
/// A step is batch_size / micro_batch micro-batches (the last one in part) and an update.
RunEstimate estimate_run(const TrialTimes& times, const RunWork& work, uint64_t checkpoint_bytes);

/// Signed error of an estimate in percent of what came out: -5 means that it was 5 % too low.
double error_percent(double estimate, double actual);

/// The lines of --dry-run.
void print_estimate(const RunEstimate& estimate, const TrialTimes& times, const RunWork& work, std::ostream& out);
/// "230 ms", "1.5 s".
std::string format_seconds(double seconds);
/// "1.23 GB", "45.6 MB".
std::string format_bytes(uint64_t bytes);

}  // namespace albert
