#include <albert/optim/gradient_clipping.h>

#include "optim/cpu_kernels.h"

#include <albert/base/error.h>

#include <ATen/ops/linalg_vector_norm.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace albert {

double gradient_norm(const at::Tensor& flat_gradients) {
  const at::NoGradGuard no_grad;
  ALBERT_CHECK(flat_gradients.dim() == 1 && flat_gradients.is_contiguous() && flat_gradients.scalar_type() == at::kFloat,
               "gradient_norm: wanted a flat fp32 buffer");
  if (flat_gradients.is_cpu()) {
    return std::sqrt(cpu::sum_of_squares(flat_gradients.const_data_ptr<float>(), flat_gradients.numel()));
  }
  return at::linalg_vector_norm(flat_gradients, 2, std::nullopt, /*keepdim=*/false, at::kDouble).item<double>();
}

double clip_gradients(at::Tensor& flat_gradients, double max_norm) {
  ALBERT_CHECK(max_norm > 0, "clip_gradients: wanted a positive norm, got {}", max_norm);
  const double norm = gradient_norm(flat_gradients);
  if (std::isfinite(norm) && norm > max_norm) {
    const at::NoGradGuard no_grad;
    flat_gradients.mul_(max_norm / norm);
  }
  return norm;
}

}  // namespace albert
