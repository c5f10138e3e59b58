// The encoder with a task head: names, dropout, splits, beams and bf16.
#include "task_golden.h"

#include <albert/base/error.h>
#include <albert/model/initialization.h>
#include <albert/model/layer_decay.h>
#include <albert/model/task_losses.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace albert {
namespace {

using testing::random_input;
using testing::random_task_model;
using testing::relative_error;

/// Without any dropout.
AlbertConfig plain_config() {
  AlbertConfig config = testing::tiny_config();
  config.classifier_dropout_prob = 0.0;
  return config;
}

constexpr std::array kHeads{TaskHead::sequence, TaskHead::token, TaskHead::question_answering, TaskHead::question_answering_beam,
                            TaskHead::multiple_choice};
const std::vector<int64_t> kLengths{7, 3, 9, 1};  // 20 tokens

std::set<std::string> head_names(const TaskModel& model) {
  std::set<std::string> names;
  for (const auto& item : parameters_by_name(*model)) {
    if (!item.first.starts_with("albert.")) names.insert(item.first);
  }
  return names;
}

SpanInput spans_for(TaskHead head) {
  if (head != TaskHead::question_answering_beam) return {};
  return {.p_mask = at::arange(20).remainder(5).eq(3), .starts = at::tensor({1, 0, 5, 0}, at::kLong), .beams = BeamSize{}};
}

int64_t num_parameters_of(const char* preset, const TaskHeadOptions& head) {
  int64_t count = 0;
  for (const auto& item : parameters_by_name(*TaskModel(model_preset(preset), head))) count += item.second.numel();
  return count;
}

TEST(TaskModel, HasThePublishedNumberOfParametersToTheUnit) {
  struct Counts {
    const char* preset;
    int64_t sequence;
    int64_t question_answering;  // and two token labels
    int64_t multiple_choice;
  };
  for (const auto& expected : {Counts{"albert-base-v2", 11685122, 11094530, 11684353}, Counts{"albert-large-v2", 17686018, 16636418, 17684993},
                               Counts{"albert-xlarge-v2", 58728962, 54532610, 58726913},
                               Counts{"albert-xxlarge-v2", 222603778, 205822466, 222599681}}) {
    EXPECT_EQ(num_parameters_of(expected.preset, {.head = TaskHead::sequence, .num_labels = 2}), expected.sequence);
    EXPECT_EQ(num_parameters_of(expected.preset, {.head = TaskHead::question_answering}), expected.question_answering);
    EXPECT_EQ(num_parameters_of(expected.preset, {.head = TaskHead::token, .num_labels = 2}), expected.question_answering);
    EXPECT_EQ(num_parameters_of(expected.preset, {.head = TaskHead::multiple_choice}), expected.multiple_choice);
  }
}

TEST(TaskModel, HasThePublishedNamesOfEachHead) {
  using Names = std::set<std::string>;
  const AlbertConfig config = plain_config();
  const Names classifier{"classifier.weight", "classifier.bias"};
  EXPECT_EQ(head_names(TaskModel(config, TaskHeadOptions{.head = TaskHead::sequence})), classifier);
  EXPECT_EQ(head_names(TaskModel(config, TaskHeadOptions{.head = TaskHead::token})), classifier);
  EXPECT_EQ(head_names(TaskModel(config, TaskHeadOptions{.head = TaskHead::multiple_choice})), classifier);
  EXPECT_EQ(head_names(TaskModel(config, TaskHeadOptions{.head = TaskHead::question_answering})),
            (Names{"qa_outputs.weight", "qa_outputs.bias"}));
  EXPECT_EQ(
      head_names(TaskModel(config, TaskHeadOptions{.head = TaskHead::question_answering_beam})),
      (Names{"start_logits.dense.weight", "start_logits.dense.bias", "end_logits.dense_0.weight", "end_logits.dense_0.bias",
             "end_logits.LayerNorm.weight", "end_logits.LayerNorm.bias", "end_logits.dense_1.weight", "end_logits.dense_1.bias",
             "answer_class.dense_0.weight", "answer_class.dense_0.bias", "answer_class.dense_1.weight"}));
}

TEST(TaskModel, HeadPrefixesCoverTheHeadAndNothingElse) {
  for (const TaskHead head : kHeads) {
    const auto prefixes = head_prefixes(head);
    for (const auto& item : parameters_by_name(*TaskModel(plain_config(), TaskHeadOptions{.head = head}))) {
      const bool is_covered =
          std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return item.first.starts_with(prefix); });
      EXPECT_EQ(is_covered, !item.first.starts_with("albert.")) << item.first;
    }
  }
}

TEST(TaskModel, GivesScoresOfTheStatedShapes) {
  const EncoderInput input = random_input(plain_config(), kLengths, 2);
  const auto sizes = [&](TaskHead head) {
    auto model = random_task_model(plain_config(), {.head = head, .num_labels = 5}, 1);
    return model->forward(input, {}, spans_for(head)).logits.sizes().vec();
  };
  EXPECT_THAT(sizes(TaskHead::sequence), ::testing::ElementsAre(4, 5));
  EXPECT_THAT(sizes(TaskHead::token), ::testing::ElementsAre(20, 5));
  EXPECT_THAT(sizes(TaskHead::question_answering), ::testing::ElementsAre(20));
  EXPECT_THAT(sizes(TaskHead::question_answering_beam), ::testing::ElementsAre(20));
  EXPECT_THAT(sizes(TaskHead::multiple_choice), ::testing::ElementsAre(4));
}

TEST(TaskModel, InitializesHeadsLikeTheEncoder) {
  TaskModel model(plain_config(), TaskHeadOptions{.head = TaskHead::question_answering_beam});
  initialize(parameters_by_name(*model), 0.02, 3);
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name.starts_with("albert.")) continue;
    if (name == "end_logits.LayerNorm.weight") {
      EXPECT_TRUE(tensor.equal(at::ones_like(tensor)));
    } else if (name.ends_with("bias")) {
      EXPECT_EQ(tensor.abs().max().item<float>(), 0.0F) << name;
    } else {
      EXPECT_GT(tensor.abs().max().item<float>(), 0.02F) << name;
      EXPECT_LE(tensor.abs().max().item<float>(), 0.04F) << name;  // cut at two deviations
    }
  }
}

TEST(TaskModel, DropsOutBeforeTheClassifierOnlyAndAsSeeded) {
  AlbertConfig config = plain_config();
  config.classifier_dropout_prob = 0.5;
  const EncoderInput input = random_input(config, kLengths, 2);
  for (const TaskHead head : kHeads) {
    auto model = random_task_model(config, {.head = head}, 1);
    const SpanInput span = spans_for(head);
    const auto scores = [&] {
      const TaskOutput output = model->forward(input, {}, span);
      return output.no_answer_logits.defined() ? output.no_answer_logits : output.logits;
    };
    model->set_dropout_seed(3);
    const at::Tensor first = scores();
    const at::Tensor second = scores();
    model->set_dropout_seed(3);
    EXPECT_TRUE(scores().equal(first)) << config::enum_name(head);
    EXPECT_EQ(second.equal(first), head == TaskHead::question_answering) << config::enum_name(head);
    model->eval();
    EXPECT_TRUE(scores().equal(scores())) << config::enum_name(head);
  }
}

TEST(TaskModel, ScoresOfASequenceDoNotDependOnItsBatch) {
  const EncoderInput input = random_input(plain_config(), kLengths, 2);
  for (const TaskHead head : {TaskHead::sequence, TaskHead::question_answering_beam}) {
    auto model = random_task_model(plain_config(), {.head = head, .num_labels = 3}, 1);
    const TaskOutput together = model->forward(input);
    for (int64_t i = 0; i < 4; ++i) {
      const TaskOutput alone = model->forward(testing::slice_sequences(input, i, i + 1));
      const bool by_token = head == TaskHead::question_answering_beam;
      const int64_t first = by_token ? input.sequence_offsets[i].item<int64_t>() : i;
      const int64_t last = by_token ? input.sequence_offsets[i + 1].item<int64_t>() : i + 1;
      EXPECT_TRUE(alone.logits.allclose(together.logits.slice(0, first, last), 1e-5, 1e-6)) << i;
      if (by_token) {
        EXPECT_TRUE(alone.no_answer_logits.allclose(together.no_answer_logits.slice(0, i, i + 1), 1e-5, 1e-6)) << i;
      }
    }
  }
}

TEST(TaskModel, RefusesSpansForAnotherHead) {
  auto model = random_task_model(plain_config(), {.head = TaskHead::question_answering}, 1);
  const EncoderInput input = random_input(plain_config(), kLengths, 2);
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, {.beams = BeamSize{}})), InternalError);
}

TEST(TaskModel, RefusesSpansThatDoNotFitTheBatch) {
  auto model = random_task_model(plain_config(), {.head = TaskHead::question_answering_beam}, 1);
  const EncoderInput input = random_input(plain_config(), kLengths, 2);
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, {.p_mask = at::zeros({19}, at::kBool)})), InternalError);
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, {.p_mask = at::zeros({20})})), InternalError);
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, {.starts = at::zeros({3}, at::kLong)})), InternalError);
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, {.starts = at::full({4}, 1, at::kLong)})), InternalError);
  const SpanInput forbidden{.p_mask = at::arange(20).eq(0), .starts = at::zeros({4}, at::kLong)};
  EXPECT_THROW(static_cast<void>(model->forward(input, {}, forbidden)), InternalError);
}

class BeamHead : public ::testing::Test {
 protected:
  TaskOutput run(const SpanInput& span) {
    model_->eval();
    const at::NoGradGuard no_gradient;
    return model_->forward(input_, {}, span);
  }

  TaskModel model_ = random_task_model(plain_config(), {.head = TaskHead::question_answering_beam}, 1);
  EncoderInput input_ = random_input(plain_config(), kLengths, 2);
  at::Tensor p_mask_ = at::arange(20).remainder(5).eq(3);
};

TEST_F(BeamHead, ProbabilitiesOfEachSequenceAddUpToOne) {
  const TaskOutput output = run({.p_mask = p_mask_, .starts = at::zeros({4}, at::kLong)});
  for (const at::Tensor& log_probs : {output.logits, output.end_logits}) {
    const at::Tensor sums = at::zeros({4}).index_add(0, at::repeat_interleave(input_.sequence_offsets.diff()), log_probs.exp());
    EXPECT_TRUE(sums.allclose(at::ones({4})));
    EXPECT_EQ(log_probs.masked_select(p_mask_).exp().sum().item<double>(), 0.0);
  }
}

TEST_F(BeamHead, BeamsAreTheBestAllowedPositionsBestFirst) {
  const TaskOutput output = run({.p_mask = p_mask_, .beams = BeamSize{.starts = 4, .ends = 3}});
  const SpanBeams& beams = *output.beams;
  ASSERT_EQ(beams.starts.sizes(), (at::IntArrayRef{4, 4}));
  ASSERT_EQ(beams.ends.sizes(), (at::IntArrayRef{4, 4, 3}));
  for (int64_t sequence = 0; sequence < 4; ++sequence) {
    const int64_t first = input_.sequence_offsets[sequence].item<int64_t>();
    const int64_t last = input_.sequence_offsets[sequence + 1].item<int64_t>();
    const at::Tensor log_probs = output.logits.slice(0, first, last);
    const at::Tensor order = log_probs.argsort(0, /*descending=*/true);
    const int64_t allowed = p_mask_.slice(0, first, last).logical_not().sum().item<int64_t>();
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t expected = i < allowed ? order[i].item<int64_t>() : -1;
      EXPECT_EQ(beams.starts[sequence][i].item<int64_t>(), expected);
      const double value = beams.start_log_probs[sequence][i].item<double>();
      EXPECT_EQ(value, i < allowed ? log_probs[expected].item<double>() : -std::numeric_limits<double>::infinity());
    }
  }
}

TEST_F(BeamHead, EndsOfABeamAreThoseGivenItsStart) {
  const SpanBeams beams = *run({.p_mask = p_mask_, .beams = BeamSize{.starts = 2, .ends = 1}}).beams;
  const at::Tensor starts = beams.starts.select(1, 0);
  const at::Tensor given = run({.p_mask = p_mask_, .starts = starts}).end_logits;
  const at::Tensor tokens = input_.sequence_offsets.slice(0, 0, 4) + beams.ends.select(1, 0).select(1, 0);
  EXPECT_TRUE(given.index_select(0, tokens).equal(beams.end_log_probs.select(1, 0).select(1, 0)));
}

TEST_F(BeamHead, WithoutAnAllowedPositionGivesNoBeamAndNoNan) {
  const TaskOutput output = run({.p_mask = at::ones({20}, at::kBool), .beams = BeamSize{}});
  EXPECT_TRUE(output.no_answer_logits.isfinite().all().item<bool>());
  EXPECT_EQ(output.beams->starts.max().item<int64_t>(), -1);
  EXPECT_EQ(output.beams->ends.max().item<int64_t>(), -1);
}

TEST(TaskModelMixedPrecision, ScoresAreSinglePrecisionAndClose) {
  constexpr double kBound = 0.03;  // as mixed_precision_test.cpp; the heads themselves add nothing
  const EncoderInput input = random_input(plain_config(), {31, 17, 31, 20}, 3);
  for (const TaskHead head : {TaskHead::sequence, TaskHead::token, TaskHead::question_answering}) {
    auto model = random_task_model(plain_config(), {.head = head, .num_labels = 3}, 1);
    const at::Tensor single = model->forward(input).logits;
    model->set_precision(Precision::bf16);
    const at::Tensor half = model->forward(input).logits;
    EXPECT_EQ(half.scalar_type(), at::kFloat);
    EXPECT_FALSE(half.equal(single));
    EXPECT_LT(relative_error(half, single), kBound) << config::enum_name(head);
  }
}

TEST(TaskModelMixedPrecision, GradientsOfTheBeamHeadAreSinglePrecisionAndClose) {
  constexpr double kBound = 0.05;
  const EncoderInput input = random_input(plain_config(), {31, 17, 31, 20}, 3);
  const SpanTargets targets{.starts = at::tensor({3, 1, 0, 4}, at::kLong),
                            .ends = at::tensor({9, 1, 0, 6}, at::kLong),
                            .unanswerable = at::tensor({0.0F, 0.0F, 1.0F, 0.0F})};
  auto model = random_task_model(plain_config(), {.head = TaskHead::question_answering_beam}, 1);
  const auto gradients = [&] {
    testing::zero_gradients(*model);
    const TaskOutput output = model->forward(input, {}, {.starts = targets.starts});
    beam_span_loss_sum(output.logits, output.end_logits, output.no_answer_logits, targets, input.sequence_offsets).backward();
    return testing::gradients_of(*model);
  };
  const auto single = gradients();
  model->set_precision(Precision::bf16);
  const auto half = gradients();
  for (const auto& [name, gradient] : half) EXPECT_EQ(gradient.scalar_type(), at::kFloat) << name;
  EXPECT_LT(testing::whole_gradient_error(half, single), kBound);
}

TEST(TaskModelLayerDecay, LeavesHeadAndPoolerAtTheFullRate) {
  for (const TaskHead head : kHeads) {
    const TaskModel model(plain_config(), TaskHeadOptions{.head = head});
    for (const auto mode : {LayerDecayMode::groups, LayerDecayMode::both}) {
      for (const auto& item : parameters_by_name(*model)) {
        const double multiplier = learning_rate_multiplier(item.first, plain_config(), {.rate = 0.5, .mode = mode});
        const bool is_full = !item.first.starts_with("albert.") || item.first.starts_with("albert.pooler.");
        EXPECT_EQ(multiplier == 1.0, is_full) << item.first;
      }
    }
  }
}

}  // namespace
}  // namespace albert
