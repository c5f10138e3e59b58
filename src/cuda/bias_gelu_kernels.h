// Launchers of the bias and GELU kernels. Raw pointers only: nvcc never sees LibTorch's headers, which would cost it a minute a
// file.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace albert::cuda {

enum class Element { fp32, bf16 };

/// A row-major [rows, columns] problem on one stream.
struct BiasGeluShape {
  Element element = Element::fp32;
  int64_t rows = 0;
  int64_t columns = 0;
};

/// Rows that one block of the backward kernel sums. It depends on nothing, so that the order of the sum does not either.
constexpr int64_t kBackwardRowsPerBlock = 256;
/// Rows of the fp32 workspace [chunks, columns] of the backward pass.
constexpr int64_t backward_chunks(int64_t rows) { return (rows + kBackwardRowsPerBlock - 1) / kBackwardRowsPerBlock; }

cudaError_t launch_bias_gelu_forward(const BiasGeluShape& shape, const void* input, const void* bias, void* output,
                                     cudaStream_t stream);

/// Pointers of the backward pass; `workspace` [backward_chunks(rows), columns] and `grad_bias` [columns] are fp32.
struct BiasGeluBackward {
  const void* grad_output;
  const void* input;
  const void* bias;
  void* grad_input;
  float* workspace;
  float* grad_bias;
};
cudaError_t launch_bias_gelu_backward(const BiasGeluShape& shape, const BiasGeluBackward& arrays, cudaStream_t stream);

}  // namespace albert::cuda
