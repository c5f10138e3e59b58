#include "train/metric_sums.h"

#include <albert/base/error.h>

#include <ATen/ATen.h>

#include <vector>

namespace albert {

void MetricSums::add(const MicroBatchLoss& micro) {
  add("loss", micro.loss);
  for (const auto& [name, value] : micro.metrics) {
    ALBERT_CHECK(name != "loss", "a program may not name a metric 'loss'");
    add(name, value);
  }
}

void MetricSums::add(const std::string& name, const at::Tensor& value) {
  const at::Tensor number = value.detach().to(at::kDouble);
  const auto [it, is_new] = sums_.try_emplace(name, number);
  if (!is_new) it->second = it->second + number;
}

std::map<std::string, double> MetricSums::read(World& world, bool stop_requested, bool& stop_agreed) const {
  ALBERT_CHECK(!sums_.empty(), "a step had no micro-batch");
  std::vector<at::Tensor> scalars;
  for (const auto& [name, sum] : sums_) scalars.push_back(sum.reshape({}));
  const at::Tensor host = at::stack(scalars).cpu();
  const double* first = host.const_data_ptr<double>();
  std::vector<double> values(first, first + host.numel());
  values.push_back(stop_requested ? 1.0 : 0.0);
  world.sum(values);
  std::map<std::string, double> result;
  size_t next = 0;
  for (const auto& [name, sum] : sums_) result[name] = values[next++];
  stop_agreed = values[next] > 0;
  return result;
}

}  // namespace albert
