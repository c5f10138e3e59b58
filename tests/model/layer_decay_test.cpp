#include "golden.h"

#include <albert/model/layer_decay.h>
#include <albert/model/losses.h>
#include <albert/optim/optimizer_config.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace albert {
namespace {

using testing::random_input;
using testing::random_model;
using testing::tiny_config;

constexpr double kRate = 0.7;
const at::Tensor kMasked = at::tensor({1, 4, 9, 12}, at::kLong);
const at::Tensor kTargets = at::tensor({7, 8, 9, 10}, at::kLong);
const at::Tensor kLabels = at::tensor({0, 1, 1}, at::kLong);

std::map<std::string, at::Tensor> gradients(PretrainingModel& model, double application_decay) {
  testing::zero_gradients(*model);
  const PretrainingOutput output =
      model->forward(random_input(model->config(), {6, 3, 6}, 3), kMasked, {.application_decay = application_decay});
  testing::backward_mean_losses(output, kTargets, kLabels);
  return testing::gradients_of(*model);
}

constexpr std::string_view kGroups = "albert.encoder.albert_layer_groups.";

std::string block_prefix(int64_t group, int64_t inner) {
  return std::string(kGroups) + std::to_string(group) + ".albert_layers." + std::to_string(inner) + ".";
}

struct SharingCase {
  int64_t groups = 1;
  int64_t inner = 1;
  SharedPart part = SharedPart::block;
};

AlbertConfig shaped(const SharingCase& sharing) {
  AlbertConfig config = tiny_config();
  config.num_hidden_groups = sharing.groups;
  config.inner_group_num = sharing.inner;
  config.shared_part = sharing.part;
  return config;
}

std::string sharing_name(const SharingCase& sharing) {
  constexpr std::array kParts{"", "Attention", "FeedForward"};
  return fmt::format("{}{}x{}", kParts.at(static_cast<size_t>(sharing.part)), sharing.groups, sharing.inner);
}

int64_t application_of(const std::string& copy) { return std::stoll(copy.substr(kGroups.size())); }

class ApplicationDecay : public ::testing::TestWithParam<SharingCase> {};

TEST_P(ApplicationDecay, EqualsWeightedGradientsOfExplicitCopies) {
  const AlbertConfig config = shaped(GetParam());
  auto shared = random_model(config, 1);
  shared->to(at::kDouble);
  auto copies = testing::explicit_copies(shared);
  const auto copied = gradients(copies, 1.0);
  const auto decayed = gradients(shared, kRate);

  const int64_t applications = config.num_applications();
  std::map<std::string, at::Tensor> expected;
  for (const auto& [name, gradient] : copied) {
    if (!name.starts_with(kGroups)) continue;
    const std::string target = testing::origin_of(name, config);
    const at::Tensor share = gradient * std::pow(kRate, static_cast<double>(applications - 1 - application_of(name)));
    const auto found = expected.find(target);
    expected[target] = found == expected.end() ? share : found->second + share;
  }
  for (const auto& [name, gradient] : expected) {
    if (testing::is_key_bias(name)) continue;
    EXPECT_LT(testing::relative_error(decayed.at(name), gradient), 1e-12) << name;
  }
  const std::string mapping = "albert.encoder.embedding_hidden_mapping_in.weight";
  EXPECT_LT(
      testing::relative_error(decayed.at(mapping), copied.at(mapping) * std::pow(kRate, static_cast<double>(applications - 1))),
      1e-12);
  EXPECT_LT(testing::relative_error(decayed.at("predictions.dense.weight"), copied.at("predictions.dense.weight")), 1e-12);
  EXPECT_LT(testing::relative_error(decayed.at("albert.pooler.weight"), copied.at("albert.pooler.weight")), 1e-12);
}

std::string application_decay_name(const ::testing::TestParamInfo<SharingCase>& info) { return "Groups" + sharing_name(info.param); }

INSTANTIATE_TEST_SUITE_P(GroupsInnerBlocksAndParts, ApplicationDecay,
                         ::testing::Values(SharingCase{1, 1}, SharingCase{2, 1}, SharingCase{1, 2}, SharingCase{2, 3}, SharingCase{4, 1},
                                           SharingCase{1, 1, SharedPart::attention}, SharingCase{2, 2, SharedPart::attention},
                                           SharingCase{1, 1, SharedPart::feed_forward}),
                         application_decay_name);

struct DecayedStepCase {
  LayerDecayMode mode;
  SharingCase sharing;
};

class DecayedStep : public ::testing::TestWithParam<DecayedStepCase> {};

/// One AdamW step of the shared model against the same step worked out from copies: the gradient of a block is the weighted sum over its
/// copies, its learning rate that of its depth (groups), the whole one
/// (applications) or that of the mean weight of its copies (both).
TEST_P(DecayedStep, EqualsAStepWorkedOutFromExplicitCopies) {
  const LayerDecayMode mode = GetParam().mode;
  const AlbertConfig config = shaped(GetParam().sharing);
  const int64_t applications = config.num_applications();
  const LayerDecayConfig decay{.rate = kRate, .mode = mode};
  auto shared = random_model(config, 1);
  auto copies = testing::explicit_copies(shared);
  const auto copied = gradients(copies, 1.0);

  std::map<std::string, at::Tensor> gradient;  // of each block's parameter
  std::map<std::string, std::vector<double>> rates;
  for (const auto& [name, part] : copied) {
    if (!name.starts_with(kGroups)) continue;
    const auto application = application_of(name);
    const std::string target = testing::origin_of(name, config);
    const double weight = mode == LayerDecayMode::groups ? 1.0 : std::pow(kRate, static_cast<double>(applications - 1 - application));
    const auto found = gradient.find(target);
    gradient[target] = found == gradient.end() ? part * weight : found->second + part * weight;
    const int64_t level = config.set_of_layer(application / config.inner_group_num, config.num_levels());
    const double depth = std::pow(kRate, static_cast<double>(config.num_levels() - level));
    rates[target].push_back(mode == LayerDecayMode::groups ? depth : mode == LayerDecayMode::applications ? 1.0 : weight);
  }
  for (const auto& name : {"predictions.dense.weight", "albert.pooler.weight"}) {
    gradient[name] = copied.at(name);
    rates[name] = {1.0};
  }

  OptimizerConfig adamw;
  adamw.name = OptimizerName::adamw;
  adamw.weight_decay = 0;
  adamw.epsilon = 1e-2;  // of the size of the gradients, so that their size matters
  const double learning_rate = 50;  // the change, not the rounding of the changed weight, is compared
  std::vector<OptimizedParameter> parameters;
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : parameters_by_name(*shared)) {
    before[name] = tensor.detach().to(at::kDouble, false, true);
    parameters.push_back({.name = name, .tensor = tensor, .learning_rate_scale = learning_rate_multiplier(name, config, decay)});
  }
  const auto optimizer = make_optimizer(adamw, std::move(parameters));
  optimizer->zero_gradients();
  shared->parameters_changed();
  testing::backward_mean_losses(
      shared->forward(random_input(config, {6, 3, 6}, 3), kMasked, {.application_decay = decay.application_rate()}), kTargets, kLabels);
  optimizer->step(learning_rate);

  std::map<std::string, at::Tensor> after;
  for (const auto& [name, tensor] : parameters_by_name(*shared)) after[name] = tensor.detach().to(at::kDouble);
  for (const auto& [name, g] : gradient) {
    if (testing::is_key_bias(name)) continue;
    double scale = 0;
    for (const double rate : rates.at(name)) scale += rate / static_cast<double>(rates.at(name).size());
    const at::Tensor moment = 0.1 * g;
    const at::Tensor root = (0.001 * g * g).sqrt();
    const at::Tensor update = -learning_rate * scale * moment / (root + adamw.epsilon);
    EXPECT_LT(testing::relative_error(after.at(name) - before.at(name), update), 1e-4) << name;
  }
}

std::string decayed_step_name(const ::testing::TestParamInfo<DecayedStepCase>& info) {
  constexpr std::array kModes{"Groups", "Applications", "Both"};
  return kModes.at(static_cast<size_t>(info.param.mode)) + sharing_name(info.param.sharing);
}

INSTANTIATE_TEST_SUITE_P(
    ModesAndSharing, DecayedStep,
    ::testing::Values(
        DecayedStepCase{LayerDecayMode::groups, {1, 1}}, DecayedStepCase{LayerDecayMode::groups, {2, 1}},
        DecayedStepCase{LayerDecayMode::groups, {4, 1}}, DecayedStepCase{LayerDecayMode::groups, {2, 2}},
        DecayedStepCase{LayerDecayMode::groups, {1, 1, SharedPart::attention}},
        DecayedStepCase{LayerDecayMode::groups, {2, 2, SharedPart::feed_forward}},
        DecayedStepCase{LayerDecayMode::applications, {2, 1}}, DecayedStepCase{LayerDecayMode::applications, {1, 1, SharedPart::attention}},
        DecayedStepCase{LayerDecayMode::both, {1, 1}}, DecayedStepCase{LayerDecayMode::both, {2, 1}},
        DecayedStepCase{LayerDecayMode::both, {1, 2}}, DecayedStepCase{LayerDecayMode::both, {2, 3}},
        DecayedStepCase{LayerDecayMode::both, {4, 1}}, DecayedStepCase{LayerDecayMode::both, {2, 1, SharedPart::attention}},
        DecayedStepCase{LayerDecayMode::both, {1, 2, SharedPart::feed_forward}}),
    decayed_step_name);

TEST(ApplicationDecayRateOne, ChangesNothingToTheBit) {
  auto model = random_model(tiny_config(), 1);
  const at::Tensor x = at::ones({3}).requires_grad_();
  EXPECT_TRUE(gradient_scale(x, 1.0).is_same(x));
  const LayerDecayConfig off{.rate = 1.0, .mode = LayerDecayMode::both};
  const auto plain = gradients(model, 1.0);
  const auto decayed = gradients(model, off.application_rate());
  for (const auto& [name, gradient] : plain) EXPECT_TRUE(decayed.at(name).equal(gradient)) << name;
  for (const auto& item : plain) EXPECT_EQ(learning_rate_multiplier(item.first, tiny_config(), off), 1.0);
}

TEST(ApplicationDecayForward, IsNotChanged) {
  auto model = random_model(tiny_config(), 1);
  const EncoderInput input = random_input(tiny_config(), {6, 3, 6}, 3);
  EXPECT_TRUE(
      model->forward(input, kMasked).mlm_logits.equal(model->forward(input, kMasked, {.application_decay = kRate}).mlm_logits));
}

TEST(LearningRateMultiplier, FollowsTheDepthOfGroups) {
  AlbertConfig config = tiny_config();
  config.num_hidden_groups = 2;
  const LayerDecayConfig decay{.rate = 0.5, .mode = LayerDecayMode::groups};
  EXPECT_EQ(decay.application_rate(), 1.0);
  const auto multiplier = [&](std::string_view name) { return learning_rate_multiplier(name, config, decay); };
  EXPECT_EQ(multiplier("predictions.dense.weight"), 1.0);
  EXPECT_EQ(multiplier("classifier.weight"), 1.0);
  EXPECT_EQ(multiplier("albert.pooler.bias"), 1.0);
  EXPECT_EQ(multiplier(block_prefix(1, 0) + "ffn.weight"), 0.5);
  EXPECT_EQ(multiplier(block_prefix(0, 0) + "ffn.weight"), 0.25);
  EXPECT_EQ(multiplier("albert.encoder.embedding_hidden_mapping_in.weight"), 0.125);
  EXPECT_EQ(multiplier("albert.embeddings.word_embeddings.weight"), 0.0625);
}

TEST(LearningRateMultiplier, OfASharedHalfIsTheMeanOverTheLevelsThatUseIt) {
  const AlbertConfig config = shaped({.groups = 1, .inner = 1, .part = SharedPart::attention});  // 4 layers
  const LayerDecayConfig decay{.rate = 0.5, .mode = LayerDecayMode::groups};
  const auto multiplier = [&](std::string_view name) { return learning_rate_multiplier(name, config, decay); };
  EXPECT_EQ(multiplier(block_prefix(3, 0) + "full_layer_layer_norm.weight"), 0.5);
  EXPECT_EQ(multiplier(block_prefix(0, 0) + "ffn.weight"), 0.0625);
  EXPECT_EQ(multiplier(block_prefix(0, 0) + "attention.LayerNorm.bias"), (0.5 + 0.25 + 0.125 + 0.0625) / 4);
  EXPECT_EQ(multiplier("albert.encoder.embedding_hidden_mapping_in.weight"), 0.03125);
  EXPECT_EQ(multiplier("albert.embeddings.word_embeddings.weight"), 0.015625);
}

TEST(LearningRateMultiplier, OfBothIsTheMeanWeightOfABlocksApplications) {
  AlbertConfig config = tiny_config();  // 4 layers
  config.inner_group_num = 2;           // 8 applications
  config.num_hidden_groups = 2;
  const double d = 0.9;
  const LayerDecayConfig decay{.rate = d, .mode = LayerDecayMode::both};
  EXPECT_EQ(decay.application_rate(), d);
  const auto multiplier = [&](std::string_view name) { return learning_rate_multiplier(name, config, decay); };
  EXPECT_NEAR(multiplier(block_prefix(0, 0) + "ffn.bias"), (std::pow(d, 7) + std::pow(d, 5)) / 2, 1e-15);
  EXPECT_NEAR(multiplier(block_prefix(0, 1) + "ffn.bias"), (std::pow(d, 6) + std::pow(d, 4)) / 2, 1e-15);
  EXPECT_NEAR(multiplier(block_prefix(1, 1) + "ffn.bias"), (std::pow(d, 2) + 1.0) / 2, 1e-15);
  EXPECT_NEAR(multiplier("albert.encoder.embedding_hidden_mapping_in.bias"), std::pow(d, 8), 1e-15);
  EXPECT_NEAR(multiplier("albert.embeddings.LayerNorm.weight"), std::pow(d, 9), 1e-15);
  EXPECT_EQ(multiplier("sop_classifier.classifier.weight"), 1.0);
}

TEST(LearningRateMultiplier, EqualsThePublishedMeansAtTwelveLayers) {
  const AlbertConfig config = model_preset("albert-base-v2");
  for (const auto& [rate, mean] :
       {std::pair{0.95, 0.766}, std::pair{0.9, 0.598}, std::pair{0.8, 0.388}, std::pair{0.75, 0.323}}) {
    EXPECT_NEAR(learning_rate_multiplier(block_prefix(0, 0) + "ffn.weight", config, {.rate = rate}), mean, 5e-4);
  }
}

}  // namespace
}  // namespace albert
