#include <albert/base/error.h>
#include <albert/base/replacing_file.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "convert/onnx_export.h"

namespace albert {
namespace {

constexpr std::array<std::pair<std::string_view, OnnxHead>, 8> kClasses{{
    {"Model", OnnxHead::encoder},
    {"ForPreTraining", OnnxHead::pretraining},
    {"ForMaskedLM", OnnxHead::masked_lm},
    {"ForSequenceClassification", OnnxHead::sequence},
    {"ForTokenClassification", OnnxHead::token},
    {"ForQuestionAnswering", OnnxHead::question_answering},
    {"ForBeamQuestionAnswering", OnnxHead::question_answering_beam},
    {"ForMultipleChoice", OnnxHead::multiple_choice},
}};

/// What the graph cannot say: a longer input ends in a table of positions that is too short.
std::vector<std::pair<std::string, std::string>> metadata_of(const AlbertConfig& shape) {
  return {{"max_sequence_length", std::to_string(shape.max_position_embeddings)}, {"vocab_size", std::to_string(shape.vocab_size)}};
}

}  // namespace

const io::ArrayView& OnnxExport::array(const std::string& name, const std::vector<int64_t>& shape) const {
  const auto found = weights_.find(name);
  if (found == weights_.end())
    throw IoError(fmt::format("{}: the model must have the tensor {}, got none of that name", where_, name));
  const io::ArrayView& array = found->second;
  if (array.shape != shape || !has_float_form(array.type)) {
    throw IoError(fmt::format("{}: {} must be floating-point [{}], got {} [{}]", where_, name, fmt::join(shape, ", "),
                              io::name(array.type), fmt::join(array.shape, ", ")));
  }
  return array;
}

std::string OnnxExport::linear(const std::string& node, const std::string& x, const std::string& layer, int64_t in, int64_t out) {
  const std::string name = layer + ".weight";
  const auto weight = graph_.weight(name, array(name, {out, in}), MatrixLayout::transposed);
  return graph_.add(node + "/Add", "Add", {graph_.add(node + "/MatMul", "MatMul", {x, weight}), vector(layer + ".bias", out)});
}

std::string OnnxExport::layer_norm(const std::string& node, const std::string& x, const std::string& layer, int64_t size) {
  return graph_.add(node + "/LayerNormalization", "LayerNormalization",
                    {x, vector(layer + ".weight", size), vector(layer + ".bias", size)},
                    {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(config_.layer_norm_eps)}});
}

std::string OnnxExport::activation(const std::string& node, const std::string& x) {
  if (config_.hidden_act == Activation::relu) return graph_.add(node + "/Relu", "Relu", {x});
  std::string inner;
  if (config_.hidden_act == Activation::gelu) {  // x / 2 (1 + erf(x / sqrt(2)))
    inner = graph_.add(node + "/Erf", "Erf", {multiply(node + "/Scaled", x, "gelu.inverse_sqrt_2", 1.0 / std::numbers::sqrt2)});
  } else {  // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    const auto square = graph_.add(node + "/Square", "Mul", {x, x});
    const auto cube = multiply(node + "/Cubic", graph_.add(node + "/Cube", "Mul", {square, x}), "gelu.cubic", 0.044715);
    const auto sum = graph_.add(node + "/Sum", "Add", {x, cube});
    inner = graph_.add(node + "/Tanh", "Tanh",
                       {multiply(node + "/Scaled", sum, "gelu.sqrt_2_over_pi", std::sqrt(2.0 / std::numbers::pi))});
  }
  const auto gate = graph_.add(node + "/Gate", "Add", {inner, graph_.scalar("gelu.one", 1.0F)});
  return graph_.add(node + "/Mul", "Mul", {multiply(node + "/Half", x, "gelu.half", 0.5), gate});
}

void OnnxExport::inputs(OnnxHead head) {
  std::vector<OnnxDimension> shape{kBatch, kLength};
  if (head == OnnxHead::multiple_choice) shape = {kBatch, kChoices, kLength};
  ids_ = graph_.input("input_ids", shape);
  mask_ = graph_.input("attention_mask", shape);
  types_ = graph_.input("token_type_ids", shape);
  if (head == OnnxHead::question_answering_beam) answer_mask_ = graph_.input("p_mask", shape);
  if (head != OnnxHead::multiple_choice) return;
  const auto length = graph_.add("choices/Length", "Shape", {ids_}, {{"start", int64_t{2}}, {"end", int64_t{3}}});
  const auto rows = graph_.add("choices/Shape", "Concat", {graph_.list("choices.rows", {-1}), length}, {{"axis", int64_t{0}}});
  for (std::string* input : {&ids_, &mask_, &types_}) *input = graph_.add("choices/" + *input, "Reshape", {*input, rows});
}

std::string OnnxExport::embeddings() {
  const std::string prefix = "albert.embeddings.";
  const auto words =
      graph_.add("embeddings/Words", "Gather", {table(prefix + "word_embeddings.weight", config_.vocab_size), ids_});
  const auto types =
      graph_.add("embeddings/Types", "Gather", {table(prefix + "token_type_embeddings.weight", config_.type_vocab_size), types_});
  const auto length = graph_.add("embeddings/Length", "Shape", {ids_}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  const auto zero = graph_.list("zero", {0});
  const auto positions =
      graph_.add("embeddings/Positions", "Slice",
                 {table(prefix + "position_embeddings.weight", config_.max_position_embeddings), zero, length, zero});
  const auto sum = graph_.add("embeddings/Add", "Add", {graph_.add("embeddings/AddTypes", "Add", {words, types}), positions});
  return layer_norm("embeddings/LayerNorm", sum, prefix + "LayerNorm", config_.embedding_size);
}

std::string OnnxExport::encoder(const std::string& embedded) {
  // 0 where a token may be looked at, the lowest number where not: also a row without any token stays finite.
  const auto mask = graph_.add("mask/Cast", "Cast", {mask_}, {{"to", static_cast<int64_t>(OnnxType::float32)}});
  const auto hidden_tokens = graph_.add("mask/Sub", "Sub", {graph_.scalar("mask.one", 1.0F), mask});
  const auto scaled = multiply("mask/Mul", hidden_tokens, "mask.lowest", std::numeric_limits<float>::lowest());
  added_mask_ = graph_.add("mask/Unsqueeze", "Unsqueeze", {scaled, graph_.list("mask.axes", {1, 2})});

  std::string hidden = embedded;
  if (config_.has_embedding_mapping()) {
    hidden = linear("encoder/embedding_hidden_mapping_in", hidden, "albert.encoder.embedding_hidden_mapping_in",
                    config_.embedding_size, config_.hidden_size);
  }
  for (int64_t layer = 0; layer < config_.num_hidden_layers; ++layer) {
    const auto block = [&](int64_t sets, int64_t inner) {
      return fmt::format("albert.encoder.albert_layer_groups.{}.albert_layers.{}", config_.set_of_layer(layer, sets), inner);
    };
    for (int64_t inner = 0; inner < config_.inner_group_num; ++inner) {
      const std::string node = fmt::format("encoder/layer.{}.{}", layer, inner);
      hidden = attention(node + "/attention", hidden, block(config_.attention_sets(), inner) + ".attention");
      hidden = feed_forward(node, hidden, block(config_.feed_forward_sets(), inner));
    }
  }
  return hidden;
}

std::string OnnxExport::heads_of(const std::string& node, const std::string& hidden, const std::string& layer,
                                 const std::vector<int64_t>& order) {
  const auto projected = linear(node, hidden, layer, config_.hidden_size, config_.hidden_size);
  const auto shape = graph_.list("attention.heads", {0, 0, config_.num_attention_heads, config_.head_size()});
  return graph_.add(node + "/Transpose", "Transpose", {graph_.add(node + "/Reshape", "Reshape", {projected, shape})},
                    {{"perm", order}});
}

std::string OnnxExport::attention(const std::string& node, const std::string& hidden, const std::string& block) {
  const auto query = heads_of(node + "/query", hidden, block + ".query", {0, 2, 1, 3});  // [batch, heads, sequence, head_size]
  const auto key = heads_of(node + "/key", hidden, block + ".key", {0, 2, 3, 1});        // [batch, heads, head_size, sequence]
  const auto value = heads_of(node + "/value", hidden, block + ".value", {0, 2, 1, 3});
  const auto products = graph_.add(node + "/MatMul", "MatMul", {query, key});
  const auto scores =
      multiply(node + "/Scaled", products, "attention.scale", 1.0 / std::sqrt(static_cast<double>(config_.head_size())));
  const auto visible = graph_.add(node + "/Masked", "Add", {scores, added_mask_});
  const auto shares = graph_.add(node + "/Softmax", "Softmax", {visible}, {{"axis", int64_t{-1}}});
  const auto context = graph_.add(node + "/Context", "MatMul", {shares, value});
  const auto rows = graph_.add(node + "/Transpose", "Transpose", {context}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  const auto joined =
      graph_.add(node + "/Reshape", "Reshape", {rows, graph_.list("attention.joined", {0, 0, config_.hidden_size})});
  const auto output = linear(node + "/dense", joined, block + ".dense", config_.hidden_size, config_.hidden_size);
  return layer_norm(node + "/LayerNorm", graph_.add(node + "/Add", "Add", {hidden, output}), block + ".LayerNorm",
                    config_.hidden_size);
}

std::string OnnxExport::feed_forward(const std::string& node, const std::string& attended, const std::string& block) {
  const auto inner = linear(node + "/ffn", attended, block + ".ffn", config_.hidden_size, config_.intermediate_size);
  const auto activated = activation(node + "/activation", inner);
  const auto output =
      linear(node + "/ffn_output", activated, block + ".ffn_output", config_.intermediate_size, config_.hidden_size);
  return layer_norm(node + "/LayerNorm", graph_.add(node + "/Add", "Add", {attended, output}), block + ".full_layer_layer_norm",
                    config_.hidden_size);
}

OnnxHead onnx_head_of(std::string_view architecture, std::string_view where) {
  if (architecture.empty()) return OnnxHead::encoder;
  for (const std::string_view family : {"PartlySharedAlbert", "Albert", "Bert"}) {
    if (!architecture.starts_with(family)) continue;
    for (const auto& [name, head] : kClasses) {
      if (architecture.substr(family.size()) == name) return head;
    }
  }
  throw ConfigError(
      fmt::format("{}: there must be an ONNX form of the model's class, got {}, which has none", where, architecture));
}

void write_onnx(const std::filesystem::path& path, const OnnxModel& model, const io::NamedArrays& weights) {
  constexpr uint64_t kMaxBytes = std::numeric_limits<int32_t>::max();  // protobuf's limit for a message
  const ProtoMessage proto = OnnxExport(model, weights).take_graph().to_model("albert", metadata_of(model.shape));
  if (proto.size_bytes() > kMaxBytes) {
    throw IoError(fmt::format("{}: an ONNX file must have at most {} bytes, got {}", model.where, kMaxBytes, proto.size_bytes()));
  }
  ReplacingFile file(path);
  proto.write([&](std::span<const std::byte> bytes) { file.writer().write(bytes); });
  file.commit();
}

}  // namespace albert
