// Exponential moving average of the weights.
//
//   WeightAverage average(*optimizer, /*decay=*/0.999);
//   optimizer->step(rate); average.update();
//   average.swap(); evaluate(); average.swap();
#pragma once

#include <albert/optim/optimizer.h>

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace albert {

/// a_0 = w_0 (the weights when it was made), a_t = decay a_{t-1} + (1 - decay) w_t after update t, in one fp32 buffer of the optimizer's
/// layout. Its memory is about 1 / (1 - decay) updates long.
class WeightAverage {
 public:
  /// The optimizer must outlive it. `decay` in [0, 1).
  WeightAverage(const Optimizer& optimizer, double decay);
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;

  /// After an update of the parameters; not while they are swapped.
  void update();
  /// Exchanges the average and the parameters, to the bit; twice is nothing.
  void swap();
  /// What a checkpoint holds: the average of each parameter, by its name.
  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> state() const;
  /// Throws IoError naming the first tensor that is missing, misshapen or not expected, and then changes nothing.
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state);

 private:
  const Optimizer& optimizer_;
  double decay_;
  at::Tensor average_;  // [total]
};

}  // namespace albert
