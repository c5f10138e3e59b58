// Multi-head self-attention over packed sequences: the one place where the limits of sequences matter.
//
// CUDA with fp16 or bf16: the variable-length kernel reads the packed rows as they are. Elsewhere sequences of similar length
// form buckets, each padded to a rectangle inside attention only. A batch of equal lengths is one rectangle already and is not
// copied.
#pragma once

#include <albert/model/dropout.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace albert {

/// The least n or more of which an octave has eight, up to steps of 64: 13 for 13, 40 for 37, 2048 for 2000. Shapes that are rounded up repeat,
/// with less than an eighth of padding.
int64_t rounded_up(int64_t n);

/// Whether matrix products of this kind should find rounded shapes: oneDNN, which multiplies bf16 and fp16 on the CPU, generates machine code for each
/// new shape (0.4 to 9 ms) and LibTorch keeps about a thousand of them (0.7 MB each).
bool prefers_rounded_shapes(const at::Device& device, at::ScalarType type);

/// Where sequences lie among the packed tokens. Made once per forward pass, used by every application.
class SequenceLayout {
 public:
  /// Sequences padded to one length. In the padded order buckets follow each other.
  struct Bucket {
    int64_t sequences = 0;
    int64_t length = 0;
    int64_t first_row = 0;  ///< in the padded order
    at::Tensor key_mask;    ///< [sequences, 1, 1, length] bool, true = real token; undefined when nothing is padded
  };

  /// offsets: [batch + 1] int64 on the CPU, ascending. Throws InternalError for an empty sequence. `rounded`: rows and lengths of buckets are
  /// rounded up.
  SequenceLayout(const at::Tensor& offsets, const at::Device& device, bool rounded = false);

  [[nodiscard]] int64_t num_tokens() const { return num_tokens_; }
  [[nodiscard]] int64_t num_rows() const { return num_rows_; }  ///< tokens, and rows behind them that belong to no sequence
  [[nodiscard]] int64_t max_length() const { return max_length_; }
  [[nodiscard]] const at::Tensor& first_tokens() const { return first_tokens_; }              ///< [batch] int64 on the device
  [[nodiscard]] const at::Tensor& cumulative_lengths() const { return cumulative_lengths_; }  ///< [batch + 1] int32 on the device
  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }

  /// [num_tokens, width] to [num_rows, width] with zeros, and back. Gradients of the rows that belong to no sequence are zero.
  [[nodiscard]] at::Tensor extend(const at::Tensor& tokens) const;
  [[nodiscard]] at::Tensor shorten(const at::Tensor& rows) const;

  /// Packed [num_rows, width] to padded order; the rows of padding repeat a real token and must be masked.
  [[nodiscard]] at::Tensor pad(const at::Tensor& packed) const;
  /// Padded order back to packed [num_rows, width], with zeros behind the tokens.
  [[nodiscard]] at::Tensor unpad(const at::Tensor& padded) const;

 private:
  void make_buckets(const std::vector<int64_t>& offsets, const at::Device& device, bool rounded);

  int64_t num_tokens_ = 0;
  int64_t num_rows_ = 0;
  int64_t max_length_ = 0;
  bool is_rectangle_ = false;  // all lengths equal: padded order = packed order
  std::vector<Bucket> buckets_;
  at::Tensor first_tokens_;
  at::Tensor cumulative_lengths_;
  at::Tensor padded_from_packed_;  // [rows] int64
  at::Tensor packed_from_padded_;  // [tokens] int64
};

/// softmax(q k^T / sqrt(head_size)) v inside each sequence. query, key, value: [rows, hidden] of the layout; result the same.
/// `dropout_probability` 0 in evaluation. Formula: Vaswani et al. 2017, section 3.2.
at::Tensor self_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int64_t num_heads,
                          const SequenceLayout& layout, Dropout& dropout, double dropout_probability);

/// One kernel's arguments: [sequences, heads, length, head_size] each.
struct AttentionOperands {
  at::Tensor query;
  at::Tensor key;
  at::Tensor value;
};

/// Matrix product, softmax, matrix product. The fastest on the CPU for bf16 and for short sequences, and the only one with
/// dropout from our own generator. key_mask as in Bucket.
at::Tensor plain_attention(const AttentionOperands& operands, const at::Tensor& key_mask, Dropout& dropout,
                           double dropout_probability);

/// LibTorch's blocked kernels, which never hold the weights. No dropout.
at::Tensor fused_attention(const AttentionOperands& operands, const at::Tensor& key_mask);

/// Whether flash_varlen_attention runs these tensors: CUDA of capability 8.0 or later, fp16 or bf16, head size a multiple of 8 up
/// to 256.
bool has_flash_varlen_attention(const at::Tensor& query, int64_t head_size);

/// The variable-length kernel. Operands [tokens, heads, head_size]; result the same.
at::Tensor flash_varlen_attention(const AttentionOperands& operands, const SequenceLayout& layout, Dropout& dropout,
                                  double dropout_probability);

}  // namespace albert
