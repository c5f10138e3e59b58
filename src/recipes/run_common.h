// What the runs of all programs do alike.
#pragma once

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/model/device.h>
#include <albert/optim/weight_average.h>
#include <albert/train/training_config.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace albert {

/// Largest config.yaml, task.yaml and the like that is read.
inline constexpr uint64_t kConfigLimitBytes = 4U << 20U;

/// Tokens of a forward pass where `training.micro_batch` is auto: more is not faster on a CPU, and base stays below 6 GB.
inline constexpr int64_t kMicroBatchTokens = 4096;

/// Each step allocates and frees the same large tensors. By default glibc maps and unmaps them, and the kernel clears their pages
/// anew each time; kept in the heap they are reused.
void keep_freed_memory();

/// None for `auto`.
std::optional<Precision> chosen_precision(PrecisionChoice choice);

/// How a path of the run is printed at its end, where the output may go to the log of a batch system: as the user wrote it when it is
/// relative, without the folders above the run when it is absolute (docs/architecture.md, privacy).
std::string printed_path(const std::filesystem::path& output, const std::filesystem::path& inside);

/// The average that the options ask for; null for none.
std::unique_ptr<WeightAverage> make_average(const TrainingConfig& training, const Optimizer& optimizer);

/// IoError where a run could not write into the folder: it is a file, or the nearest folder that exists may not be written to.
void require_usable_folder(const std::filesystem::path& folder);

/// The configuration of the run that lies in the output folder, if its `checkpoints` are there.
template <typename Config>
std::optional<Config> earlier_run(const std::filesystem::path& output, const std::filesystem::path& checkpoints) {
  const auto path = output / "config.yaml";
  if (!std::filesystem::exists(checkpoints) || !std::filesystem::exists(path)) return {};
  return config::parse_config<Config>(read_file(path, kConfigLimitBytes), path.string());
}

/// Refuses to go on with another run's checkpoints: ConfigError with a list of what differs.
template <typename Config>
void require_same_run(const Config& config, const std::filesystem::path& checkpoints) {
  const auto earlier = earlier_run<Config>(config.output, checkpoints);
  if (!earlier) return;
  std::string differences;
  for (const auto& [key, a, b] : config::diff_configs(identity_of(*earlier), identity_of(config))) {
    differences += fmt::format("\n  {}: was {}, is {}", key, a, b);
  }
  if (differences.empty()) return;
  throw ConfigError(fmt::format("output: {} holds a run with other settings, which cannot be resumed with these; set them back, choose "
                                "another output, or delete the folder:{}", config.output.string(), differences));
}

}  // namespace albert
