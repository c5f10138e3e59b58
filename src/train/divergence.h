// What is wrong with a step, and what may be done about it.
#pragma once

#include <albert/optim/optimizer.h>
#include <albert/train/step_program.h>
#include <albert/train/training_config.h>
#include <albert/train/training_state.h>

#include <map>
#include <string>

namespace albert {

/// Losses, those of its parts among them.
bool is_loss(const std::string& name);

/// A count without decimals; NaN without the sign that it may have.
std::string number_text(double value);

/// What is not finite among the losses, or in the gradient, by name: "every part of the loss must be finite, got mlm_loss nan". Empty
/// where all is finite.
std::string describe_non_finite(const std::map<std::string, double>& metrics, const Optimizer& optimizer);

/// The names of parameters that themselves hold a number that is not finite, as text; empty for none.
std::string describe_bad_parameters(const Optimizer& optimizer);

/// The gradient norms of the last steps, and whether one sticks out. All of it stands in the state, so it goes on after a resume.
class SpikeWatch {
 public:
  /// Norms that must be known before one can stick out.
  static constexpr size_t kFewestNorms = 20;

  SpikeWatch(const DivergenceConfig& config, DivergenceState& state) : config_(config), state_(state) {}

  /// "gradient norm 52.1 is 12.4 times the median 4.2 of the last 100 steps" where the norm is more than `spike_factor` times the median of
  /// the last `window` steps whose update was made; else empty.
  [[nodiscard]] std::string describe_spike(double norm) const;
  /// Notes the norm of a step whose update was made.
  void accept(double norm);

 private:
  const DivergenceConfig& config_;
  DivergenceState& state_;
};

}  // namespace albert
