#include <albert/base/random.h>
#include <albert/model/initialization.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

namespace albert {
namespace {

constexpr double kCut = 2.0;  // in standard deviations

bool is_layer_norm(std::string_view name) {
  return name.find("LayerNorm") != std::string_view::npos || name.find("layer_norm") != std::string_view::npos;
}

double truncated_normal(RandomStream& random) {
  for (;;) {
    const double value = random.normal();
    if (std::abs(value) <= kCut) return value;
  }
}

/// Blocks of fixed size with a stream each, so that the number of threads does not matter.
void fill_truncated_normal(std::span<float> values, double stddev, uint64_t seed, std::string_view name) {
  constexpr int64_t kBlock = 1 << 14;
  const auto size = static_cast<int64_t>(values.size());
  at::parallel_for(0, (size + kBlock - 1) / kBlock, /*grain_size=*/1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      RandomStream random(seed, name, static_cast<uint64_t>(block));
      const auto first = static_cast<size_t>(block * kBlock);
      for (float& value : values.subspan(first, std::min<size_t>(kBlock, values.size() - first))) {
        value = static_cast<float>(stddev * truncated_normal(random));
      }
    }
  });
}

}  // namespace

void initialize(const std::vector<NamedParameter>& parameters, double stddev, uint64_t seed) {
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : parameters) {
    if (std::string_view(name).ends_with("bias")) {
      tensor.zero_();
    } else if (is_layer_norm(name)) {
      tensor.fill_(1.0);
    } else {
      const at::Tensor values = at::empty(tensor.sizes(), at::TensorOptions().dtype(at::kFloat));
      fill_truncated_normal({values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel())}, stddev, seed,
                            "initialization:" + name);
      tensor.copy_(values);
    }
  }
}

}  // namespace albert
