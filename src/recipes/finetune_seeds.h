// Several trainings that differ in their seed: those of training.runs, and those that begin again where one has collapsed.
#pragma once

#include "recipes/finetune_run.h"

#include <filesystem>
#include <string>
#include <vector>

namespace albert {

/// Folder of the run with a seed.
std::filesystem::path run_folder(const FinetuneConfig& config, int64_t seed);

/// A checkpoint that --resume names is that of one run: the others go on by themselves.
ResumeRequest resume_of(const FinetuneConfig& config, const ResumeRequest& resume, const std::filesystem::path& folder);
/// ConfigError where it is that of none of several.
void require_run_to_resume(const FinetuneConfig& config, const ResumeRequest& resume);

/// Digest of the weights that seeds and restarts have begun from, and those to come begin from: their results are put into one summary.
/// Throws ConfigError where model.init_from has other weights by now, or two of them began from different ones. Empty where the run has
/// begun without a digest, and the folder has no weights any more. `start` is what the first run starts from.
std::string digest_of_source_weights(const FinetuneConfig& config, const ResumeRequest& resume, const RunStart& start);

struct AllRuns {
  std::vector<FinetuneResult> results{};
  size_t best = 0;
  bool is_stopped = false;
};
/// `first` is what the first run starts from, with its model.
AllRuns train_all(const FinetuneParts& parts, RunStart& first, const ResumeRequest& resume, const StopSignal& stop);

}  // namespace albert
