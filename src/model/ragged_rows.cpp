#include <albert/base/error.h>
#include <albert/model/losses.h>
#include <albert/model/ragged_rows.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <limits>

namespace albert {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

void check_offsets(const at::Tensor& offsets) {
  ALBERT_CHECK(
      offsets.defined() && offsets.is_cpu() && offsets.scalar_type() == at::kLong && offsets.dim() == 1 && offsets.size(0) >= 2,
      "offsets must be int64 [rows + 1] on the CPU with at least one row");
  ALBERT_CHECK(offsets[0].item<int64_t>() == 0, "offsets must start at 0, got {}", offsets[0].item<int64_t>());
  ALBERT_CHECK(offsets.diff().min().item<int64_t>() > 0, "every row must hold at least one value");
}

void check_values(const at::Tensor& values, const RaggedRows& rows) {
  ALBERT_CHECK(values.dim() == 1 && values.size(0) == rows.num_values(), "values must be [{}], got {} in {} dimensions",
               rows.num_values(), values.numel(), values.dim());
}

at::Tensor in_full_precision(const at::Tensor& values) {
  return values.scalar_type() == at::kDouble ? values : values.to(at::kFloat);
}

/// Costs nothing on the CPU; on another device it would wait for the device.
void check_targets(const at::Tensor& targets, const RaggedRows& rows) {
  ALBERT_CHECK(targets.dim() == 1 && targets.size(0) == rows.num_rows() && targets.scalar_type() == at::kLong,
               "targets must be int64 [{}]", rows.num_rows());
  if (!targets.is_cpu() || !rows.lengths().is_cpu()) return;
  const at::Tensor is_inside = targets.eq(kIgnoredTarget).logical_or(targets.ge(0).logical_and(targets.lt(rows.lengths())));
  ALBERT_CHECK(is_inside.all().item<bool>(), "a target must be a position in its own row or {}", kIgnoredTarget);
}

}  // namespace

RaggedRows::RaggedRows(const at::Tensor& offsets, const at::Device& device, int64_t min_width) {
  check_offsets(offsets);
  const at::Tensor first = offsets.slice(0, 0, -1);  // [rows]
  const at::Tensor lengths = offsets.diff();         // [rows]
  const int64_t rows = lengths.size(0);
  const int64_t values = offsets[rows].item<int64_t>();
  width_ = std::max(min_width, lengths.max().item<int64_t>());
  is_rectangle_ = values == rows * width_;
  const at::Tensor row_of_value = at::repeat_interleave(lengths);
  const at::Tensor columns = at::arange(width_).unsqueeze(0);  // [1, width]
  const at::Tensor is_padding = columns.ge(lengths.unsqueeze(1));
  first_ = first.to(device, /*non_blocking=*/false, /*copy=*/true);
  lengths_ = lengths.to(device);
  row_of_value_ = row_of_value.to(device);
  if (is_rectangle_) return;
  padded_from_values_ = (first.unsqueeze(1) + columns).masked_fill(is_padding, 0).flatten().to(device);
  values_from_padded_ = (at::arange(values) - first.index_select(0, row_of_value) + row_of_value * width_).to(device);
  is_padding_ = is_padding.to(device);
}

at::Tensor RaggedRows::pad(const at::Tensor& values, double fill) const {
  if (is_rectangle_) return values.view({num_rows(), width_});
  return values.index_select(0, padded_from_values_).view({num_rows(), width_}).masked_fill(is_padding_, fill);
}

at::Tensor RaggedRows::unpad(const at::Tensor& padded) const {
  return is_rectangle_ ? padded.flatten() : padded.flatten().index_select(0, values_from_padded_);
}

at::Tensor RaggedRows::index_of(const at::Tensor& positions) const { return first_ + positions.clamp_min(0); }

at::Tensor ragged_log_softmax(const at::Tensor& values, const RaggedRows& rows) {
  check_values(values, rows);
  return rows.unpad(at::log_softmax(rows.pad(in_full_precision(values), kNothing), 1));
}

at::Tensor ragged_cross_entropy_sum(const at::Tensor& values, const at::Tensor& targets, const RaggedRows& rows) {
  check_values(values, rows);
  check_targets(targets, rows);
  const at::Tensor log_probs = ragged_log_softmax(values, rows);
  const at::Tensor losses = log_probs.index_select(0, rows.index_of(targets)).neg();  // [rows]
  return at::where(targets.ne(kIgnoredTarget), losses, 0.0).sum();
}

at::Tensor ragged_count_correct(const at::Tensor& values, const at::Tensor& targets, const RaggedRows& rows) {
  check_values(values, rows);
  check_targets(targets, rows);
  const at::NoGradGuard no_gradient;
  return rows.pad(in_full_precision(values), kNothing).argmax(1).eq(targets).sum();
}

}  // namespace albert
