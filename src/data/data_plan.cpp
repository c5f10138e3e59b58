#include <albert/base/error.h>
#include <albert/data/data_plan.h>

#include <algorithm>
#include <iterator>

namespace albert {

double MaskingRamp::at(int64_t step) const {
  const double share = static_cast<double>(step) / static_cast<double>(std::max<int64_t>(total_steps - 1, 1));
  return first + (last - first) * std::min(share, 1.0);
}

DataPlan::DataPlan(std::vector<DataPhase> phases, std::optional<MaskingRamp> ramp) : phases_(std::move(phases)), ramp_(ramp) {
  ALBERT_CHECK(!phases_.empty() && phases_.front().first_step == 0, "a plan begins at step 0");
  for (size_t i = 0; i < phases_.size(); ++i) {
    ALBERT_CHECK(phases_[i].batch_size > 0 && phases_[i].micro_batch > 0 && phases_[i].dataset != nullptr, "phase {} has no steps", i);
    ALBERT_CHECK(i == 0 || phases_[i].first_step > phases_[i - 1].first_step, "phase {} begins before the one before it ends", i);
  }
}

const DataPhase& DataPlan::phase(int64_t step) const {
  const auto next = std::upper_bound(phases_.begin() + 1, phases_.end(), step,
                                     [](int64_t value, const DataPhase& phase) { return value < phase.first_step; });
  return *std::prev(next);
}

std::optional<double> DataPlan::masking_probability(int64_t step) const {
  const auto& own = phase(step).masking_probability;
  return own || !ramp_ ? own : ramp_->at(step);
}

double DataPlan::epochs(int64_t steps, int64_t examples) const {
  double sum = 0;
  for (size_t i = 0; i < phases_.size(); ++i) {
    const DataPhase& phase = phases_[i];
    const bool is_last = i + 1 == phases_.size() || steps <= phases_[i + 1].first_step;
    // The current phase has what the ones before it left, so that without phases nothing but `examples` counts.
    const int64_t own = is_last ? examples : std::min(examples, (phases_[i + 1].first_step - phase.first_step) * phase.batch_size);
    sum += static_cast<double>(own) / static_cast<double>(phase.dataset->examples_per_epoch(0));
    examples -= own;
    if (is_last) break;
  }
  return sum;
}

}  // namespace albert
