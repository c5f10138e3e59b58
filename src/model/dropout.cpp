#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/model/dropout.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>

namespace albert {
namespace {

/// y = x * mask * scale; keeps the one-byte mask only.
class MaskedScale : public torch::autograd::Function<MaskedScale> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& mask,
                            double scale) {
    context->save_for_backward({mask});
    context->saved_data["scale"] = scale;
    return at::mul(x, mask).mul_(scale);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor mask = context->get_saved_variables()[0];
    return {at::mul(gradients[0], mask).mul_(context->saved_data["scale"].toDouble()), at::Tensor(), at::Tensor()};
  }
};

at::Generator make_generator(const at::Device& device, uint64_t seed) {
  if (device.is_cpu()) return at::make_generator<at::CPUGeneratorImpl>(seed);
  at::globalContext().lazyInitDevice(device.type());
  at::Generator generator = at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
  generator.set_current_seed(seed);
  return generator;
}

}  // namespace

void Dropout::set_seed(uint64_t seed) {
  seed_ = seed;
  default_generator_uses_ = 0;
  if (!generator_) return;
  const std::lock_guard<std::mutex> lock(generator_->mutex());
  generator_->set_current_seed(seed);
}

Dropout::Place Dropout::place() const {
  Place place{.seed = seed_, .default_generator_uses = default_generator_uses_, .generator = {}};
  if (generator_) place.generator = generator_->clone();
  return place;
}

void Dropout::go_to(const Place& place) {
  seed_ = place.seed;
  default_generator_uses_ = place.default_generator_uses;
  if (place.generator) {
    generator_ = place.generator->clone();
  } else {
    generator_.reset();  // it is made from the seed when it is asked for
  }
}

at::Tensor Dropout::apply(const at::Tensor& x, double probability) {
  ALBERT_CHECK(probability >= 0.0 && probability < 1.0, "dropout probability {}", probability);
  if (probability == 0.0) return x;
  const double keep = 1.0 - probability;
  const at::Tensor mask =
      at::empty(x.sizes(), x.options().dtype(at::kBool).requires_grad(false)).bernoulli_(keep, generator(x.device()));
  return MaskedScale::apply(x, mask, 1.0 / keep);
}

void Dropout::seed_default_generator(const at::Device& device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(mix_seed(seed_, "fused attention dropout", default_generator_uses_++));
}

at::Generator& Dropout::generator(const at::Device& device) {
  if (!generator_ || generator_->device() != device) generator_ = make_generator(device, seed_);
  return *generator_;
}

}  // namespace albert
