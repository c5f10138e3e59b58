// The only file that calls LibTorch's variable-length kernel: an internal operator whose arguments change between versions, so
// only those that every supported version has (up to `scale`) are passed.
#include <albert/model/attention.h>
#include <albert/model/device.h>

#include <cmath>

namespace albert {

bool has_flash_varlen_attention(const at::Tensor& query, int64_t head_size) {
  if (!query.is_cuda()) return false;
  const bool is_half = query.scalar_type() == at::kBFloat16 || query.scalar_type() == at::kHalf;
  constexpr int64_t kMaxHeadSize = 256;
  if (!is_half || head_size % 8 != 0 || head_size > kMaxHeadSize) return false;
  constexpr int kAmpere = 8;
  return cuda_capability(query.device()).major >= kAmpere;
}

at::Tensor flash_varlen_attention(const AttentionOperands& operands, const SequenceLayout& layout, Dropout& dropout,
                                  double dropout_probability) {
  if (dropout_probability > 0.0) dropout.seed_default_generator(operands.query.device());
  const double scale = 1.0 / std::sqrt(static_cast<double>(operands.query.size(-1)));
  const at::Tensor& offsets = layout.cumulative_lengths();
  return std::get<0>(at::_flash_attention_forward(operands.query, operands.key, operands.value, offsets, offsets,
                                                  layout.max_length(), layout.max_length(), dropout_probability,
                                                  /*is_causal=*/false,
                                                  /*return_debug_mask=*/false, scale));
}

}  // namespace albert
