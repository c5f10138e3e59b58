#include "golden.h"

#include <albert/base/error.h>
#include <albert/model/pretraining_model.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

using testing::random_input;
using testing::random_model;
using testing::relative_error;
using testing::tiny_config;

const at::Tensor kNoMasks = at::zeros({0}, at::kLong);

std::vector<AlbertConfig> shapes_to_try() {
  AlbertConfig inner = tiny_config();
  inner.inner_group_num = 2;
  inner.num_hidden_groups = 2;
  AlbertConfig bert = tiny_config();
  bert.architecture = Architecture::bert;
  bert.embedding_size = bert.hidden_size;
  bert.num_hidden_groups = bert.num_hidden_layers;
  AlbertConfig attention = inner;
  attention.shared_part = SharedPart::attention;
  AlbertConfig feed_forward = tiny_config();
  feed_forward.shared_part = SharedPart::feed_forward;
  return {tiny_config(), inner, bert, attention, feed_forward};
}

TEST(ParametersByName, EqualTheListOfShapes) {
  for (const AlbertConfig& config : shapes_to_try()) {
    for (const auto heads : {PretrainingHeads::masked_lm, PretrainingHeads::masked_lm_sentence_order}) {
      const PretrainingModel model(config, heads);
      const auto parameters = parameters_by_name(*model);
      const auto shapes = parameter_shapes(config, heads);
      ASSERT_EQ(parameters.size(), shapes.size());
      for (size_t i = 0; i < shapes.size(); ++i) {
        EXPECT_EQ(parameters[i].first, shapes[i].name);
        EXPECT_EQ(parameters[i].second.sizes(), at::IntArrayRef(shapes[i].shape)) << shapes[i].name;
      }
    }
  }
}

class TwiceRegistered : public torch::nn::Module {
 public:
  TwiceRegistered() {
    const at::Tensor shared = at::zeros({2}).requires_grad_();
    register_parameter("a", shared);
    register_parameter("b", shared);
  }
};

TEST(ParametersByName, RefusesATensorThatIsRegisteredTwice) {
  const TwiceRegistered module;
  EXPECT_THROW(parameters_by_name(module), InternalError);
}

TEST(Albert, GivesASequenceTheSameOutputAloneAndPacked) {
  const AlbertConfig config = tiny_config();
  auto model = random_model(config, 1);
  const EncoderInput packed = random_input(config, {20, 1, 7, 31, 7, 2}, 2);
  const at::Tensor together = model->forward(packed, kNoMasks).encoder.last_hidden;
  for (int64_t i = 0; i < 6; ++i) {
    const at::Tensor alone = model->forward(testing::slice_sequences(packed, i, i + 1), kNoMasks).encoder.last_hidden;
    const auto begin = packed.sequence_offsets[i].item<int64_t>();
    EXPECT_LT(relative_error(together.narrow(0, begin, alone.size(0)), alone), 2e-6) << "sequence " << i;
  }
}

TEST(Albert, ReturnsEachHiddenStateOnRequestOnly) {
  AlbertConfig config = tiny_config();
  config.inner_group_num = 2;
  auto model = random_model(config, 1);
  const EncoderInput input = random_input(config, {5, 3}, 2);
  EXPECT_TRUE(model->forward(input, kNoMasks).encoder.hidden_states.empty());
  const EncoderOutput output = model->forward(input, kNoMasks, {.hidden_states = true}).encoder;
  ASSERT_EQ(output.hidden_states.size(), 9U);
  EXPECT_TRUE(output.hidden_states.back().equal(output.last_hidden));
}

TEST(Albert, HandsEachApplicationToTheHookAndGoesOnWithItsResult) {
  const AlbertConfig config = tiny_config();
  auto model = random_model(config, 1);
  const EncoderInput input = random_input(config, {5, 3}, 2);
  std::vector<int64_t> applications;
  EncoderOptions options;
  options.hook = [&](int64_t application, const at::Tensor& hidden) {
    applications.push_back(application);
    return application == 3 ? at::zeros_like(hidden) : hidden;
  };
  const at::Tensor hidden = model->forward(input, kNoMasks, options).encoder.last_hidden;
  EXPECT_THAT(applications, ::testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(hidden.abs().max().item<float>(), 0.0F);
}

TEST(Albert, LeavesOutThePoolerWithoutASentenceOrderHead) {
  const PretrainingModel model(tiny_config(), PretrainingHeads::masked_lm);
  const PretrainingOutput output = model.ptr()->forward(random_input(tiny_config(), {4, 4}, 1), kNoMasks);
  EXPECT_FALSE(output.encoder.pooled.defined());
  EXPECT_FALSE(output.sop_logits.defined());
  EXPECT_EQ(output.mlm_logits.size(0), 0);
}

TEST(Albert, RefusesInputsThatDoNotFit) {
  auto model = random_model(tiny_config(), 1);
  const EncoderInput good = random_input(tiny_config(), {4, 4}, 1);
  EncoderInput empty_sequence = good;
  empty_sequence.sequence_offsets = at::tensor({int64_t{0}, int64_t{4}, int64_t{4}, int64_t{8}}, at::kLong);
  EXPECT_THROW(model(empty_sequence, kNoMasks), InternalError);
  EncoderInput short_offsets = good;
  short_offsets.sequence_offsets = at::tensor({int64_t{0}, int64_t{4}}, at::kLong);
  EXPECT_THROW(model(short_offsets, kNoMasks), InternalError);
  EncoderInput both = good;
  both.embeddings = at::zeros({8, 16});
  EXPECT_THROW(model(both, kNoMasks), InternalError);
  EncoderInput too_long = random_input(tiny_config(), {33}, 1);
  EXPECT_THROW(model(too_long, kNoMasks), InternalError);
}

AlbertConfig with_dropout() {
  AlbertConfig config = tiny_config();
  config.hidden_dropout_prob = 0.1;
  config.attention_probs_dropout_prob = 0.1;
  return config;
}

TEST(AlbertDropout, IsAFunctionOfTheSeedAlone) {
  auto model = random_model(with_dropout(), 1);
  const EncoderInput input = random_input(tiny_config(), {9, 4, 9}, 2);
  model->set_dropout_seed(5);
  const at::Tensor first = model->forward(input, kNoMasks).encoder.last_hidden;
  const at::Tensor second = model->forward(input, kNoMasks).encoder.last_hidden;
  at::manual_seed(77);
  model->set_dropout_seed(5);
  const at::Tensor again = model->forward(input, kNoMasks).encoder.last_hidden;
  EXPECT_TRUE(first.equal(again));
  EXPECT_FALSE(first.equal(second));
}

TEST(AlbertDropout, DoesNotActInEvaluation) {
  auto dropped = random_model(with_dropout(), 1);
  auto plain = random_model(tiny_config(), 1);
  dropped->eval();
  const EncoderInput input = random_input(tiny_config(), {9, 4, 9}, 2);
  EXPECT_TRUE(dropped(input, kNoMasks).encoder.last_hidden.equal(plain(input, kNoMasks).encoder.last_hidden));
}

TEST(AlbertDropout, FollowsTheFeedForwardOutputUnlessSwitchedOff) {
  AlbertConfig google = tiny_config();
  google.hidden_dropout_prob = 0.5;
  google.num_hidden_layers = 1;
  AlbertConfig hugging_face = google;
  hugging_face.feed_forward_dropout = false;
  const EncoderInput input = random_input(google, {9, 9}, 2);
  auto with = random_model(google, 1);
  auto without = random_model(hugging_face, 1);
  with->set_dropout_seed(3);
  without->set_dropout_seed(3);
  // The last draw is that after the feed-forward output; all earlier ones are the same, so only it can differ.
  EXPECT_FALSE(with(input, kNoMasks).encoder.last_hidden.equal(without(input, kNoMasks).encoder.last_hidden));
  with->eval();
  without->eval();
  EXPECT_TRUE(with(input, kNoMasks).encoder.last_hidden.equal(without(input, kNoMasks).encoder.last_hidden));
}

TEST(Dropout, KeepsTheMeanAndTheRate) {
  Dropout dropout;
  dropout.set_seed(1);
  const at::Tensor x = at::ones({200000});
  const at::Tensor y = dropout.apply(x, 0.25);
  EXPECT_NEAR(y.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.005);
  EXPECT_NEAR(y.mean().item<double>(), 1.0, 0.01);
  EXPECT_TRUE(dropout.apply(x, 0.0).is_same(x));
}

TEST(Dropout, ScalesTheGradientByTheSameMask) {
  Dropout dropout;
  const at::Tensor x = at::ones({1000}).requires_grad_();
  const at::Tensor y = dropout.apply(x, 0.5);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y.detach()));
}

}  // namespace
}  // namespace albert
