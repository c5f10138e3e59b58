#include <albert/base/error.h>
#include <albert/model/layers.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace albert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// dW = dY^T X in fp32. CUDA's GEMM keeps its fp32 sum; on the CPU one application's sum is rounded to the operands' type once, at its end, and
/// the sum over applications stays in fp32.
at::Tensor weight_gradient(const at::Tensor& output_gradient, const at::Tensor& input) {
  if (input.is_cuda()) return at::mm(output_gradient.t(), input, at::kFloat);
  return at::mm(output_gradient.t(), input).to(at::kFloat);
}

/// The linear layer with fp32 master parameters and bf16 or fp16 operands.
class MixedLinear : public torch::autograd::Function<MixedLinear> {
 public:
  // The master parameters take part only so that their gradients have a place to go.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& weight_copy, const at::Tensor& bias_copy) {
    (void)weight;
    (void)bias;
    context->save_for_backward({x, weight_copy});
    return at::linear(x, weight_copy, bias_copy);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& output_gradient = gradients[0];
    at::Tensor input_gradient;
    at::Tensor weight_gradient_sum;
    at::Tensor bias_gradient;
    if (context->needs_input_grad(0)) input_gradient = at::mm(output_gradient, saved[1]);
    if (context->needs_input_grad(1)) weight_gradient_sum = weight_gradient(output_gradient, saved[0]);
    if (context->needs_input_grad(2)) bias_gradient = at::sum(output_gradient, {0}, /*keepdim=*/false, at::kFloat);
    return {input_gradient, weight_gradient_sum, bias_gradient, at::Tensor(), at::Tensor()};
  }
};

/// LayerNorm of a bf16 or fp16 input in fp32 for devices whose kernel wants all tensors of one type; keeps that input only.
class MixedLayerNorm : public torch::autograd::Function<MixedLayerNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            double eps) {
    auto [y, mean, inverse_deviation] = at::native_layer_norm(x.to(at::kFloat), weight.sizes(), weight, bias, eps);
    context->save_for_backward({x, weight, bias, mean, inverse_deviation});
    return y.to(x.scalar_type());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    auto [input_gradient, weight_gradient, bias_gradient] = at::native_layer_norm_backward(
        gradients[0].to(at::kFloat), x.to(at::kFloat), saved[1].sizes(), saved[3], saved[4], saved[1], saved[2],
        {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
    if (input_gradient.defined()) input_gradient = input_gradient.to(x.scalar_type());
    return {input_gradient, weight_gradient, bias_gradient, at::Tensor()};
  }
};

}  // namespace

const at::Tensor& ComputeCopy::of(const at::Tensor& master, at::ScalarType type) {
  if (copy_.defined() && copy_.scalar_type() != type) copy_.reset();
  if (!stale_ && copy_.defined() && copy_.device() == master.device()) return copy_;
  const at::NoGradGuard no_gradient;
  if (copy_.defined() && copy_.device() == master.device() && copy_.sizes() == master.sizes()) {
    copy_.copy_(master);
  } else {
    copy_ = master.detach().to(type, /*non_blocking=*/false, /*copy=*/true);
  }
  stale_ = false;
  return copy_;
}

void notify_parameters_changed(torch::nn::Module& root) {
  for (const auto& module : root.modules()) {
    if (auto* derived = dynamic_cast<HasComputeCopies*>(module.get())) derived->parameters_changed();
  }
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, ComputeCopy& weight_copy,
                  ComputeCopy& bias_copy) {
  if (x.scalar_type() == weight.scalar_type()) return at::linear(x, weight, bias);
  ALBERT_CHECK(x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf, "no linear layer for input {} and parameters {}", c10::toString(x.scalar_type()),
               c10::toString(weight.scalar_type()));
  return MixedLinear::apply(x, weight, bias, weight_copy.of(weight, x.scalar_type()), bias_copy.of(bias, x.scalar_type()));
}

LinearImpl::LinearImpl(int64_t in, int64_t out)
    : weight(register_parameter("weight", at::zeros({out, in}))), bias(register_parameter("bias", at::zeros({out}))) {}

at::Tensor LinearImpl::forward(const at::Tensor& x) { return linear(x, weight, bias, weight_copy_, bias_copy_); }

void LinearImpl::parameters_changed() {
  weight_copy_.invalidate();
  bias_copy_.invalidate();
}

LayerNormImpl::LayerNormImpl(int64_t size, double eps)
    : weight(register_parameter("weight", at::ones({size}))), bias(register_parameter("bias", at::zeros({size}))), eps_(eps) {}

at::Tensor LayerNormImpl::forward(const at::Tensor& x) {
  // The CPU kernel takes a bf16 or fp16 input with fp32 parameters and computes in fp32; others want one type.
  if (x.scalar_type() == weight.scalar_type() || x.is_cpu()) return at::layer_norm(x, weight.sizes(), weight, bias, eps_);
  return MixedLayerNorm::apply(x, weight, bias, eps_);
}

EmbeddingImpl::EmbeddingImpl(int64_t rows, int64_t size) : weight(register_parameter("weight", at::zeros({rows, size}))) {}

at::Tensor EmbeddingImpl::forward(const at::Tensor& ids) { return at::embedding(weight, ids); }

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::gelu_new:
      return at::gelu(x, "tanh");
    case Activation::gelu:
      return at::gelu(x, "none");
    case Activation::relu:
      return at::relu(x);
  }
  throw InternalError("unknown activation");
}

}  // namespace albert
