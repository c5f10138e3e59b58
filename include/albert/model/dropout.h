// Dropout from a generator of our own, so that its draws depend on nothing but the seed that the trainer sets for each
// micro-batch.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace albert {

/// Source of all dropout masks of one model. Not safe for concurrent use.
class Dropout {
 public:
  /// Restarts the stream. The trainer derives the seed from (run seed, step, micro-batch, rank) before each forward pass.
  void set_seed(uint64_t seed);
  /// Zeroes each element with `probability` in [0, 1) and scales the rest by 1 / (1 - probability). 0 returns x itself and draws
  /// nothing.
  at::Tensor apply(const at::Tensor& x, double probability);
  /// The fused CUDA attention kernel draws from LibTorch's default generator of the device and accepts no other: seeds that one
  /// from this stream.
  void seed_default_generator(const at::Device& device);

  /// A place in the stream, to draw the same masks again.
  struct Place {
    uint64_t seed = 0;
    uint64_t default_generator_uses = 0;
    std::optional<at::Generator> generator;  ///< a copy
  };
  [[nodiscard]] Place place() const;
  void go_to(const Place& place);

 private:
  at::Generator& generator(const at::Device& device);

  uint64_t seed_ = 0;
  uint64_t default_generator_uses_ = 0;
  std::optional<at::Generator> generator_;
};

}  // namespace albert
