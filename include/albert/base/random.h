// Counter-based random streams: no global generator, no hidden state shared between threads.
//
// A stream is a pure function of (seed, purpose, a, b): the same four values give the same numbers on any thread, in any order.
//   RandomStream random(seed, "masking", epoch, index);
//   const double u = random.uniform();
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace albert {

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed by the arguments of the constructor.
class RandomStream {
 public:
  /// `purpose` keeps streams of different uses apart ("masking", "segments", "initialization"); `a` and `b` are, for
  /// example, epoch and index.
  RandomStream(uint64_t seed, std::string_view purpose, uint64_t a = 0, uint64_t b = 0);

  /// 64 random bits.
  uint64_t next();
  /// Uniform in [0, 1) with 53 random bits.
  double uniform();
  /// Uniform in [0, bound) without bias (Lemire 2019); bound must be positive.
  uint64_t below(uint64_t bound);
  /// Uniform in [low, high], both ends included.
  int64_t between(int64_t low, int64_t high);
  /// Standard normal (Box-Muller).
  double normal();

  /// Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  void refill();

  std::array<uint32_t, 2> key_{};
  std::array<uint32_t, 4> counter_{};
  std::array<uint64_t, 2> buffer_{};
  size_t used_ = 2;
};

/// Mixes values into one 64-bit key (SplitMix64 finaliser), for derived seeds.
uint64_t mix_seed(uint64_t seed, std::string_view purpose, uint64_t a = 0, uint64_t b = 0);

}  // namespace albert
