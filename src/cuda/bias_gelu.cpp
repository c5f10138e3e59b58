#include <albert/base/error.h>
#include <albert/cuda/bias_gelu.h>
#include <cuda/bias_gelu_kernels.h>

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace albert::cuda {
namespace {

constexpr int64_t kMaxChunks = 65535;  // blocks in the second dimension of a grid

BiasGeluShape check(const at::Tensor& input, const at::Tensor& bias) {
  ALBERT_CHECK(input.is_cuda() && bias.device() == input.device(), "bias_gelu: one CUDA device wanted, got {} and {}",
               input.device().str(), bias.device().str());
  ALBERT_CHECK(input.scalar_type() == at::kFloat || input.scalar_type() == at::kBFloat16,
               "bias_gelu: fp32 or bf16 wanted, got {}", c10::toString(input.scalar_type()));
  ALBERT_CHECK(bias.scalar_type() == input.scalar_type(), "bias_gelu: input and bias of one type wanted, got {} and {}",
               c10::toString(input.scalar_type()), c10::toString(bias.scalar_type()));
  ALBERT_CHECK(input.dim() == 2 && bias.dim() == 1 && bias.size(0) == input.size(1),
               "bias_gelu: [tokens, n] and [n] wanted, got {} and {}", c10::str(input.sizes()), c10::str(bias.sizes()));
  ALBERT_CHECK(input.is_contiguous() && bias.is_contiguous(), "bias_gelu: contiguous tensors wanted");
  ALBERT_CHECK(backward_chunks(input.size(0)) <= kMaxChunks, "bias_gelu: at most {} tokens, got {}",
               kMaxChunks * kBackwardRowsPerBlock, input.size(0));
  return {.element = input.scalar_type() == at::kFloat ? Element::fp32 : Element::bf16,
          .rows = input.size(0),
          .columns = input.size(1)};
}

void require_launched(cudaError_t status) {
  ALBERT_CHECK(status == cudaSuccess, "bias_gelu: the kernel was not launched: {}", cudaGetErrorString(status));
}

}  // namespace

at::Tensor bias_gelu_forward(const at::Tensor& input, const at::Tensor& bias) {
  const BiasGeluShape shape = check(input, bias);
  const c10::cuda::CUDAGuard guard(input.device());
  at::Tensor output = at::empty_like(input);  // [tokens, intermediate]
  require_launched(launch_bias_gelu_forward(shape, input.const_data_ptr(), bias.const_data_ptr(), output.mutable_data_ptr(),
                                            c10::cuda::getCurrentCUDAStream()));
  return output;
}

BiasGeluGradients bias_gelu_backward(const at::Tensor& grad_output, const at::Tensor& input, const at::Tensor& bias) {
  const BiasGeluShape shape = check(input, bias);
  ALBERT_CHECK(grad_output.sizes() == input.sizes() && grad_output.scalar_type() == input.scalar_type() &&
                   grad_output.device() == input.device() && grad_output.is_contiguous(),
               "bias_gelu: a gradient like the input wanted, got {} {}", c10::toString(grad_output.scalar_type()),
               c10::str(grad_output.sizes()));
  const c10::cuda::CUDAGuard guard(input.device());
  const auto fp32 = input.options().dtype(at::kFloat);
  BiasGeluGradients gradients{.input = at::empty_like(input), .bias = at::empty({shape.columns}, fp32)};
  const at::Tensor workspace = at::empty({backward_chunks(shape.rows), shape.columns}, fp32);
  require_launched(launch_bias_gelu_backward(shape,
                                             {.grad_output = grad_output.const_data_ptr(),
                                              .input = input.const_data_ptr(),
                                              .bias = bias.const_data_ptr(),
                                              .grad_input = gradients.input.mutable_data_ptr(),
                                              .workspace = workspace.mutable_data_ptr<float>(),
                                              .grad_bias = gradients.bias.mutable_data_ptr<float>()},
                                             c10::cuda::getCurrentCUDAStream()));
  return gradients;
}

}  // namespace albert::cuda
