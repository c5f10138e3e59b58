// Rows of different lengths that lie one after another: the tokens of packed sequences, the choices of questions. Softmax over a
// row is over its own values only.
//
// transformers' question answering takes the softmax over all positions of the padded batch, padding included; here there is no
// padding to include. Scores agree where nothing is padded.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace albert {

/// Where the rows lie. Made once per batch.
class RaggedRows {
 public:
  /// offsets: [rows + 1] int64 on the CPU, ascending from 0, no row empty (InternalError). The padded width is the longest row,
  /// but at least `min_width`.
  RaggedRows(const at::Tensor& offsets, const at::Device& device, int64_t min_width = 1);

  [[nodiscard]] int64_t num_rows() const { return lengths_.size(0); }
  [[nodiscard]] int64_t num_values() const { return row_of_value_.size(0); }
  [[nodiscard]] int64_t width() const { return width_; }
  [[nodiscard]] const at::Tensor& first() const { return first_; }      ///< [rows] int64: index of each row's first value
  [[nodiscard]] const at::Tensor& lengths() const { return lengths_; }  ///< [rows] int64
  [[nodiscard]] const at::Tensor& row_of_value() const { return row_of_value_; }  ///< [values] int64

  /// [values] -> [rows, width], `fill` behind the end of a row.
  [[nodiscard]] at::Tensor pad(const at::Tensor& values, double fill) const;
  /// [rows, width] -> [values].
  [[nodiscard]] at::Tensor unpad(const at::Tensor& padded) const;
  /// Index of each row's value at `positions` [rows] int64 (position in the own row; negative ones count as 0).
  [[nodiscard]] at::Tensor index_of(const at::Tensor& positions) const;

 private:
  int64_t width_ = 0;
  bool is_rectangle_ = false;  // every row has `width` values: padding is a view
  at::Tensor first_;
  at::Tensor lengths_;
  at::Tensor row_of_value_;
  at::Tensor padded_from_values_;  // [rows * width] int64
  at::Tensor values_from_padded_;  // [values] int64
  at::Tensor is_padding_;          // [rows, width] bool
};

/// log softmax over each row's own values, in fp32 (fp64 for fp64). values: [values] of any floating type; result [values].
at::Tensor ragged_log_softmax(const at::Tensor& values, const RaggedRows& rows);

/// Sum over rows of -log softmax(row)[target], a scalar as cross_entropy_sum gives. targets: [rows] int64, positions in the own
/// row; kIgnoredTarget is not scored. A target on the CPU beyond its row is an InternalError.
at::Tensor ragged_cross_entropy_sum(const at::Tensor& values, const at::Tensor& targets, const RaggedRows& rows);

/// Number of scored rows whose largest value is the target's, as an int64 scalar on the device of the values.
at::Tensor ragged_count_correct(const at::Tensor& values, const at::Tensor& targets, const RaggedRows& rows);

}  // namespace albert
