#include "recipes/run_common.h"
#include "recipes/scratch_model.h"
#include "recipes/trial.h"

#include <albert/model/device.h>
#include <albert/model/tensor_memory.h>

#include <ATen/DeviceAccelerator.h>
#include <c10/util/Exception.h>

#include <algorithm>

namespace albert {
namespace {

/// A GPU needs more than kMicroBatchTokens to be busy.
constexpr int64_t kTokensOnGpu = 65536;
/// Share of the memory that is left which activations may take.
constexpr double kMemoryShare = 0.8;

/// Of all phases, what takes the most memory: the longest sequences, and the most targets.
RandomBatchShape largest_shape(const PretrainConfig& config, int64_t vocab_size, int64_t sequences) {
  double probability = config.objective.masking.probability;
  for (const auto& phase : config.phases) probability = std::max(probability, phase.masking_probability.value_or(0));
  return {.vocab_size = vocab_size, .sequences = sequences, .max_length = config.data.max_length, .masking_probability = probability};
}

/// Bytes of activations of n sequences, as a line through what one and two take.
class ActivationMemory {
 public:
  explicit ActivationMemory(const std::function<void(int64_t)>& train_pass) {
    const auto peak = [&](int64_t sequences) {
      const TensorMemory memory;
      train_pass(sequences);
      return static_cast<double>(memory.peak_bytes());
    };
    const double one = peak(1);
    slope_ = std::max(0.0, peak(2) - one);
    start_ = std::max(0.0, one - slope_);
  }
  [[nodiscard]] double bytes(int64_t sequences) const { return start_ + slope_ * static_cast<double>(sequences); }

 private:
  double slope_ = 0;
  double start_ = 0;
};

bool fits_on_gpu(const MicroBatchProbe& probe, int64_t sequences) {
  try {
    probe.train_pass(sequences);
    synchronize(probe.device);
    return true;
  } catch (const c10::OutOfMemoryError&) {
    at::accelerator::emptyCache();
    return false;
  }
}

int64_t probe_pretraining(const PretrainConfig& config, int64_t vocab_size) {
  ScratchModel scratch(config, vocab_size);
  return probe_micro_batch({.device = scratch.device(), .max_length = config.data.max_length, .most = config.training.batch_size,
                            .train_pass = [&](int64_t sequences) { scratch.train_pass(full_batch(config, largest_shape(config, vocab_size, sequences))); }});
}

/// Of the same number of pieces where its sequences are shorter.
int64_t micro_batch_of_phase(const PhaseConfig& phase, const PretrainConfig& config) {
  const int64_t batch_size = phase.batch_size.value_or(config.training.batch_size);
  const int64_t pieces = *config.training.micro_batch.value * config.data.max_length;
  return std::clamp<int64_t>(pieces / phase.max_length.value_or(config.data.max_length), 1, batch_size);
}

}  // namespace

int64_t largest_that_fits(int64_t wanted, const std::function<bool(int64_t)>& fits) {
  while (wanted > 1 && !fits(wanted)) wanted /= 2;
  return wanted;
}

int64_t probe_micro_batch(const MicroBatchProbe& probe) {
  const int64_t tokens = probe.device.is_cpu() ? kMicroBatchTokens : kTokensOnGpu;
  const int64_t wanted = std::clamp<int64_t>(tokens / probe.max_length, 1, probe.most);
  if (!probe.device.is_cpu()) return largest_that_fits(wanted, [&](int64_t sequences) { return fits_on_gpu(probe, sequences); });
  const auto available = available_memory_bytes();
  if (!available || wanted == 1) return wanted;
  const ActivationMemory memory(probe.train_pass);
  return largest_that_fits(wanted, [&](int64_t sequences) { return memory.bytes(sequences) <= kMemoryShare * static_cast<double>(*available); });
}

PretrainConfig with_micro_batch(PretrainConfig config, int64_t vocab_size) {
  auto& micro_batch = config.training.micro_batch.value;
  if (micro_batch) return config;
  const auto earlier = earlier_run<PretrainConfig>(config.output, config.output / "checkpoints");
  if (earlier) micro_batch = earlier->training.micro_batch.value;
  if (!micro_batch) micro_batch = probe_pretraining(config, vocab_size);
  micro_batch = std::min(*micro_batch, config.training.batch_size);
  for (size_t i = 0; i < config.phases.size(); ++i) {
    auto& of_phase = config.phases[i].micro_batch;
    if (!of_phase && earlier && i < earlier->phases.size()) of_phase = earlier->phases[i].micro_batch;
    if (!of_phase) of_phase = micro_batch_of_phase(config.phases[i], config);
  }
  return config;
}

}  // namespace albert
