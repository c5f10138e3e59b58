#include <albert/train/loss_scale.h>

#include <algorithm>

namespace albert {

void LossScale::accept() {
  if (++state_.steps_without_overflow < kGrowthInterval) return;
  state_.steps_without_overflow = 0;
  state_.factor = std::min(2 * state_.factor, kLargest);
}

bool LossScale::lower() {
  if (state_.factor <= kSmallest) return false;
  state_.steps_without_overflow = 0;
  ++state_.overflows;
  state_.factor = std::max(state_.factor / 2, kSmallest);
  return true;
}

}  // namespace albert
