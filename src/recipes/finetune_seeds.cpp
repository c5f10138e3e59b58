#include "recipes/finetune_seeds.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/log.h>

#include <cmath>
#include <limits>
#include <utility>

namespace albert {
namespace {

/// Seeds of restarts are far from those of the runs.
constexpr int64_t kRestartSeedStep = 1000003;

bool holds(const std::filesystem::path& run, const std::filesystem::path& checkpoint) {
  return std::filesystem::weakly_canonical(checkpoint).parent_path() == std::filesystem::weakly_canonical(run / "checkpoints");
}

/// Trains one run, again with other seeds where it collapsed.
FinetuneResult finetune_seed(const FinetuneParts& parts, RunStart& start, const std::filesystem::path& folder, int64_t seed,
                             const ResumeRequest& resume, const StopSignal& stop) {
  // A checkpoint that the user has named is that of the first.
  const auto resume_restart = resume.mode == ResumeRequest::Mode::never ? resume : ResumeRequest{};
  auto result = finetune_once(parts, start, folder, seed, resume, stop);
  for (int64_t again = 1; result.outcome != RunOutcome::stopped && !result.validation.collapse.empty(); ++again) {
    spdlog::warn("the run with seed {} has collapsed: it predicts {}; try a lower optimizer.learning_rate or a longer schedule.warmup", result.seed,
                 result.validation.collapse);
    if (again > parts.config.training.restart_collapsed) break;
    const int64_t other = seed + again * kRestartSeedStep;
    const auto restarted = folder / fmt::format("restart-{}", again);
    auto other_start = read_start(parts.config, restarted, resume_restart);
    result = finetune_once(parts, other_start, restarted, other, resume_restart, stop);
  }
  return result;
}

}  // namespace

std::filesystem::path run_folder(const FinetuneConfig& config, int64_t seed) {
  return config.training.runs == 1 ? config.output : config.output / fmt::format("run-{}", seed);
}

ResumeRequest resume_of(const FinetuneConfig& config, const ResumeRequest& resume, const std::filesystem::path& folder) {
  const bool is_one_of_several = resume.mode == ResumeRequest::Mode::path && config.training.runs > 1;
  return is_one_of_several && !holds(folder, resume.path) ? ResumeRequest{} : resume;
}

void require_run_to_resume(const FinetuneConfig& config, const ResumeRequest& resume) {
  if (resume.mode != ResumeRequest::Mode::path || config.training.runs == 1) return;
  for (int64_t i = 0; i < config.training.runs; ++i) {
    if (holds(run_folder(config, config.training.common.seed + i), resume.path)) return;
  }
  throw ConfigError(fmt::format("--resume: must be a checkpoint of one of the {} runs in {}, got {}", config.training.runs, config.output.string(),
                                resume.path.string()));
}

AllRuns train_all(const FinetuneParts& parts, RunStart& first, const ResumeRequest& resume, const StopSignal& stop) {
  const auto& config = parts.config;
  const auto metric = best_metric(config, parts.task);
  AllRuns runs;
  for (int64_t i = 0; i < config.training.runs; ++i) {
    const int64_t seed = config.training.common.seed + i;
    const auto folder = run_folder(config, seed);
    if (config.training.runs > 1) spdlog::info("run {} of {}", i + 1, config.training.runs);
    make_directories(folder);
    const auto own_resume = resume_of(config, resume, folder);
    auto later = i == 0 ? RunStart{} : read_start(config, folder, own_resume);
    auto result = finetune_seed(parts, i == 0 ? first : later, folder, seed, own_resume, stop);
    if (result.outcome == RunOutcome::stopped) {
      runs.is_stopped = true;
      return runs;
    }
    runs.results.push_back(std::move(result));
    const auto score = [&](size_t index) {
      const auto found = runs.results[index].validation.metrics.find(metric.name);
      if (found == runs.results[index].validation.metrics.end() || std::isnan(found->second)) return -std::numeric_limits<double>::infinity();
      return metric.direction == BestMetric::Direction::higher ? found->second : -found->second;
    };
    if (score(runs.results.size() - 1) > score(runs.best)) runs.best = runs.results.size() - 1;
  }
  return runs;
}

}  // namespace albert
