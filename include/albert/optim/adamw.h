// AdamW (Loshchilov and Hutter 2019) in two forms.
//
// Without bias correction: Google's AdamWeightDecayOptimizer (BERT and ALBERT, optimization.py). With it: torch.optim.AdamW. They
// differ most at the start: the first update of Google's is (1 - beta1) / sqrt(1 - beta2) = 3.2 times the corrected one.
#pragma once

#include <albert/optim/moment_optimizer.h>

namespace albert {

/// With u of MomentOptions: w -= learning_rate * u. Decay is added to u, after the moments, so it never enters them (decoupled).
class AdamW : public MomentOptimizer {
 public:
  AdamW(std::vector<OptimizedParameter> parameters, const MomentOptions& options);
  void step(double learning_rate) override;
  [[nodiscard]] std::string name() const override { return "adamw"; }
};

}  // namespace albert
