// Metrics of one step: summed on the device over micro-batches, read by the host once.
#pragma once

#include <albert/dist/world.h>
#include <albert/train/step_program.h>

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace albert {

class MetricSums {
 public:
  void add(const MicroBatchLoss& micro);
  /// Sums over ranks, by name, with the differentiable loss as "loss". The ranks agree on a stop by the same message:
  /// `stop_agreed` is set when any of them asks for it.
  std::map<std::string, double> read(World& world, bool stop_requested, bool& stop_agreed) const;

 private:
  void add(const std::string& name, const at::Tensor& value);

  std::map<std::string, at::Tensor> sums_;  ///< fp64 scalars on the losses' device
};

}  // namespace albert
