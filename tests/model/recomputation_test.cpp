#include "golden.h"

#include <albert/model/recomputation.h>
#include <albert/model/tensor_memory.h>

#include <gtest/gtest.h>

#include <map>

namespace albert {
namespace {

/// Loss and gradients of one pass.
struct PassResult {
  at::Tensor logits;
  std::map<std::string, at::Tensor> gradients;
};

PassResult pass_of(PretrainingModel& model, int64_t recompute_every) {
  model->set_activation_checkpointing(recompute_every);
  model->set_dropout_seed(5);
  testing::zero_gradients(*model);
  const auto output = model->forward(testing::random_input(model->config(), {6, 3, 6}, 3), at::tensor({1, 4, 9, 12}, at::kLong),
                                     {.hidden_states = false, .application_decay = 0.8, .hook = {}});
  testing::backward_mean_losses(output, at::tensor({7, 8, 9, 10}, at::kLong), at::tensor({0, 1, 1}, at::kLong));
  return {output.mlm_logits.detach().clone(), testing::gradients_of(*model)};
}

class ActivationCheckpointingEvery : public ::testing::TestWithParam<int64_t> {};

TEST_P(ActivationCheckpointingEvery, ChangesNeitherLossNorGradients) {
  AlbertConfig config = testing::tiny_config();  // 4 layers
  config.hidden_dropout_prob = 0.1;
  config.attention_probs_dropout_prob = 0.1;
  config.num_hidden_groups = 2;
  config.inner_group_num = 2;
  auto model = testing::random_model(config, 1);
  const auto kept = pass_of(model, 0);
  const auto recomputed = pass_of(model, GetParam());
  EXPECT_TRUE(at::equal(kept.logits, recomputed.logits));
  testing::expect_gradients_near(recomputed.gradients, kept.gradients, 5e-6);
}

INSTANTIATE_TEST_SUITE_P(Layers, ActivationCheckpointingEvery, ::testing::Values(1, 2, 3, 8, 100));

TEST(ActivationCheckpointing, GradientsOfMixedPrecisionStayTheSame) {
  auto model = testing::random_model(testing::tiny_config(), 1);
  model->set_precision(Precision::bf16);
  model->parameters_changed();
  const auto kept = pass_of(model, 0);
  const auto recomputed = pass_of(model, 1);
  EXPECT_TRUE(at::equal(kept.logits, recomputed.logits));
  EXPECT_LT(testing::whole_gradient_error(recomputed.gradients, kept.gradients), 5e-6);
}

TEST(ActivationCheckpointing, TheNextPassDrawsTheSameMasks) {
  AlbertConfig config = testing::tiny_config();
  config.hidden_dropout_prob = 0.5;
  auto model = testing::random_model(config, 1);
  const auto draw_after = [&](int64_t every) {
    (void)pass_of(model, every);
    model->train();
    const auto input = testing::random_input(model->config(), {6, 3, 6}, 3);
    return model->forward(input, at::tensor({1, 4}, at::kLong)).mlm_logits.detach().clone();  // goes on in the stream
  };
  EXPECT_TRUE(at::equal(draw_after(0), draw_after(2)));
}

TEST(ActivationCheckpointing, TakesAQuarterOfTheMemoryOfTwelveLayers) {
  AlbertConfig config = testing::tiny_config();
  config.hidden_size = 128;
  config.num_attention_heads = 2;
  config.intermediate_size = 512;
  config.num_hidden_layers = 12;
  config.max_position_embeddings = 128;
  auto model = testing::random_model(config, 1);
  const auto input = testing::random_input(config, {128, 128}, 3);
  const auto peak = [&](int64_t every) {
    model->set_activation_checkpointing(every);
    const TensorMemory memory;
    const auto output = model->forward(input, at::tensor({1, 4, 9, 12}, at::kLong));
    testing::backward_mean_losses(output, at::tensor({7, 8, 9, 10}, at::kLong), at::tensor({0, 1}, at::kLong));
    return static_cast<double>(memory.peak_bytes());
  };
  (void)peak(0);  // gradients are allocated once
  const double kept = peak(0);
  EXPECT_LT(peak(1), 0.25 * kept);
  EXPECT_LT(peak(4), 0.5 * kept);
}

TEST(ActivationCheckpointing, RunsThePartOnceWhereNoGradientFlows) {
  Dropout dropout;
  int64_t calls = 0;
  const auto part = [&](const at::Tensor& x) {
    ++calls;
    return x * 2;
  };
  (void)recompute_in_backward(part, at::ones({2}), dropout);
  {
    const at::NoGradGuard no_gradient;
    (void)recompute_in_backward(part, at::ones({2}), dropout);
  }
  EXPECT_EQ(calls, 2);
  const at::Tensor x = at::ones({2}).requires_grad_();
  recompute_in_backward(part, x, dropout).sum().backward();
  EXPECT_EQ(calls, 4);
  EXPECT_TRUE(at::equal(x.grad(), at::full({2}, 2.0)));
}

}  // namespace
}  // namespace albert
