#include <albert/base/error.h>
#include <albert/model/losses.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace albert {
namespace {

/// Rows of a block such that its fp32 copy has at most 64 MiB.
int64_t rows_per_block(const at::Tensor& logits) {
  constexpr int64_t kBlockElements = int64_t{1} << 24;
  return std::max<int64_t>(1, kBlockElements / std::max<int64_t>(1, logits.size(1)));
}

at::ScalarType accumulation_type(const at::Tensor& logits) {
  return logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

class CrossEntropySum : public torch::autograd::Function<CrossEntropySum> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits, const at::Tensor& targets) {
    const auto type = accumulation_type(logits);
    const at::Tensor scored = targets.ne(kIgnoredTarget);
    const at::Tensor columns = at::where(scored, targets, 0).unsqueeze(1);  // [rows, 1]
    const at::Tensor log_sums = at::empty({logits.size(0), 1}, logits.options().dtype(type));
    const int64_t block = rows_per_block(logits);
    for (int64_t first = 0; first < logits.size(0); first += block) {
      const int64_t rows = std::min(block, logits.size(0) - first);
      log_sums.narrow(0, first, rows).copy_(at::logsumexp(logits.narrow(0, first, rows).to(type), {1}, /*keepdim=*/true));
    }
    const at::Tensor losses = (log_sums - logits.gather(1, columns).to(type)).squeeze(1);
    context->save_for_backward({logits, columns, scored, log_sums});
    return at::where(scored, losses, 0.0).sum(type);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& logits = saved[0];
    const auto type = accumulation_type(logits);
    const at::Tensor weights = saved[2].to(type).mul_(gradients[0]).unsqueeze(1);  // [rows, 1]: 0 where not scored
    at::Tensor result = at::empty_like(logits);
    const int64_t block = rows_per_block(logits);
    for (int64_t first = 0; first < logits.size(0); first += block) {
      const int64_t rows = std::min(block, logits.size(0) - first);
      at::Tensor share = logits.narrow(0, first, rows).to(type, /*non_blocking=*/false, /*copy=*/true);
      share.sub_(saved[3].narrow(0, first, rows)).exp_();
      share.scatter_add_(1, saved[1].narrow(0, first, rows), at::full({rows, 1}, -1.0, share.options()));
      result.narrow(0, first, rows).copy_(share.mul_(weights.narrow(0, first, rows)));
    }
    return {result, at::Tensor()};
  }
};

void check_shapes(const at::Tensor& logits, const at::Tensor& targets) {
  ALBERT_CHECK(logits.dim() == 2 && targets.dim() == 1 && logits.size(0) == targets.size(0) && targets.scalar_type() == at::kLong,
               "logits must be [rows, classes] and targets int64 [rows], got {} and {}", logits.dim(), targets.dim());
}

}  // namespace

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets) {
  check_shapes(logits, targets);
  return CrossEntropySum::apply(logits, targets);
}

at::Tensor count_correct(const at::Tensor& logits, const at::Tensor& targets) {
  check_shapes(logits, targets);
  const at::NoGradGuard no_gradient;
  if (logits.size(0) == 0) return at::zeros({}, targets.options());
  return logits.argmax(1).eq(targets).sum();
}

}  // namespace albert
