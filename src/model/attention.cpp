#include <albert/base/error.h>
#include <albert/model/attention.h>

#include <cmath>
#include <limits>

namespace albert {
namespace {

double scale_of(const AttentionOperands& operands) { return 1.0 / std::sqrt(static_cast<double>(operands.query.size(-1))); }

/// Measured (performance notes, 0.4): on the CPU the blocked kernel wins for long fp32 rows; its bf16 (and fp16) backward is 10 times slower
/// than plain products. On CUDA it wins everywhere.
bool prefers_fused(const at::Tensor& query, int64_t length) {
  constexpr int64_t kLongRow = 256;
  if (!query.is_cpu()) return true;
  return !at::isReducedFloatingType(query.scalar_type()) && length >= kLongRow;
}

/// Rows of one bucket as [sequences, heads, length, head_size].
at::Tensor split_heads(const at::Tensor& rows, const SequenceLayout::Bucket& bucket, int64_t num_heads) {
  return rows.narrow(0, bucket.first_row, bucket.sequences * bucket.length)
      .view({bucket.sequences, bucket.length, num_heads, rows.size(1) / num_heads})
      .transpose(1, 2);
}

at::Tensor bucket_attention(const AttentionOperands& rows, const SequenceLayout::Bucket& bucket, int64_t num_heads,
                            Dropout& dropout, double dropout_probability) {
  const AttentionOperands operands{split_heads(rows.query, bucket, num_heads), split_heads(rows.key, bucket, num_heads),
                                   split_heads(rows.value, bucket, num_heads)};
  const at::Tensor context = dropout_probability == 0.0 && prefers_fused(rows.query, bucket.length)
                                 ? fused_attention(operands, bucket.key_mask)
                                 : plain_attention(operands, bucket.key_mask, dropout, dropout_probability);
  return context.transpose(1, 2).reshape({bucket.sequences * bucket.length, rows.query.size(1)});
}

}  // namespace

at::Tensor plain_attention(const AttentionOperands& operands, const at::Tensor& key_mask, Dropout& dropout,
                           double dropout_probability) {
  at::Tensor scores =
      at::matmul(operands.query, operands.key.transpose(-2, -1)).mul_(scale_of(operands));  // [sequences, heads, length, length]
  if (key_mask.defined()) scores.masked_fill_(key_mask.logical_not(), -std::numeric_limits<double>::infinity());
  const at::Tensor weights = dropout.apply(at::softmax(scores, -1), dropout_probability);
  return at::matmul(weights, operands.value);
}

at::Tensor fused_attention(const AttentionOperands& operands, const at::Tensor& key_mask) {
  const auto mask = key_mask.defined() ? std::optional<at::Tensor>(key_mask) : std::nullopt;
  return at::scaled_dot_product_attention(operands.query, operands.key, operands.value, mask, /*dropout_p=*/0.0,
                                          /*is_causal=*/false, scale_of(operands));
}

at::Tensor self_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int64_t num_heads,
                          const SequenceLayout& layout, Dropout& dropout, double dropout_probability) {
  const int64_t head_size = query.size(1) / num_heads;
  if (has_flash_varlen_attention(query, head_size)) {
    const auto heads = [&](const at::Tensor& x) { return x.view({x.size(0), num_heads, head_size}); };
    return flash_varlen_attention({heads(query), heads(key), heads(value)}, layout, dropout, dropout_probability)
        .reshape(query.sizes());
  }
  const AttentionOperands rows{layout.pad(query), layout.pad(key), layout.pad(value)};
  std::vector<at::Tensor> contexts;
  for (const SequenceLayout::Bucket& bucket : layout.buckets()) {
    contexts.push_back(bucket_attention(rows, bucket, num_heads, dropout, dropout_probability));
  }
  return layout.unpad(contexts.size() == 1 ? contexts.front() : at::cat(contexts));
}

}  // namespace albert
