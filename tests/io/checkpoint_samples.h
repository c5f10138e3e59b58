// Small checkpoints whose content is a pure function of their step (and a variant), so that a test knows what must be in them.
#pragma once

#include <albert/base/random.h>
#include <albert/io/checkpoint_directory.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace albert::io {

/// Owns the bytes that its content points into.
class SampleCheckpoint {
 public:
  SampleCheckpoint(int64_t step, uint64_t variant, size_t floats = 24) : weights_(floats), moments_(floats) {
    RandomStream random(1, "sample", static_cast<uint64_t>(step), variant);
    for (float& value : weights_) value = static_cast<float>(random.uniform());
    for (float& value : moments_) value = static_cast<float>(random.uniform());
    const auto half = static_cast<int64_t>(floats / 2);
    const auto weight_bytes = std::as_bytes(std::span(weights_));
    content.arrays["model.safetensors"]["a.weight"] = {DType::f32, {half}, weight_bytes.first(weight_bytes.size() / 2)};
    content.arrays["model.safetensors"]["b.weight"] = {DType::f32, {1, half}, weight_bytes.last(weight_bytes.size() / 2)};
    content.arrays["optimizer.safetensors"]["a.exp_avg"] = {DType::f32, {2, half}, std::as_bytes(std::span(moments_))};
    content.files["training_state.json"] =
        "{\"step\": " + std::to_string(step) + ", \"variant\": " + std::to_string(variant) + "}\n";
    content.files["config.json"] = "{}\n";
    identity = {.run_id = "run-1", .step = step, .hashes = {{"config", "c0ffee"}, {"data", "da7a"}}};
  }
  SampleCheckpoint(const SampleCheckpoint&) = delete;
  SampleCheckpoint& operator=(const SampleCheckpoint&) = delete;

  CheckpointIdentity identity;
  CheckpointContent content;

 private:
  std::vector<float> weights_;
  std::vector<float> moments_;
};

/// True where `loaded` holds exactly what the sample does.
inline bool holds(const LoadedCheckpoint& loaded, const SampleCheckpoint& sample) {
  if (loaded.identity() != sample.identity) return false;
  for (const auto& [file, arrays] : sample.content.arrays) {
    const NamedArrays& read = loaded.arrays(file);
    if (read.size() != arrays.size()) return false;
    for (const auto& [name, array] : arrays) {
      const auto found = read.find(name);
      if (found == read.end() || found->second.type != array.type || found->second.shape != array.shape) return false;
      if (!std::ranges::equal(found->second.bytes, array.bytes)) return false;
    }
  }
  return std::ranges::all_of(sample.content.files, [&](const auto& item) { return loaded.file(item.first) == item.second; });
}

inline void save_sample(CheckpointDirectory& directory, int64_t step, uint64_t variant = 0) {
  const SampleCheckpoint sample(step, variant);
  directory.save(sample.identity, sample.content);
}

}  // namespace albert::io
