// The arithmetic of the tanh form of GELU for one number: the same lines run in the kernels and in a test on the CPU.
#pragma once

#include <cmath>

#ifdef __CUDACC__
#define ALBERT_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define ALBERT_HOST_DEVICE inline
#endif

namespace albert::cuda {

constexpr float kSqrtTwoOverPi = 0.7978845608028654F;
constexpr float kGeluCubic = 0.044715F;

ALBERT_HOST_DEVICE float gelu_tanh(float x) {
  const float inner = kSqrtTwoOverPi * (x + kGeluCubic * x * x * x);
  return 0.5F * x * (1.0F + tanhf(inner));
}

/// d gelu_tanh / d x
ALBERT_HOST_DEVICE float gelu_tanh_derivative(float x) {
  const float t = tanhf(kSqrtTwoOverPi * (x + kGeluCubic * x * x * x));
  const float inner_derivative = kSqrtTwoOverPi * (1.0F + 3.0F * kGeluCubic * x * x);
  return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * inner_derivative;
}

}  // namespace albert::cuda
