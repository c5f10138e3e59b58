// Several trainings that differ in their seed: those of training.runs, and those that begin again where one has collapsed.
#pragma once

#include "recipes/finetune_run.h"

#include <filesystem>
#include <vector>

namespace albert {

/// Folder of the run with a seed.
std::filesystem::path run_folder(const FinetuneConfig& config, int64_t seed);

/// A checkpoint that --resume names is that of one run: the others go on by themselves.
ResumeRequest resume_of(const FinetuneConfig& config, const ResumeRequest& resume, const std::filesystem::path& folder);
/// ConfigError where it is that of none of several.
void require_run_to_resume(const FinetuneConfig& config, const ResumeRequest& resume);

struct AllRuns {
  std::vector<FinetuneResult> results{};
  size_t best = 0;
  bool is_stopped = false;
};
/// `first` is what the first run starts from, with its model.
AllRuns train_all(const FinetuneParts& parts, RunStart& first, const ResumeRequest& resume, const StopSignal& stop);

}  // namespace albert
