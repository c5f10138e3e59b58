#include "golden.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace albert {
namespace {

using ::testing::HasSubstr;
using testing::random_model;
using testing::tiny_config;

AlbertConfig tiny_bert() {
  AlbertConfig config = tiny_config();
  config.architecture = Architecture::bert;
  config.embedding_size = config.hidden_size;
  config.num_hidden_groups = config.num_hidden_layers;
  return config;
}

TensorArrays exported(const PretrainingModel& model, const AlbertConfig& config) {
  TensorArrays arrays;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*model), config)) arrays.add(name, tensor);
  return arrays;
}

void expect_equal(const PretrainingModel& a, const PretrainingModel& b) {
  const auto left = parameters_by_name(*a);
  const auto right = parameters_by_name(*b);
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) EXPECT_TRUE(left[i].second.equal(right[i].second)) << left[i].first;
}

TEST(PublishedNames, ComeBackForEveryParameter) {
  for (const AlbertConfig& config : {tiny_config(), tiny_bert()}) {
    for (const auto& parameter : parameter_shapes(config, PretrainingHeads::masked_lm_sentence_order)) {
      EXPECT_EQ(parameter_name(published_name(parameter.name, config), config), parameter.name);
    }
  }
}

TEST(PublishedNames, AreThoseOfBertForPreTraining) {
  const auto file = io::SafetensorsFile::open(testing::golden_folder() / "bert.safetensors");
  std::set<std::string> expected;
  for (const auto& item : file.arrays()) {
    if (item.first.starts_with("weight/")) expected.insert(item.first.substr(7));
  }
  AlbertConfig config = tiny_bert();
  config.num_hidden_layers = config.num_hidden_groups = 3;
  std::set<std::string> ours;
  for (const auto& parameter : parameter_shapes(config, PretrainingHeads::masked_lm_sentence_order)) {
    ours.insert(published_name(parameter.name, config));
  }
  EXPECT_EQ(ours, expected);
}

TEST(Import, GivesBackWhatWasWrittenToAFile) {
  const testing::TemporaryFolder folder;
  for (const AlbertConfig& config : {tiny_config(), tiny_bert()}) {
    const auto model = random_model(config, 1);
    io::write_safetensors(folder / "model.safetensors", exported(model, config).arrays(), {{"format", "pt"}});
    const auto file = io::SafetensorsFile::open(folder / "model.safetensors");
    const PretrainingModel read(config, PretrainingHeads::masked_lm_sentence_order);
    import_arrays(file.arrays(), parameters_by_name(*read), config, {}, "model.safetensors");
    expect_equal(read, model);
  }
}

TEST(Import, ToleratesTheVariationsOfOldFiles) {
  const AlbertConfig config = tiny_config();
  const auto model = random_model(config, 1);
  TensorArrays arrays;
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name == "predictions.bias") continue;  // only its alias is there
    std::string old = name.starts_with("albert.") ? name.substr(7) : name;
    if (old == "embeddings.LayerNorm.weight") old = "embeddings.LayerNorm.gamma";
    if (old == "embeddings.LayerNorm.bias") old = "embeddings.LayerNorm.beta";
    arrays.add(old, tensor);
    if (name == "albert.embeddings.word_embeddings.weight") arrays.add("predictions.decoder.weight", tensor);
  }
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name == "predictions.bias") arrays.add("predictions.decoder.bias", tensor);
  }
  arrays.add("embeddings.position_ids", at::arange(32).unsqueeze(0));
  const PretrainingModel read(config, PretrainingHeads::masked_lm_sentence_order);
  import_arrays(arrays.arrays(), parameters_by_name(*read), config, {}, "old.safetensors");
  expect_equal(read, model);
}

TEST(Import, ConvertsOtherFloatingTypes) {
  const AlbertConfig config = tiny_config();
  const auto model = random_model(config, 1);
  TensorArrays arrays;
  for (const auto& [name, tensor] : parameters_by_name(*model)) arrays.add(name, tensor.to(at::kHalf));
  const PretrainingModel read(config, PretrainingHeads::masked_lm_sentence_order);
  import_arrays(arrays.arrays(), parameters_by_name(*read), config, {}, "half.safetensors");
  const at::Tensor expected = parameters_by_name(*model).front().second.to(at::kHalf).to(at::kFloat);
  EXPECT_TRUE(parameters_by_name(*read).front().second.equal(expected));
}

TEST(Import, ListsAllDifferencesAtOnceAndChangesNothing) {
  const AlbertConfig config = tiny_config();
  const auto model = random_model(config, 1);
  TensorArrays arrays;
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name.starts_with("sop_classifier.")) continue;
    arrays.add(name, name == "albert.pooler.bias" ? at::zeros({31}) : tensor);
  }
  arrays.add("qa_outputs.weight", at::zeros({2, 32}));
  const PretrainingModel read(config, PretrainingHeads::masked_lm_sentence_order);
  try {
    import_arrays(arrays.arrays(), parameters_by_name(*read), config, {}, "m.safetensors");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_STREQ(
        error.what(),
        "m.safetensors: tensors must be those of the model, got missing sop_classifier.classifier.weight, "
        "sop_classifier.classifier.bias; unexpected qa_outputs.weight; of another shape albert.pooler.bias (wanted [32], got "
        "[31]); check that config.json belongs to the file");
  }
  EXPECT_EQ(parameters_by_name(*read).front().second.abs().sum().item<float>(), 0.0F);
}

TEST(Import, AllowsWhatTheRulesName) {
  const AlbertConfig config = tiny_config();
  const PretrainingModel with(config, PretrainingHeads::masked_lm_sentence_order);
  const PretrainingModel without(config, PretrainingHeads::masked_lm);
  const ImportReport ignored = import_arrays(exported(with, config).arrays(), parameters_by_name(*without), config,
                                             {.may_be_ignored = {"albert.pooler.", "sop_classifier."}}, "m");
  EXPECT_THAT(ignored.ignored, ::testing::SizeIs(4));
  const ImportReport missing = import_arrays(exported(without, config).arrays(), parameters_by_name(*with), config,
                                             {.may_be_missing = {"albert.pooler.", "sop_classifier."}}, "m");
  EXPECT_THAT(missing.missing, ::testing::SizeIs(4));
}

TEST(Import, LeavesWhatStartsAnewAsItIs) {
  const AlbertConfig config = tiny_config();
  const auto source = random_model(config, 1);
  const auto target = random_model(config, 2);
  TensorArrays arrays;
  for (const auto& [name, tensor] : parameters_by_name(*source)) {
    if (name == "predictions.dense.bias") continue;  // absent
    arrays.add(name, name == "predictions.bias" ? at::zeros({7}) : tensor);
  }
  const ImportReport report =
      import_arrays(arrays.arrays(), parameters_by_name(*target), config, {.start_anew = {"predictions."}}, "m");
  EXPECT_THAT(report.missing, ::testing::SizeIs(5));
  EXPECT_THAT(report.ignored, ::testing::SizeIs(4));
  const auto expected = random_model(config, 2);
  for (const auto& [name, tensor] : parameters_by_name(*target)) {
    const auto& origin = name.starts_with("predictions.") ? expected : source;
    EXPECT_TRUE(tensor.equal(origin->named_parameters()[name])) << name;
  }
}

TEST(ConfigJson, ComesBackUnchanged) {
  for (AlbertConfig shape : {tiny_config(), tiny_bert(), model_preset("albert-xlarge-v1")}) {
    shape.feed_forward_dropout = false;
    PublishedConfig config{.shape = shape,
                           .special_ids = {.pad = 1, .cls = 4, .sep = 5},
                           .architecture = "X",
                           .labels = {"no", "yes"},
                           .problem_type = "single_label_classification"};
    if (shape.architecture == Architecture::bert)
      config.special_ids = {.pad = 1, .cls = 2, .sep = 3};  // BERT's has no cls and sep
    const PublishedConfig read = read_config_json(write_config_json(config), "config.json");
    EXPECT_EQ(read.shape, shape);
    EXPECT_EQ(read.architecture, "X");
    EXPECT_EQ(read.labels, config.labels);
    EXPECT_EQ(read.problem_type, config.problem_type);
    EXPECT_EQ(read.special_ids.pad, 1);
    EXPECT_EQ(read.special_ids.cls, config.special_ids.cls);
  }
}

TEST(ConfigJson, TakesTheReferencesDefaultsForAbsentKeys) {
  EXPECT_EQ(read_config_json("{}", "config.json").shape, model_preset("albert-xxlarge-v2"));
  EXPECT_EQ(read_config_json(R"({"hidden_act": "gelu_pytorch_tanh"})", "config.json").shape.hidden_act, Activation::gelu_new);
  EXPECT_EQ(read_config_json(R"({"model_type": "bert", "hidden_size": 96, "num_hidden_layers": 2})", "config.json")
                .shape.embedding_size,
            96);
}

std::string config_error(std::string_view text) {
  try {
    read_config_json(text, "m/config.json");
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

TEST(ConfigJson, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(config_error(R"({"hidden_act": "swish"})"), "m/config.json: hidden_act must be gelu_new, gelu_pytorch_tanh, gelu or relu, got swish");
  EXPECT_EQ(config_error(R"({"vocab_size": 9223372036854775808})"), "m/config.json: vocab_size must be an integer below 2^63, got 9223372036854775808");
  EXPECT_EQ(config_error(R"({"hidden_size": "big"})"), "m/config.json: hidden_size must be an integer, got \"big\"");
  EXPECT_EQ(config_error(R"({"tie_word_embeddings": 1})"), "m/config.json: tie_word_embeddings must be true or false, got 1");
  EXPECT_EQ(config_error(R"({"model_type": "gpt2"})"), "m/config.json: model_type must be albert, bert or partly_shared_albert, got gpt2");
  EXPECT_EQ(config_error(R"({"num_attention_heads": 7})"),
            "m/config.json: num_attention_heads must divide hidden_size 4096, got 7");
  EXPECT_EQ(config_error("[1]"), "m/config.json: must be a JSON object; is this a model folder?");
  EXPECT_THAT(config_error("{"), HasSubstr("m/config.json:1:"));
}

TEST(ArrayView, SharesTheBytesOfATensor) {
  const at::Tensor tensor = at::arange(6).view({2, 3});
  const io::ArrayView view = array_view(tensor);
  EXPECT_EQ(view.type, io::DType::i64);
  EXPECT_EQ(static_cast<const void*>(view.bytes.data()), tensor.const_data_ptr());
  const at::Tensor back = tensor_view(view);
  EXPECT_EQ(back.const_data_ptr(), tensor.const_data_ptr());
  EXPECT_TRUE(back.equal(tensor));
  EXPECT_THROW(static_cast<void>(array_view(tensor.t())), InternalError);
}

TEST(ArrayView, CopiesBytesThatAreNotAligned) {
  const at::Tensor values = at::tensor({1.5F, -2.0F});
  std::vector<std::byte> bytes(9);
  std::memcpy(bytes.data() + 1, values.const_data_ptr(), 8);
  const std::byte* odd = bytes.data() + 1;
  const at::Tensor read = tensor_view({io::DType::f32, {2}, {odd, 8}});
  EXPECT_TRUE(read.equal(values));
}

TEST(ArrayView, ReadsScalarsAndEmptyArrays) {
  const at::Tensor scalar = at::full({}, 2.5);
  EXPECT_TRUE(tensor_view(array_view(scalar)).equal(scalar));
  const at::Tensor empty = at::zeros({0, 4});
  EXPECT_EQ(tensor_view(array_view(empty)).sizes(), empty.sizes());
}

}  // namespace
}  // namespace albert
