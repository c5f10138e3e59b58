// Everything besides weights and moments that decides the next step: training_state.json of a checkpoint.
//
// Random numbers need no state: dropout and masking are functions of (seed, step or example, ...).
#pragma once

#include <albert/train/loss_scale.h>
#include <albert/train/step_program.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Sums since the last line of metrics.jsonl; a checkpoint may fall between two lines.
struct IntervalSums {
  int64_t steps = 0;
  int64_t tokens = 0;
  double seconds = 0;  ///< of training, without evaluation and saving
  double waiting_seconds = 0;  ///< of these, for data
  double flops = 0;
  std::map<std::string, double> metrics;  ///< by name, "loss" and "gradient_norm" among them
  bool operator==(const IntervalSums&) const = default;
};

/// What the watch for divergence must know again after a resume.
struct DivergenceState {
  std::vector<double> norms;  ///< of the gradients of the last steps whose update was made, the oldest first
  int64_t skips_in_a_row = 0;
  int64_t skipped_steps = 0;  ///< since the start of the run
  int64_t rewinds = 0;        ///< since the start of the run
  bool operator==(const DivergenceState&) const = default;
};

/// A validation result that is among the best.
struct RankedResult {
  int64_t step = 0;
  double value = 0;
  bool operator==(const RankedResult&) const = default;
};

/// Value type; the whole of it stands in the checkpoint. The data seed and all options are bound by CheckpointIdentity::hashes.
struct TrainingState {
  std::string run_id;          ///< random, made once per run
  int64_t step = 0;            ///< finished optimizer steps, those whose update was skipped among them
  DataCursor cursor;
  int64_t tokens = 0;          ///< trained on (skipped steps do not count) since the start of the run
  double seconds = 0;          ///< wall time since the start of the run, over all sessions
  int64_t seed = 0;
  int64_t intra_op_threads = 0;
  int64_t ranks = 1;
  int64_t metrics_bytes = 0;   ///< length of metrics.jsonl
  int64_t evaluated_step = -1;  ///< step of the last evaluation; -1: none yet
  std::vector<RankedResult> best;  ///< best first, at most max(1, checkpoint.keep_best)
  int64_t evaluations_since_best = 0;
  IntervalSums interval;
  DivergenceState divergence;
  LossScaleState loss_scale;  ///< of fp16
  bool operator==(const TrainingState&) const = default;
};

std::string to_json(const TrainingState& state);
/// `where` names the file in errors. Throws IoError for anything that to_json does not write.
TrainingState training_state_from_json(std::string_view text, std::string_view where);

/// 16 random hexadecimal digits from the system's entropy: names a run, and decides nothing.
std::string make_run_id();

}  // namespace albert
