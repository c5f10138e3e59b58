// Losses as sums in fp32: the trainer divides by the targets of the whole step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace albert {

/// Rows whose target is this are not scored.
inline constexpr int64_t kIgnoredTarget = -100;

/// Sum over rows of -log softmax(logits)[target], a scalar in fp32 (fp64 for fp64 logits). logits: [rows, classes] of any
/// floating type; targets: [rows] int64. The softmax is in fp32 and runs over blocks of rows, so that beside the logits no second
/// array of their size is held. No scored row gives 0 with zero gradients.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets);

/// Number of scored rows whose largest logit is the target's, as an int64 scalar on the device of the logits.
at::Tensor count_correct(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace albert
