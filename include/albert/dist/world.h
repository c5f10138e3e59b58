// The processes that train together. `single_process()` is the null object: the same code runs with and without others.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>

namespace albert {

/// All members are called by every rank, in the same order. Implementations throw Error with ExitCode::peer_lost where a rank is
/// gone.
class World {
 public:
  virtual ~World() = default;
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] virtual int64_t rank() const = 0;  ///< from 0
  [[nodiscard]] virtual int64_t size() const = 0;  ///< at least 1
  /// Replaces each value by its sum over the ranks: the totals of a step, sums of metrics.
  virtual void sum(std::span<int64_t> values) = 0;
  virtual void sum(std::span<double> values) = 0;
  /// Sums the flat gradient buffer over the ranks, in place. Losses are divided by the totals of the step, so this is the
  /// gradient.
  virtual void sum_gradients(at::Tensor& flat) = 0;
  /// Returns when every rank has arrived.
  virtual void barrier() = 0;

  [[nodiscard]] bool is_first() const { return rank() == 0; }
  /// True where at least one rank says so (a request to stop).
  [[nodiscard]] bool any(bool mine);
  /// True where every rank says so (a loss is finite).
  [[nodiscard]] bool all(bool mine);
  /// True where every rank gives the same number (the hash of a configuration).
  [[nodiscard]] bool agree(uint64_t mine);
};

/// Rank 0 of 1.
std::unique_ptr<World> single_process();

}  // namespace albert
