#include <albert/model/recomputation.h>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

namespace albert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the second pass needs beside the input.
struct SecondPass : torch::CustomClassHolder {
  SecondPass(NetworkPart wanted_part, Dropout& stream) : part(std::move(wanted_part)), dropout(stream), place(stream.place()) {}

  NetworkPart part;
  Dropout& dropout;
  Dropout::Place place;
};

constexpr const char* kSecondPass = "second pass";

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const c10::intrusive_ptr<SecondPass>& second_pass) {
    context->save_for_backward({hidden});
    context->saved_data[kSecondPass] = c10::IValue::make_capsule(second_pass);
    return second_pass->part(hidden);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto second_pass = c10::static_intrusive_pointer_cast<SecondPass>(context->saved_data[kSecondPass].toCapsule());
    const at::Tensor input = context->get_saved_variables()[0].detach().requires_grad_();
    const at::AutoGradMode with_gradient(true);
    const auto place = second_pass->dropout.place();
    second_pass->dropout.go_to(second_pass->place);
    const at::Tensor output = second_pass->part(input);
    second_pass->dropout.go_to(place);
    torch::autograd::backward({output}, {gradients[0]});  // adds to the gradients of the parameters
    return {input.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor recompute_in_backward(const NetworkPart& part, const at::Tensor& hidden, Dropout& dropout) {
  if (!at::GradMode::is_enabled() || !hidden.requires_grad()) return part(hidden);
  return Recompute::apply(hidden, c10::make_intrusive<SecondPass>(part, dropout));
}

}  // namespace albert
