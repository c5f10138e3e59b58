// Fine-tuning from a configuration to a model folder, metrics and predictions.
#pragma once

#include <albert/base/error.h>
#include <albert/recipes/finetune_config.h>
#include <albert/train/checkpointing.h>
#include <albert/train/stop_signal.h>

#include <filesystem>
#include <iosfwd>
#include <optional>

namespace albert {

/// What albert-finetune was asked for.
struct FinetuneRequest {
  bool dry_run = false;
  std::optional<std::filesystem::path> evaluate{};  ///< a fine-tuned folder: measured on data.validation, data.more_validation and data.test
  std::optional<std::filesystem::path> predict{};   ///< a fine-tuned folder: predicts data.predict, else data.test
  ResumeRequest resume{};
  /// Whether data.max_length was chosen by the user: then a model with fewer positions is refused, else it lowers this default.
  bool has_own_length = true;
};

/// Trains `training.runs` models; writes OUTPUT/final (the best one on the validation data), OUTPUT/results.json and predictions of
/// data.test and data.predict. With one run the rest of OUTPUT is as albert-train's; with more, each run has its folder
/// OUTPUT/run-SEED. Prints metrics to `out`. Throws as its parts do.
ExitCode run_finetuning(const FinetuneConfig& config, const FinetuneRequest& request, const StopSignal& stop, std::ostream& out);

}  // namespace albert
