#include "recipes/finetune_seeds.h"

#include "recipes/run_source.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/log.h>
#include <albert/io/checkpoint_directory.h>

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

std::filesystem::path restart_folder(const std::filesystem::path& run, int64_t again) { return run / fmt::format("restart-{}", again); }

/// A training that has a checkpoint.
struct BegunRun {
  int64_t seed = 0;
  std::string source_weights;  ///< digest of what it began from
};

/// What the manifest of a checkpoint says; a damaged one says nothing.
std::string source_weights_in(const std::filesystem::path& checkpoint) {
  try {
    const auto hashes = io::read_checkpoint_summary(checkpoint).identity.hashes;
    const auto found = hashes.find("init_from");
    return found == hashes.end() ? std::string{} : found->second;
  } catch (const IoError&) {
    return {};
  }
}

/// All that go into one summary, in the order in which they are trained.
std::vector<BegunRun> begun_runs(const FinetuneConfig& config, const ResumeRequest& resume) {
  std::vector<BegunRun> begun;
  const auto add = [&](int64_t seed, const std::filesystem::path& checkpoint) {
    auto weights = source_weights_in(checkpoint);
    if (!weights.empty()) begun.push_back({.seed = seed, .source_weights = std::move(weights)});
  };
  if (resume.mode == ResumeRequest::Mode::path) add(config.training.common.seed, resume.path);
  for (int64_t i = 0; i < config.training.runs; ++i) {
    const int64_t seed = config.training.common.seed + i;
    for (int64_t again = 0; again <= config.training.restart_collapsed; ++again) {
      const auto run = run_folder(config, seed);
      const auto by_step = io::list_checkpoints((again == 0 ? run : restart_folder(run, again)) / "checkpoints");
      if (!by_step.empty()) add(seed + again * kRestartSeedStep, by_step.rbegin()->second);
    }
  }
  return begun;
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
    const auto restarted = restart_folder(folder, again);
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

std::string digest_of_source_weights(const FinetuneConfig& config, const ResumeRequest& resume, const RunStart& start) {
  const auto begun = begun_runs(config, resume);
  const bool has_begun = start.begun.has_value() || !begun.empty();
  const auto now = source_hash(config.model.init_from, has_begun);
  if (begun.empty()) return now;
  const auto& first = begun.front();
  for (const auto& run : begun) {
    if (run.source_weights == first.source_weights) continue;
    throw ConfigError(fmt::format("training.runs: must begin from the same weights, got others for seed {} than for seed {}; delete the "
                                  "folder of one of them, or give another --output", run.seed, first.seed));
  }
  if (now.empty() || now == first.source_weights) return first.source_weights;
  throw ConfigError(fmt::format("model.init_from: must have the weights that seed {} began from, got others; put them back, or give "
                                "another --output", first.seed));
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
