// What is refused; that the files compute the right thing is shown by tests/integration/onnx_test.py with onnxruntime.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/convert/onnx.h>
#include <albert/model/task_head_options.h>
#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <limits>
#include <map>

namespace albert {
namespace {

/// Zeros for every parameter of a tiny model of token classification.
struct TinyWeights {
  TinyWeights() {
    shape.vocab_size = 11;
    shape.embedding_size = 4;
    shape.hidden_size = 8;
    shape.num_hidden_layers = 3;
    shape.num_attention_heads = 2;
    shape.intermediate_size = 6;
    shape.max_position_embeddings = 9;
    for (const auto& parameter : parameter_shapes(shape, {.head = TaskHead::token, .num_labels = 3})) {
      auto& values = kept[parameter.name];
      values.resize(static_cast<size_t>(parameter.num_elements()));
      arrays[parameter.name] = {.type = io::DType::f32, .shape = parameter.shape, .bytes = std::as_bytes(std::span(values))};
    }
  }
  [[nodiscard]] std::string error_of(const std::filesystem::path& path) const {
    try {
      write_onnx(path, {.shape = shape, .head = OnnxHead::token, .where = "weights"}, arrays);
    } catch (const IoError& error) {
      return error.what();
    }
    return "";
  }

  AlbertConfig shape;
  std::map<std::string, std::vector<float>> kept;
  io::NamedArrays arrays;
};

size_t count_of(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Onnx, StoresTheSharedLayerOnce) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx";
  const TinyWeights weights;
  EXPECT_EQ(weights.error_of(path), "");
  const std::string bytes = read_file(path);
  const std::string name = "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn_output.weight";
  // Of a tensor the name (field 8) follows the data type (field 2), which is fp32.
  const std::string tensor = std::string("\x10\x01\x42") + static_cast<char>(name.size()) + name;
  EXPECT_EQ(count_of(bytes, tensor), 1U);
  EXPECT_EQ(count_of(bytes, name), 4U) << "three layers use it";
}

TEST(Onnx, NamesATensorThatIsMissingOrHasAnotherShapeOrType) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx";
  write_file_atomically(path, "old");
  TinyWeights weights;
  auto node = weights.arrays.extract("classifier.bias");
  EXPECT_EQ(weights.error_of(path), "weights: the model must have the tensor classifier.bias, got none of that name");
  weights.arrays.insert(std::move(node));
  auto& mapping = weights.arrays.at("albert.encoder.embedding_hidden_mapping_in.weight");
  mapping.shape = {4, 8};
  EXPECT_EQ(weights.error_of(path),
            "weights: albert.encoder.embedding_hidden_mapping_in.weight must be floating-point [8, 4], got F32 [4, 8]");
  mapping.shape = {8, 4};
  mapping.type = io::DType::i32;
  EXPECT_EQ(weights.error_of(path),
            "weights: albert.encoder.embedding_hidden_mapping_in.weight must be floating-point [8, 4], got I32 [8, 4]");
  EXPECT_EQ(read_file(path), "old");
}

TEST(Onnx, RefusesFiniteValuesThatFp32CannotHold) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx";
  TinyWeights weights;
  std::vector<double> values{1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<float>::max()};
  weights.arrays.at("classifier.bias") = {.type = io::DType::f64, .shape = {3}, .bytes = std::as_bytes(std::span(values))};
  EXPECT_EQ(weights.error_of(path), "") << "infinity stays what it is";
  const std::string old = read_file(path);
  values[0] = -1e300;
  EXPECT_EQ(weights.error_of(path),
            "weights: tensor classifier.bias: finite values must be within +-3.40282e+38 to become fp32, got -1e+300; a folder of Hugging Face "
            "keeps F64");
  EXPECT_EQ(read_file(path), old);
}

TEST(Onnx, KnowsTheHeadsOfAllClassesAndRefusesOthersByName) {
  EXPECT_EQ(onnx_head_of("", "c"), OnnxHead::encoder);
  EXPECT_EQ(onnx_head_of("BertModel", "c"), OnnxHead::encoder);
  EXPECT_EQ(onnx_head_of("PartlySharedAlbertForMaskedLM", "c"), OnnxHead::masked_lm);
  EXPECT_EQ(onnx_head_of("AlbertForMultipleChoice", "c"), OnnxHead::multiple_choice);
  EXPECT_EQ(onnx_head_of("AlbertForBeamQuestionAnswering", "c"), OnnxHead::question_answering_beam);
  for (const char* name : {"AlbertForNextSentencePrediction", "RobertaForMaskedLM", "Albert"}) {
    try {
      onnx_head_of(name, "config.json");
      FAIL() << name;
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()),
                fmt::format("config.json: there must be an ONNX form of the model's class, got {}, which has none", name));
    }
  }
}

}  // namespace
}  // namespace albert
