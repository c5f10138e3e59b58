// What Adam and LAMB share: two moments and the direction u that they give.
#pragma once

#include <albert/optim/optimizer.h>

#include <string>
#include <utility>
#include <vector>

namespace albert {

/// Which code does the update. fused: one pass over the buffers, CPU only. operators: ATen's, on any device, without waiting for
/// it.
enum class UpdateKernel { automatic, fused, operators };

/// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  u = m / (sqrt(v) + epsilon);  decayed parameters: u +=
/// weight_decay w. With bias correction m and v are divided by 1 - beta^t, t = 1 at the first update (Kingma and Ba 2015).
struct MomentOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  double weight_decay = 0.01;
  bool bias_correction = false;
  UpdateKernel kernel = UpdateKernel::automatic;
};

/// Base of the optimizers with two moments.
class MomentOptimizer : public Optimizer {
 public:
  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> state() const override;

 protected:
  MomentOptimizer(std::vector<OptimizedParameter> parameters, const MomentOptions& options);

  [[nodiscard]] bool fused() const;
  /// Factors of m and sqrt(v) in u for the update with number `step_count_`; 1 and 1 without bias correction.
  [[nodiscard]] std::pair<double, double> corrections() const;
  /// Per parameter: its weight decay, 0 where it is excluded.
  [[nodiscard]] std::vector<float> decays() const;
  /// Per parameter: `learning_rate` times its own scale.
  [[nodiscard]] std::vector<float> rates(double learning_rate) const;
  /// By ATen's operators: updates the moments and returns u, [total].
  [[nodiscard]] at::Tensor updated_direction();
  /// By ATen's operators: w -= rate u, with u changed in place.
  void apply_direction(const at::Tensor& direction, const std::vector<at::Tensor>& direction_views, double learning_rate);

  MomentOptions options_;
  FlatState first_moments_;
  FlatState second_moments_;
};

}  // namespace albert
