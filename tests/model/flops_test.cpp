#include <albert/model/flops.h>

#include <gtest/gtest.h>

namespace albert {
namespace {

/// GFLOP per token of training with full sequences; reference: the table of the performance model.
double giga_per_token(const char* preset, int64_t length, int64_t masked) {
  constexpr int64_t kSequences = 3;
  const StepSize size{.sequences = kSequences,
                      .tokens = kSequences * length,
                      .masked = kSequences * masked,
                      .squared_lengths = kSequences * length * length};
  const double total = training_flops(model_preset(preset), PretrainingHeads::masked_lm_sentence_order, size);
  return total / static_cast<double>(kSequences * length) / 1e9;
}

TEST(Flops, EqualThePerformanceModel) {
  EXPECT_NEAR(giga_per_token("albert-base-v2", 128, 20), 0.528, 5e-4);
  EXPECT_NEAR(giga_per_token("albert-base-v2", 512, 76), 0.570, 5e-4);
  EXPECT_NEAR(giga_per_token("albert-large-v2", 128, 20), 1.854, 5e-4);
  EXPECT_NEAR(giga_per_token("albert-xlarge-v2", 512, 76), 7.555, 5e-4);
  EXPECT_NEAR(giga_per_token("albert-xxlarge-v2", 512, 76), 14.805, 5e-4);
}

TEST(Flops, CountInnerBlocksAndLeaveOutABertsMapping) {
  AlbertConfig config = model_preset("albert-base-v2");
  const StepSize size{.sequences = 1, .tokens = 10, .masked = 0, .squared_lengths = 100};
  const double once = forward_flops(config, PretrainingHeads::masked_lm, size);
  config.inner_group_num = 2;
  const double mapping = 10.0 * 2.0 * 128.0 * 768.0;
  EXPECT_DOUBLE_EQ(forward_flops(config, PretrainingHeads::masked_lm, size), 2.0 * (once - mapping) + mapping);
  EXPECT_DOUBLE_EQ(forward_flops(model_preset("bert-base"), PretrainingHeads::masked_lm, size), once - mapping);
}

TEST(Flops, OfATaskCountItsHeadInPlaceOfThoseOfPretraining) {
  const AlbertConfig config = model_preset("albert-base-v2");
  const StepSize size{.sequences = 3, .tokens = 50, .masked = 0, .squared_lengths = 900};
  const double encoder = forward_flops(config, PretrainingHeads::masked_lm, size);
  const double hidden = 768.0;
  const auto in_head = [&](const TaskHeadOptions& head) { return forward_flops(config, head, size) - encoder; };
  EXPECT_DOUBLE_EQ(in_head({.head = TaskHead::sequence, .num_labels = 5}), 3.0 * (2.0 * hidden * hidden + 10.0 * hidden));
  EXPECT_DOUBLE_EQ(in_head({.head = TaskHead::multiple_choice}), 3.0 * (2.0 * hidden * hidden + 2.0 * hidden));
  EXPECT_DOUBLE_EQ(in_head({.head = TaskHead::token, .num_labels = 9}), 50.0 * 18.0 * hidden);
  EXPECT_DOUBLE_EQ(in_head({.head = TaskHead::question_answering}), 50.0 * 4.0 * hidden);
  EXPECT_DOUBLE_EQ(in_head({.head = TaskHead::question_answering_beam}),
                   50.0 * (4.0 * hidden * hidden + 6.0 * hidden) + 3.0 * (4.0 * hidden * hidden + 2.0 * hidden));
  const TaskHeadOptions head{.head = TaskHead::token};
  EXPECT_DOUBLE_EQ(training_flops(config, head, size), 3.0 * forward_flops(config, head, size));
}

}  // namespace
}  // namespace albert
