// Bias and GELU (tanh form) in one pass over memory, for CUDA devices: the feed-forward block of a layer without its two extra
// round trips.
//
// Part of builds with ALBERT_CUDA only. These kernels were compiled and their arithmetic was tested on the CPU; they have not run
// on a GPU yet (the tests labelled `gpu` compare them with ATen's operators where there is one).
#pragma once

#include <ATen/core/Tensor.h>

namespace albert::cuda {

/// gelu(input + bias), with gelu(x) = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016, arXiv
/// 1606.08415, section 2; `gelu` of Google's BERT and ALBERT, `gelu_new` of Hugging Face).
///
/// `input` [tokens, intermediate], `bias` [intermediate]: both fp32 or both bf16, contiguous, on one CUDA device. The result has
/// the shape and type of `input`; the arithmetic is fp32 and is rounded once. Runs on the current stream. Throws InternalError
/// for other shapes, types or devices. Knows nothing of autograd: a caller pairs it with `bias_gelu_backward` in its own
/// function.
[[nodiscard]] at::Tensor bias_gelu_forward(const at::Tensor& input, const at::Tensor& bias);

/// What `bias_gelu_backward` returns.
struct BiasGeluGradients {
  at::Tensor input;  ///< [tokens, intermediate], type of the input
  at::Tensor bias;   ///< [intermediate], fp32: summed over tokens in fp32 and in a fixed order, so the same bits every time
};

/// Gradients of `bias_gelu_forward` for `grad_output` [tokens, intermediate], which has the type of `input`.
[[nodiscard]] BiasGeluGradients bias_gelu_backward(const at::Tensor& grad_output, const at::Tensor& input,
                                                   const at::Tensor& bias);

}  // namespace albert::cuda
