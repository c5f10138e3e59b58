// AdamW (Loshchilov and Hutter 2019) in two forms.
//
// Without bias correction: Google's AdamWeightDecayOptimizer (BERT and ALBERT, optimization.py). With it: torch.optim.AdamW. The two are
// not equal, however long one trains: the first updates differ by up to a factor of 3.
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
