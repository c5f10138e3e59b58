#include <cuda/bias_gelu_kernels.h>
#include <cuda/gelu_math.h>

#include <cuda_bf16.h>

#include <algorithm>

namespace albert::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;
constexpr int kRowsAtOnce = kThreads / kWarp;  // rows that a block of the backward kernel reads side by side

__device__ __forceinline__ float to_float(float value) { return value; }
__device__ __forceinline__ float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }
__device__ __forceinline__ void store(float& place, float value) { place = value; }
__device__ __forceinline__ void store(__nv_bfloat16& place, float value) { place = __float2bfloat16_rn(value); }

// `kWidth` neighbours that are read and written in one access.
template <typename T, int kWidth>
struct alignas(sizeof(T) * kWidth) Pack {
  T values[kWidth];
};

template <typename T, int kWidth>
__global__ void forward_kernel(const Pack<T, kWidth>* __restrict__ input, const Pack<T, kWidth>* __restrict__ bias,
                               Pack<T, kWidth>* __restrict__ output, int64_t packs, int64_t packs_per_row) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < packs; i += stride) {
    const Pack<T, kWidth> x = input[i];
    const Pack<T, kWidth> b = bias[i % packs_per_row];
    Pack<T, kWidth> y;
#pragma unroll
    for (int k = 0; k < kWidth; ++k) store(y.values[k], gelu_tanh(to_float(x.values[k]) + to_float(b.values[k])));
    output[i] = y;
  }
}

// A block covers kWarp packs of columns and kBackwardRowsPerBlock rows; it writes its part of the bias gradient to one row of
// `workspace`.
template <typename T, int kWidth>
__global__ void backward_kernel(const Pack<T, kWidth>* __restrict__ grad_output, const Pack<T, kWidth>* __restrict__ input,
                                const Pack<T, kWidth>* __restrict__ bias, Pack<T, kWidth>* __restrict__ grad_input,
                                float* __restrict__ workspace, int64_t rows, int64_t packs_per_row) {
  __shared__ float sums[kRowsAtOnce][kWarp][kWidth];
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x;
  const bool inside = column < packs_per_row;
  float sum[kWidth] = {};
  if (inside) {
    const Pack<T, kWidth> b = bias[column];
    const int64_t first = static_cast<int64_t>(blockIdx.y) * kBackwardRowsPerBlock;
    const int64_t end = first + kBackwardRowsPerBlock < rows ? first + kBackwardRowsPerBlock : rows;
    for (int64_t row = first + threadIdx.y; row < end; row += kRowsAtOnce) {
      const int64_t i = row * packs_per_row + column;
      const Pack<T, kWidth> x = input[i];
      const Pack<T, kWidth> dy = grad_output[i];
      Pack<T, kWidth> dx;
#pragma unroll
      for (int k = 0; k < kWidth; ++k) {
        const float gradient = to_float(dy.values[k]) * gelu_tanh_derivative(to_float(x.values[k]) + to_float(b.values[k]));
        store(dx.values[k], gradient);
        sum[k] += gradient;
      }
      grad_input[i] = dx;
    }
  }
  for (int k = 0; k < kWidth; ++k) sums[threadIdx.y][threadIdx.x][k] = sum[k];
  __syncthreads();
  if (threadIdx.y != 0 || !inside) return;
  for (int k = 0; k < kWidth; ++k) {
    float total = 0;
    for (int y = 0; y < kRowsAtOnce; ++y) total += sums[y][threadIdx.x][k];
    workspace[(static_cast<int64_t>(blockIdx.y) * packs_per_row + column) * kWidth + k] = total;
  }
}

__global__ void sum_chunks_kernel(const float* __restrict__ workspace, float* __restrict__ grad_bias, int64_t chunks,
                                  int64_t columns) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  float total = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) total += workspace[chunk * columns + column];
  grad_bias[column] = total;
}

template <typename T, int kWidth>
const Pack<T, kWidth>* packed(const void* pointer) {
  return static_cast<const Pack<T, kWidth>*>(pointer);
}

template <int kWidth, typename T, typename... Pointers>
bool fits(int64_t columns, const Pointers*... pointers) {
  return columns % kWidth == 0 && ((reinterpret_cast<uintptr_t>(pointers) % (sizeof(T) * kWidth) == 0) && ...);
}

template <typename T, int kWidth>
void forward(const BiasGeluShape& shape, const void* input, const void* bias, void* output, cudaStream_t stream) {
  const int64_t packs_per_row = shape.columns / kWidth;
  const int64_t packs = shape.rows * packs_per_row;
  const int64_t blocks = std::min<int64_t>((packs + kThreads - 1) / kThreads, 65536);  // the kernel's loop takes the rest
  forward_kernel<T, kWidth><<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(
      packed<T, kWidth>(input), packed<T, kWidth>(bias), static_cast<Pack<T, kWidth>*>(output), packs, packs_per_row);
}

template <typename T, int kWidth>
void backward(const BiasGeluShape& shape, const BiasGeluBackward& arrays, cudaStream_t stream) {
  const int64_t packs_per_row = shape.columns / kWidth;
  const dim3 grid(static_cast<unsigned>((packs_per_row + kWarp - 1) / kWarp), static_cast<unsigned>(backward_chunks(shape.rows)));
  backward_kernel<T, kWidth><<<grid, dim3(kWarp, kRowsAtOnce), 0, stream>>>(
      packed<T, kWidth>(arrays.grad_output), packed<T, kWidth>(arrays.input), packed<T, kWidth>(arrays.bias),
      static_cast<Pack<T, kWidth>*>(arrays.grad_input), arrays.workspace, shape.rows, packs_per_row);
}

template <typename T>
void forward_of(const BiasGeluShape& shape, const void* input, const void* bias, void* output, cudaStream_t stream) {
  constexpr int kWide = 16 / sizeof(T);  // the widest access of the hardware
  if (fits<kWide, T>(shape.columns, input, bias, output)) {
    forward<T, kWide>(shape, input, bias, output, stream);
  } else {
    forward<T, 1>(shape, input, bias, output, stream);
  }
}

template <typename T>
void backward_of(const BiasGeluShape& shape, const BiasGeluBackward& arrays, cudaStream_t stream) {
  if (fits<2, T>(shape.columns, arrays.grad_output, arrays.input, arrays.bias, arrays.grad_input)) {
    backward<T, 2>(shape, arrays, stream);
  } else {
    backward<T, 1>(shape, arrays, stream);
  }
}

}  // namespace

cudaError_t launch_bias_gelu_forward(const BiasGeluShape& shape, const void* input, const void* bias, void* output,
                                     cudaStream_t stream) {
  if (shape.rows == 0 || shape.columns == 0) return cudaSuccess;  // a grid of no blocks is an error
  if (shape.element == Element::fp32) {
    forward_of<float>(shape, input, bias, output, stream);
  } else {
    forward_of<__nv_bfloat16>(shape, input, bias, output, stream);
  }
  return cudaGetLastError();
}

cudaError_t launch_bias_gelu_backward(const BiasGeluShape& shape, const BiasGeluBackward& arrays, cudaStream_t stream) {
  if (shape.columns == 0) return cudaSuccess;
  if (shape.rows > 0) {
    if (shape.element == Element::fp32) {
      backward_of<float>(shape, arrays, stream);
    } else {
      backward_of<__nv_bfloat16>(shape, arrays, stream);
    }
    if (const cudaError_t status = cudaGetLastError(); status != cudaSuccess) return status;
  }
  const auto blocks = static_cast<unsigned>((shape.columns + kThreads - 1) / kThreads);
  sum_chunks_kernel<<<blocks, kThreads, 0, stream>>>(arrays.workspace, arrays.grad_bias, backward_chunks(shape.rows),
                                                     shape.columns);
  return cudaGetLastError();
}

}  // namespace albert::cuda
