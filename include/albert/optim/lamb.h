// LAMB (You et al. 2019, arXiv 1904.00962) as Google runs it for ALBERT (albert/lamb_optimizer.py): no bias correction, epsilon
// outside the root, no clamp of the trust ratio.
#pragma once

#include <albert/optim/moment_optimizer.h>

#include <optional>

namespace albert {

struct LambOptions {
  MomentOptions moments;
  /// Upper bound of ||w|| in the trust ratio; another implementation uses 10. Nothing: no bound, as Google's.
  std::optional<double> clamp_weight_norm{};
};

/// With u of MomentOptions: r = ||w|| / ||u|| where both are positive, else 1; w -= learning_rate * r * u. Excluded parameters
/// (decay = false): no decay and r = 1. The norms are of one whole tensor: a shared layer has one ratio for all its applications.
class Lamb : public MomentOptimizer {
 public:
  Lamb(std::vector<OptimizedParameter> parameters, const LambOptions& options);
  void step(double learning_rate) override;
  [[nodiscard]] std::string name() const override { return "lamb"; }

 private:
  void step_fused(double learning_rate);
  void step_by_operators(double learning_rate);
  std::optional<double> clamp_weight_norm_;
};

}  // namespace albert
