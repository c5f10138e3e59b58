#include <albert/train/matmul_rate.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>

namespace albert {
namespace {

constexpr int64_t kRows = 2048;
constexpr int64_t kInner = 768;
constexpr int64_t kColumns = 3072;
constexpr double kFlops = 2.0 * kRows * kInner * kColumns;
constexpr double kBudgetSeconds = 0.3;
constexpr double kLongEnoughSeconds = 0.03;  // one reading of the clock and one wait for the device do not count then

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double measure_matmul_rate(at::Device device, at::ScalarType type) {
  const at::NoGradGuard no_gradients;
  const auto options = at::TensorOptions(device).dtype(type);
  const at::Tensor a = at::full({kRows, kInner}, 0.5, options);
  const at::Tensor b = at::full({kInner, kColumns}, 0.25, options);
  at::Tensor product = at::empty({kRows, kColumns}, options);
  const auto time = [&](int64_t repeats) {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repeats; ++i) at::mm_out(product, a, b);
    (void)product[0][0].item();  // waits for the device
    return seconds_since(start) / static_cast<double>(repeats);
  };
  (void)at::mm(a.narrow(0, 0, 1), b).sum().item();  // loads the library's kernels and, on CUDA, its context
  const auto start = std::chrono::steady_clock::now();
  double best = time(1);
  for (int64_t repeats = 1; seconds_since(start) + static_cast<double>(repeats) * best < kBudgetSeconds;) {
    const double seconds = time(repeats);
    best = std::min(best, seconds);
    if (seconds * static_cast<double>(repeats) < kLongEnoughSeconds) repeats *= 2;
  }
  return kFlops / best;
}

}  // namespace albert
