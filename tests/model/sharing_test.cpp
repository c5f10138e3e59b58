// Layers that share one half of their blocks (the ablation of the ALBERT paper).
#include "task_golden.h"

#include <albert/base/error.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

const at::Tensor kMaskedPositions = at::tensor({1, 4, 9, 12}, at::kLong);
const at::Tensor kMaskedTargets = at::tensor({7, 8, 9, 10}, at::kLong);
const at::Tensor kOrderLabels = at::tensor({0, 1, 1}, at::kLong);

struct PartlySharedCase {
  SharedPart part = SharedPart::attention;
  int64_t groups = 1;
  int64_t inner = 1;
};

AlbertConfig partly_shared(const PartlySharedCase& sharing) {
  AlbertConfig config = testing::tiny_config();  // 4 layers
  config.shared_part = sharing.part;
  config.num_hidden_groups = sharing.groups;
  config.inner_group_num = sharing.inner;
  return config;
}

class PartlyShared : public ::testing::TestWithParam<PartlySharedCase> {};

TEST_P(PartlyShared, EqualsExplicitCopiesWhoseGradientsAreSummed) {
  auto shared = testing::random_model(partly_shared(GetParam()), 1);
  auto copies = testing::explicit_copies(shared);
  const auto step = [](PretrainingModel& model) {
    testing::zero_gradients(*model);
    auto output = model->forward(testing::random_input(model->config(), {6, 3, 6}, 3), kMaskedPositions);
    testing::backward_mean_losses(output, kMaskedTargets, kOrderLabels);
    return output;
  };
  const PretrainingOutput ours = step(shared);
  const PretrainingOutput theirs = step(copies);
  EXPECT_LT(testing::relative_error(ours.mlm_logits, theirs.mlm_logits), 5e-6);
  EXPECT_LT(testing::relative_error(ours.sop_logits, theirs.sop_logits), 5e-6);

  std::map<std::string, at::Tensor> summed;
  for (const auto& [name, gradient] : testing::gradients_of(*copies)) {
    const auto [place, is_new] = summed.emplace(testing::origin_of(name, shared->config()), gradient);
    if (!is_new) place->second = place->second + gradient;
  }
  const auto gradients = testing::gradients_of(*shared);
  ASSERT_EQ(gradients.size(), summed.size());
  testing::expect_gradients_near(gradients, summed, 5e-6);
}

TEST_P(PartlyShared, StoresASharedHalfOnceForAGroupAndTheOtherForEachLayer) {
  const AlbertConfig config = partly_shared(GetParam());
  const bool shares_attention = config.sharing() == Sharing::attention;
  const PretrainingModel model(config, PretrainingHeads::masked_lm);
  std::map<std::string, int64_t> sets;
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name.ends_with(".attention.query.weight")) ++sets["attention"];
    if (name.ends_with(".attention.LayerNorm.bias")) ++sets["attention's norm"];
    if (name.ends_with(".ffn.weight")) ++sets["feed-forward"];
    if (name.ends_with(".full_layer_layer_norm.bias")) ++sets["feed-forward's norm"];
  }
  const int64_t of_groups = config.num_hidden_groups * config.inner_group_num;
  const int64_t of_layers = config.num_hidden_layers * config.inner_group_num;
  const int64_t attention = shares_attention ? of_groups : of_layers;
  const int64_t feed_forward = shares_attention ? of_layers : of_groups;
  EXPECT_EQ(sets, (std::map<std::string, int64_t>{{"attention", attention},
                                                  {"attention's norm", attention},
                                                  {"feed-forward", feed_forward},
                                                  {"feed-forward's norm", feed_forward}}));
}

std::string partly_shared_name(const ::testing::TestParamInfo<PartlySharedCase>& info) {
  const char* part = info.param.part == SharedPart::attention ? "Attention" : "FeedForward";
  return fmt::format("{}OfGroups{}x{}", part, info.param.groups, info.param.inner);
}

INSTANTIATE_TEST_SUITE_P(PartsGroupsAndInnerBlocks, PartlyShared,
                         ::testing::Values(PartlySharedCase{SharedPart::attention, 1, 1}, PartlySharedCase{SharedPart::attention, 2, 2},
                                           PartlySharedCase{SharedPart::feed_forward, 1, 1},
                                           PartlySharedCase{SharedPart::feed_forward, 2, 1}),
                         partly_shared_name);

TEST(PartlySharedFolder, NamesOurClassAndWhatIsShared) {
  const AlbertConfig shape = partly_shared({.part = SharedPart::feed_forward});
  PublishedConfig config;
  config.shape = shape;
  config.architecture = pretraining_architecture(shape, PretrainingHeads::masked_lm_sentence_order);
  EXPECT_EQ(config.architecture, "PartlySharedAlbertForPreTraining");
  const std::string text = write_config_json(config);
  EXPECT_THAT(text, HasSubstr("\"model_type\": \"partly_shared_albert\""));
  EXPECT_THAT(text, HasSubstr("\"sharing\": \"feed_forward\""));
  EXPECT_EQ(read_config_json(text, "config.json").shape, shape);
  EXPECT_FALSE(task_head_of(config).has_value());
}

TEST(PartlySharedFolder, OfATaskNamesItsHead) {
  const AlbertConfig shape = partly_shared({.part = SharedPart::attention});
  const auto config = task_config(shape, {.head = TaskHead::sequence, .num_labels = 3});
  EXPECT_EQ(config.architecture, "PartlySharedAlbertForSequenceClassification");
  const auto read = read_config_json(write_config_json(config), "config.json");
  EXPECT_EQ(read.shape, shape);
  EXPECT_EQ(task_head_of(read), (TaskHeadOptions{.head = TaskHead::sequence, .num_labels = 3}));
}

TEST(PartlySharedFolder, IsRefusedWithoutWhatIsShared) {
  const auto read = [](const char* text) { return [text] { (void)read_config_json(text, "m/config.json"); }; };
  EXPECT_THAT(read(R"({"model_type": "partly_shared_albert"})"),
              ThrowsMessage<IoError>(HasSubstr("m/config.json: sharing must be attention or feed_forward for model_type "
                                               "partly_shared_albert, got ''")));
  EXPECT_THAT(read(R"({"model_type": "partly_shared_albert", "sharing": "all"})"), ThrowsMessage<IoError>(HasSubstr("got 'all'")));
  EXPECT_THAT(read(R"({"model_type": "partly_shared_albert", "sharing": "attention", "num_hidden_layers": 2, "num_hidden_groups": 2})"),
              ThrowsMessage<IoError>(HasSubstr("num_hidden_groups must be less than num_hidden_layers 2 for sharing attention, got 2")));
}

TEST(WholeSharing, KeepsTheClassesOfTransformers) {
  AlbertConfig none = testing::tiny_config();
  none.num_hidden_groups = none.num_hidden_layers;
  EXPECT_EQ(none.sharing(), Sharing::none);
  for (const AlbertConfig& shape : {testing::tiny_config(), none}) {
    EXPECT_EQ(pretraining_architecture(shape, PretrainingHeads::masked_lm), "AlbertForMaskedLM");
    PublishedConfig config;
    config.shape = shape;
    const std::string text = write_config_json(config);
    EXPECT_THAT(text, HasSubstr("\"model_type\": \"albert\""));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("sharing")));
  }
}

TEST(TaskParameterShapes, AreTheParametersOfTheModel) {
  for (const auto& sharing : {PartlySharedCase{SharedPart::block, 2}, PartlySharedCase{SharedPart::attention, 2, 2}}) {
    for (const auto& [head, text] : enum_names(config::EnumTag<TaskHead>{})) {
      const AlbertConfig config = partly_shared(sharing);
      const TaskHeadOptions options{.head = head, .num_labels = 3};
      std::map<std::string, std::vector<int64_t>> listed;
      for (const auto& [name, shape] : parameter_shapes(config, options)) listed[name] = shape;
      std::map<std::string, std::vector<int64_t>> built;
      for (const auto& [name, tensor] : parameters_by_name(*TaskModel(config, options))) built[name] = tensor.sizes().vec();
      EXPECT_EQ(listed, built) << text;
    }
  }
}

TEST(PretrainingContent, TellsWhichPartsAFileHas) {
  const AlbertConfig config = testing::tiny_config();
  auto model = testing::random_model(config, 1);
  TensorArrays arrays;
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (!name.starts_with("sop_classifier.")) arrays.add(name, tensor);
  }
  const auto named = arrays_by_parameter(arrays.arrays(), config);
  const auto content = pretraining_content(named);
  EXPECT_TRUE(content.has_pooler && content.has_mlm_head && !content.has_order_head);
  EXPECT_EQ(content.heads(), PretrainingHeads::masked_lm_sentence_order);
  const auto plan = plan_import(named, parameter_shapes(config, content.heads()), content.rules());
  EXPECT_TRUE(plan.is_possible());
  EXPECT_THAT(plan.report.missing, ::testing::ElementsAre("sop_classifier.classifier.weight", "sop_classifier.classifier.bias"));
  EXPECT_THAT(plan.report.ignored, IsEmpty());
}

}  // namespace
}  // namespace albert
