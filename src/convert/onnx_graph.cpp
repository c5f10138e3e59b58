#include "convert/onnx_graph.h"

#include <albert/base/error.h>

#include <cstring>

// Numbers of fields are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
namespace albert {
namespace {

constexpr int64_t kOpset = 17;     // LayerNormalization came with it
constexpr int64_t kIrVersion = 8;  // of the release that brought opset 17

ProtoMessage attribute_proto(const OnnxAttribute& attribute) {
  constexpr int64_t kFloat = 1, kInt = 2, kInts = 7;  // AttributeProto.AttributeType
  ProtoMessage proto;
  proto.add_text(1, attribute.name);
  if (const auto* number = std::get_if<int64_t>(&attribute.value)) {
    proto.add_number(3, *number);
    proto.add_number(20, kInt);
  } else if (const auto* real = std::get_if<float>(&attribute.value)) {
    proto.add_float(2, *real);
    proto.add_number(20, kFloat);
  } else {
    proto.add_numbers(8, std::get<std::vector<int64_t>>(attribute.value));
    proto.add_number(20, kInts);
  }
  return proto;
}

/// TensorProto without its data.
ProtoMessage tensor_proto(const std::string& name, OnnxType type, const std::vector<int64_t>& shape) {
  ProtoMessage proto;
  if (!shape.empty()) proto.add_numbers(1, shape);
  proto.add_number(2, static_cast<int64_t>(type));
  proto.add_text(8, name);
  return proto;
}

ProtoMessage value_info(const std::string& name, OnnxType type, const std::vector<OnnxDimension>& shape) {
  ProtoMessage dimensions;
  for (const OnnxDimension& dimension : shape) {
    ProtoMessage proto;
    if (const auto* size = std::get_if<int64_t>(&dimension)) {
      proto.add_number(1, *size);
    } else {
      proto.add_text(2, std::get<std::string_view>(dimension));
    }
    dimensions.add_message(1, std::move(proto));
  }
  ProtoMessage tensor;
  tensor.add_number(1, static_cast<int64_t>(type));
  tensor.add_message(2, std::move(dimensions));
  ProtoMessage tensor_type;
  tensor_type.add_message(1, std::move(tensor));
  ProtoMessage proto;
  proto.add_text(1, name);
  proto.add_message(2, std::move(tensor_type));
  return proto;
}

template <typename T>
std::string bytes_of(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

}  // namespace

void OnnxGraph::add_node(const std::string& name, std::string_view op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outputs, const std::vector<OnnxAttribute>& attributes) {
  ProtoMessage node;
  for (const std::string& input : inputs) node.add_text(1, input);
  for (const std::string& output : outputs) {
    ALBERT_CHECK(is_new(output), "two values of the graph are called {}", output);
    node.add_text(2, output);
  }
  node.add_text(3, name);
  node.add_text(4, op);
  for (const OnnxAttribute& attribute : attributes) node.add_message(5, attribute_proto(attribute));
  nodes_.add_message(1, std::move(node));
}

std::string OnnxGraph::add(const std::string& name, std::string_view op, const std::vector<std::string>& inputs,
                           const std::vector<OnnxAttribute>& attributes) {
  add_node(name, op, inputs, {name}, attributes);
  return name;
}

std::pair<std::string, std::string> OnnxGraph::add_top(const std::string& name, const std::string& x, const std::string& count) {
  std::pair outputs{name + "/Values", name + "/Indices"};
  add_node(name, "TopK", {x, count}, {outputs.first, outputs.second}, {{"axis", int64_t{-1}}});
  return outputs;
}

std::string OnnxGraph::weight(const std::string& name, const io::ArrayView& array, MatrixLayout layout) {
  if (!is_new(name)) return name;
  auto shape = array.shape;
  if (layout == MatrixLayout::transposed) std::swap(shape.front(), shape.back());
  ProtoMessage tensor = tensor_proto(name, OnnxType::float32, shape);
  const uint64_t count = array.bytes.size() * 8 / io::size_bits(array.type);
  tensor.add_bytes(9, count * sizeof(float), [name, where = where_, array, layout] {
    try {
      return float_bytes(array, layout);
    } catch (const IoError& error) {
      throw IoError(fmt::format("{}: tensor {}: {}", where, name, error.what()));
    }
  });
  initializers_.add_message(5, std::move(tensor));
  return name;
}

std::string OnnxGraph::constant(const std::string& name, OnnxType type, std::string bytes, const std::vector<int64_t>& shape) {
  if (!is_new(name)) return name;
  ProtoMessage tensor = tensor_proto(name, type, shape);
  tensor.add_text(9, bytes);
  initializers_.add_message(5, std::move(tensor));
  return name;
}

std::string OnnxGraph::scalar(const std::string& name, float value) {
  return constant(name, OnnxType::float32, bytes_of(&value, 1), {});
}

std::string OnnxGraph::scalar(const std::string& name, int64_t value) {
  return constant(name, OnnxType::int64, bytes_of(&value, 1), {});
}

std::string OnnxGraph::list(const std::string& name, const std::vector<int64_t>& values) {
  return constant(name, OnnxType::int64, bytes_of(values.data(), values.size()), {static_cast<int64_t>(values.size())});
}

std::string OnnxGraph::input(const std::string& name, const std::vector<OnnxDimension>& shape) {
  ALBERT_CHECK(is_new(name), "two values of the graph are called {}", name);
  ends_.add_message(11, value_info(name, OnnxType::int64, shape));
  return name;
}

void OnnxGraph::output(const std::string& name, const std::string& value, const std::vector<OnnxDimension>& shape, OnnxType type) {
  add(name, "Identity", {value});
  ends_.add_message(12, value_info(name, type, shape));
}

ProtoMessage OnnxGraph::to_model(std::string_view name, const std::vector<std::pair<std::string, std::string>>& metadata) && {
  ProtoMessage graph = std::move(nodes_);
  graph.add_text(2, name);
  graph.append_fields(std::move(initializers_));
  graph.append_fields(std::move(ends_));
  ProtoMessage opset;
  opset.add_text(1, "");
  opset.add_number(2, kOpset);
  ProtoMessage model;
  model.add_number(1, kIrVersion);
  model.add_text(2, "albert");
  model.add_message(7, std::move(graph));
  model.add_message(8, std::move(opset));
  for (const auto& [key, value] : metadata) {
    ProtoMessage entry;
    entry.add_text(1, key);
    entry.add_text(2, value);
    model.add_message(14, std::move(entry));
  }
  return model;
}

}  // namespace albert
