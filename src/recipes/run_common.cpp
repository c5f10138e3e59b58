#include "recipes/run_common.h"

#include <malloc.h>
#include <unistd.h>

#include <limits>

namespace albert {

void keep_freed_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

std::optional<Precision> chosen_precision(PrecisionChoice choice) {
  if (choice == PrecisionChoice::fp32) return Precision::fp32;
  if (choice == PrecisionChoice::bf16) return Precision::bf16;
  if (choice == PrecisionChoice::fp16) return Precision::fp16;
  return std::nullopt;
}

std::string printed_path(const std::filesystem::path& output, const std::filesystem::path& inside) {
  if (output.is_relative()) return (output / inside).string();
  const auto folder = output.has_filename() ? output : output.parent_path();  // "/runs/small/"
  return (folder.filename() / inside).string();
}

std::unique_ptr<WeightAverage> make_average(const TrainingConfig& training, const Optimizer& optimizer) {
  return training.ema ? std::make_unique<WeightAverage>(optimizer, training.ema->decay) : nullptr;
}

void require_usable_folder(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder) && !std::filesystem::is_directory(folder)) {
    throw IoError(fmt::format("output: {} must be a folder, or a name that is free", folder.string()));
  }
  auto existing = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(existing) && existing.has_relative_path()) existing = existing.parent_path();
  if (::access(existing.c_str(), W_OK | X_OK) != 0) throw IoError(fmt::format("output: cannot write into {}", existing.string()));
}

}  // namespace albert
