// Names of variables and keys of albert_config.json, without tensors.
#include "convert/google_names.h"
#include "convert/google_config.h"

#include <albert/base/error.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;

std::string google_name(std::string_view variable) {
  const auto parameter = google_parameter(variable);
  return parameter ? parameter->name + (parameter->is_transposed ? " transposed" : "") : "none";
}

TEST(GoogleNames, AreThoseOfModelFolders) {
  EXPECT_EQ(google_name("bert/embeddings/word_embeddings"), "albert.embeddings.word_embeddings.weight");
  EXPECT_EQ(google_name("module/bert/pooler/dense/kernel"), "albert.pooler.weight transposed");
  const std::string block = "bert/encoder/transformer/group_11/inner_group_2/";
  const std::string published = "albert.encoder.albert_layer_groups.11.albert_layers.2.";
  EXPECT_EQ(google_name(block + "attention_1/self/query/kernel"), published + "attention.query.weight transposed");
  EXPECT_EQ(google_name(block + "LayerNorm/gamma"), published + "attention.LayerNorm.weight");
  EXPECT_EQ(google_name(block + "LayerNorm_1/beta"), published + "full_layer_layer_norm.bias");
  EXPECT_EQ(google_name(block + "ffn_1/intermediate/output/dense/bias"), published + "ffn_output.bias");
  EXPECT_EQ(google_name("output_weights"), "classifier.weight");
  EXPECT_EQ(google_name("cls/squad/output_weights"), "qa_outputs.weight");
}

TEST(GoogleNames, OthersAreNotGuessed) {
  for (const char* variable :
       {"", "/", "kernel", "bert", "bert/pooler/dense", "bert/pooler/dense/gamma", "bert/pooler/dense/kernel/kernel",
        "bert/embeddings/LayerNorm/kernel", "bert/encoder/transformer/group_/inner_group_0/LayerNorm/beta",
        "bert/encoder/transformer/group_01/inner_group_0/LayerNorm/beta",
        "bert/encoder/transformer/group_0/inner_group_99999/LayerNorm/beta", "bert/encoder/transformer/group_0/LayerNorm/beta",
        "bert/encoder/layer_shared/attention/self/query/kernel"}) {
    EXPECT_EQ(google_name(variable), "none") << variable;
  }
}

TEST(GoogleNames, LeftoversHaveAReason) {
  EXPECT_EQ(google_leftover("bert/pooler/dense/kernel/adam_m"), "slot of the optimizer");
  EXPECT_EQ(google_leftover("output_bias/lamb_v"), "slot of the optimizer");
  EXPECT_EQ(google_leftover("global_step"), "number of the step");
  EXPECT_EQ(google_leftover("AdamWeightDecayOptimizer_1/x"), "state of the optimizer");
  EXPECT_EQ(google_leftover("Variable"), "variable without a name");
  EXPECT_EQ(google_leftover("bert/pooler/dense/kernel"), "");
  EXPECT_EQ(google_leftover("adam_m"), "");
}

TEST(GoogleConfig, HasGooglesDefaultsAndMeaningOfGelu) {
  const GoogleConfig config =
      read_google_config(R"({"vocab_size": 21128, "hidden_act": "gelu", "gap_size": 0, "layers_to_keep": [], "x": 1})", "c");
  EXPECT_EQ(config.shape.vocab_size, 21128);
  EXPECT_EQ(config.shape.hidden_size, 4096);
  EXPECT_EQ(config.shape.num_attention_heads, 64);
  EXPECT_EQ(config.shape.hidden_act, Activation::gelu_new);
  EXPECT_EQ(config.shape.layer_norm_eps, 1e-12);
  EXPECT_THAT(config.unknown_keys, ElementsAre("x"));
  EXPECT_EQ(read_google_config(R"({"vocab_size": 5, "hidden_act": "relu"})", "c").shape.hidden_act, Activation::relu);
}

std::string google_config_error(const std::string& text) {
  try {
    (void)read_google_config(text, "c");
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(GoogleConfig, RefusesByTheNameOfTheKey) {
  EXPECT_EQ(google_config_error("[]"), "c: wanted a JSON object, got array");
  EXPECT_EQ(google_config_error("{}"), "c: vocab_size: wanted an integer, got none");
  EXPECT_EQ(google_config_error(R"({"vocab_size": "5"})"), "c: vocab_size: wanted an integer, got \"5\"");
  EXPECT_EQ(google_config_error(R"({"vocab_size": 5, "initializer_range": null})"),
            "c: initializer_range: wanted a number, got null");
  EXPECT_EQ(google_config_error(R"({"vocab_size": 5, "hidden_act": "tanh"})"),
            "c: hidden_act: wanted gelu or relu, got \"tanh\"");
  EXPECT_EQ(google_config_error(R"({"vocab_size": 5, "hidden_size": 100})"),
            "c: num_attention_heads: must divide hidden_size 100, got 64");
}

}  // namespace
}  // namespace albert
