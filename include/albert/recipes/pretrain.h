// albert-train: from a configuration to a trained model folder.
#pragma once

#include <albert/base/error.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/train/checkpointing.h>
#include <albert/train/stop_signal.h>

#include <filesystem>
#include <iosfwd>
#include <optional>

namespace albert {

/// What of it to do.
struct PretrainRequest {
  bool prepare_only = false;                       ///< vocabulary and token store, then stop
  bool dry_run = false;                            ///< check and describe, write nothing
  std::optional<std::filesystem::path> evaluate;   ///< a model folder to evaluate on the held-out text, in place of training
  ResumeRequest resume;
};

/// Runs it; what a user wants to read at the end goes to `out`. Returns done or stopped; everything else is thrown.
ExitCode run_pretraining(const PretrainConfig& config, const PretrainRequest& request, const StopSignal& stop, std::ostream& out);

/// --dry-run: parameters per part, the first documents of each source with their sentences, and what the run will take (run_estimate.h).
/// Throws like a run would for a device, a text or
/// a vocabulary that cannot be used.
void describe_pretraining(const PretrainConfig& config, std::ostream& out);

}  // namespace albert
