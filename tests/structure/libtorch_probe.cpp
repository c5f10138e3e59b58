// The smallest program that uses LibTorch: it proves that headers, libraries and run-time paths fit together.
#include <ATen/Functions.h>

#include <cstdio>

int main() {
  const double sum = at::ones({3, 4}).sum().item<double>();
  std::printf("sum %g\n", sum);
  return sum == 12 ? 0 : 1;
}
