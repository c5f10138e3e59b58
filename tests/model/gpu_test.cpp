// The same model on a CUDA device; skipped without one.
#include "golden.h"

#include <albert/model/device.h>
#include <albert/model/losses.h>
#include <albert/train/peak_memory.h>

#include <gtest/gtest.h>

namespace albert {
namespace {

using testing::random_input;
using testing::random_model;
using testing::relative_error;

class OnGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!device_.is_cuda()) GTEST_SKIP() << "no CUDA device";
  }

  EncoderInput to_device(EncoderInput input) const {
    for (at::Tensor* tensor : {&input.ids, &input.segments, &input.positions}) *tensor = tensor->to(device_);
    return input;
  }
  PretrainingModel model_on_device(const AlbertConfig& config) const {
    auto model = random_model(config, 1);
    model->to(device_);
    return model;
  }
  static AlbertConfig config() {
    AlbertConfig config = testing::tiny_config();
    config.hidden_size = 64;
    config.num_attention_heads = 4;
    return config;
  }

  at::Device device_ = resolve_device("auto");
  const std::vector<int64_t> lengths_{31, 1, 17, 31, 20};
};

TEST_F(OnGpu, SinglePrecisionEqualsTheCpu) {
  auto on_cpu = random_model(config(), 1);
  auto on_gpu = model_on_device(config());
  const EncoderInput input = random_input(config(), lengths_, 2);
  const at::Tensor masked = at::arange(0, 90, 7);
  const at::Tensor targets = masked.remainder(40) + 1;
  const at::Tensor labels = at::tensor({0, 1, 0, 1, -100}, at::kLong);
  testing::backward_mean_losses(on_cpu->forward(input, masked), targets, labels);
  testing::backward_mean_losses(on_gpu->forward(to_device(input), masked.to(device_)), targets.to(device_), labels.to(device_));
  auto actual = testing::gradients_of(*on_gpu);
  for (auto& item : actual) item.second = item.second.cpu();
  EXPECT_LT(testing::whole_gradient_error(actual, testing::gradients_of(*on_cpu)), 1e-5);
}

TEST_F(OnGpu, Bf16WithTheVariableLengthKernelIsCloseToSinglePrecision) {
  auto single = model_on_device(config());
  auto half = model_on_device(config());
  half->set_precision(Precision::bf16);
  const EncoderInput input = to_device(random_input(config(), lengths_, 2));
  const at::Tensor masked = at::arange(0, 90, 7).to(device_);
  const at::Tensor targets = masked.remainder(40) + 1;
  const at::Tensor labels = at::tensor({0, 1, 0, 1, 1}, at::kLong).to(device_);
  const PretrainingOutput a = half->forward(input, masked);
  const PretrainingOutput b = single->forward(input, masked);
  EXPECT_LT(relative_error(a.mlm_logits, b.mlm_logits), 0.02);
  testing::backward_mean_losses(a, targets, labels);
  testing::backward_mean_losses(b, targets, labels);
  EXPECT_LT(testing::whole_gradient_error(testing::gradients_of(*half), testing::gradients_of(*single)), 0.03);
}

TEST_F(OnGpu, DropoutIsAFunctionOfTheSeed) {
  AlbertConfig dropped = config();
  dropped.hidden_dropout_prob = 0.1;
  dropped.attention_probs_dropout_prob = 0.1;
  const EncoderInput input = to_device(random_input(config(), lengths_, 2));
  const at::Tensor masked = at::arange(4).to(device_);
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    auto model = model_on_device(dropped);
    model->set_precision(precision);
    model->set_dropout_seed(3);
    const at::Tensor first = model->forward(input, masked).mlm_logits;
    const at::Tensor second = model->forward(input, masked).mlm_logits;
    model->set_dropout_seed(3);
    EXPECT_TRUE(model->forward(input, masked).mlm_logits.equal(first));
    EXPECT_FALSE(second.equal(first));
  }
}

TEST_F(OnGpu, ReportsPrecisionAndMemory) {
  EXPECT_EQ(resolve_precision(std::nullopt, device_), cuda_capability(device_).major >= 8 ? Precision::bf16 : Precision::fp32);
  const at::Tensor block = at::zeros({1 << 20}, at::TensorOptions().dtype(at::kFloat).device(device_));
  synchronize(device_);
  EXPECT_GE(peak_memory_bytes(device_), int64_t{4} << 20);
}

}  // namespace
}  // namespace albert
