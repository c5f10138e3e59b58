// Dynamic loss scaling for fp16 (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2): gradients below 6e-8 would vanish, so the
// loss is multiplied by a factor that is as large as it can be without an overflow.
#pragma once

#include <cstdint>

namespace albert {

/// Stands in the checkpoint.
struct LossScaleState {
  double factor = 65536;
  int64_t steps_without_overflow = 0;
  int64_t overflows = 0;  ///< since the start of the run
  bool operator==(const LossScaleState&) const = default;
};

/// The rule of PyTorch's GradScaler: halved after an overflow, doubled after kGrowthInterval steps without one. Powers of two, so that scaling
/// itself rounds nothing.
class LossScale {
 public:
  static constexpr int64_t kGrowthInterval = 2000;
  static constexpr double kSmallest = 1;
  static constexpr double kLargest = 16777216;  // 2^24

  explicit LossScale(LossScaleState& state) : state_(state) {}
  [[nodiscard]] double factor() const { return state_.factor; }
  /// After a step whose gradient was finite.
  void accept();
  /// After a step whose gradient was not finite. False where the factor is as small as it gets: then it is not the factor's fault.
  bool lower();

 private:
  LossScaleState& state_;
};

}  // namespace albert
