// Parity with Hugging Face on golden files: hidden states, logits, losses and every gradient, in fp32.
#include "golden.h"

#include <albert/model/losses.h>

#include <gtest/gtest.h>

namespace albert {
namespace {

using testing::kParity;
using testing::GoldenCase;
using testing::load_golden;
using testing::relative_error;

class GoldenParity : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenCase golden_ = load_golden(testing::golden_folder() / (std::string(GetParam()) + ".safetensors"));

  PretrainingOutput run() { return golden_.model->forward(golden_.input, golden_.masked_positions, {.hidden_states = true}); }
  at::Tensor packed(const at::Tensor& padded) const { return padded.flatten(0, 1).index_select(0, golden_.real_rows); }
};

TEST_P(GoldenParity, EveryHiddenStateAndLogitEqualsTheReference) {
  const PretrainingOutput output = run();
  ASSERT_EQ(output.encoder.hidden_states.size(), static_cast<size_t>(golden_.config.num_applications() + 1));
  for (size_t i = 0; i < output.encoder.hidden_states.size(); ++i) {
    const at::Tensor expected = packed(golden_.tensors.at("hidden_states." + std::to_string(i)));
    EXPECT_LT(relative_error(output.encoder.hidden_states[i], expected), kParity) << "hidden state " << i;
  }
  EXPECT_LT(relative_error(output.encoder.pooled, golden_.tensors.at("pooled")), kParity);
  EXPECT_LT(relative_error(output.mlm_logits, golden_.tensors.at("mlm_logits")), kParity);
  EXPECT_LT(relative_error(output.sop_logits, golden_.tensors.at("sop_logits")), kParity);
}

TEST_P(GoldenParity, LossesEqualTheReference) {
  const PretrainingOutput output = run();
  const at::Tensor& targets = golden_.tensors.at("masked_targets");
  const at::Tensor& labels = golden_.tensors.at("sop_labels");
  const at::Tensor mlm = cross_entropy_sum(output.mlm_logits, targets) / targets.size(0);
  const at::Tensor sop = cross_entropy_sum(output.sop_logits, labels) / labels.size(0);
  EXPECT_LT(relative_error(mlm, golden_.tensors.at("mlm_loss")), kParity);
  EXPECT_LT(relative_error(sop, golden_.tensors.at("sop_loss")), kParity);
}

TEST_P(GoldenParity, EveryGradientEqualsTheReference) {
  testing::backward_mean_losses(run(), golden_.tensors.at("masked_targets"), golden_.tensors.at("sop_labels"));
  testing::expect_gradients_near(testing::gradients_of(*golden_.model), golden_.gradients, kParity);
}

/// Bound of activation checkpointing; no other rounding than that of the kept activations.
constexpr double kRecomputed = 5e-6;

TEST_P(GoldenParity, GradientsFromRecomputedActivationsEqualTheReferenceToo) {
  golden_.model->set_activation_checkpointing(1);
  testing::backward_mean_losses(run(), golden_.tensors.at("masked_targets"), golden_.tensors.at("sop_labels"));
  testing::expect_gradients_near(testing::gradients_of(*golden_.model), golden_.gradients, kRecomputed);
}

TEST_P(GoldenParity, EmbeddingsAsInputGiveTheSameOutput) {
  const PretrainingOutput expected = run();
  EncoderInput input = golden_.input;
  input.embeddings = golden_.model->albert()->word_embeddings()(golden_.input.ids);
  input.ids = at::Tensor();
  const PretrainingOutput output = golden_.model->forward(input, golden_.masked_positions);
  EXPECT_TRUE(output.mlm_logits.equal(expected.mlm_logits));
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenParity,
                         ::testing::Values("one_group", "two_groups", "two_inner_layers", "unshared", "padded", "relu", "bert"),
                         [](const auto& parameter) { return std::string(parameter.param); });

/// Splits: per tensor 5e-6, whole gradient 1e-6 (design).
constexpr double kSplitTensor = 5e-6;
constexpr double kSplitWhole = 1e-6;

/// Loss of some sequences, divided by the totals of the whole batch.
void backward_share(GoldenCase& golden, int64_t first, int64_t last) {
  const int64_t begin = golden.input.sequence_offsets[first].item<int64_t>();
  const int64_t end = golden.input.sequence_offsets[last].item<int64_t>();
  const at::Tensor chosen = golden.masked_positions.ge(begin).logical_and(golden.masked_positions.lt(end)).nonzero().squeeze(1);
  const at::Tensor& targets = golden.tensors.at("masked_targets");
  const at::Tensor& labels = golden.tensors.at("sop_labels");
  const PretrainingOutput output = golden.model->forward(testing::slice_sequences(golden.input, first, last),
                                                         golden.masked_positions.index_select(0, chosen) - begin);
  const at::Tensor mlm = cross_entropy_sum(output.mlm_logits, targets.index_select(0, chosen)) / targets.size(0);
  const at::Tensor sop = cross_entropy_sum(output.sop_logits, labels.slice(0, first, last)) / labels.size(0);
  (mlm + sop).backward();
}

TEST(Packing, MicroBatchesGiveTheGradientOfTheWholeBatch) {
  GoldenCase golden = load_golden(testing::golden_folder() / "padded.safetensors");
  backward_share(golden, 0, 5);
  const auto whole = testing::gradients_of(*golden.model);
  testing::zero_gradients(*golden.model);
  backward_share(golden, 0, 2);
  backward_share(golden, 2, 5);
  const auto split = testing::gradients_of(*golden.model);
  testing::expect_gradients_near(split, whole, kSplitTensor);
  EXPECT_LT(testing::whole_gradient_error(split, whole), kSplitWhole);
}

TEST(Packing, SequencesOneByOneGiveTheGradientOfTheWholeBatch) {
  GoldenCase golden = load_golden(testing::golden_folder() / "padded.safetensors");
  for (int64_t i = 0; i < 5; ++i) backward_share(golden, i, i + 1);
  const auto split = testing::gradients_of(*golden.model);
  testing::expect_gradients_near(split, golden.gradients, kParity);
}

}  // namespace
}  // namespace albert
