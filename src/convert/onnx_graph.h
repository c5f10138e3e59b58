// A graph of ONNX operators that grows node by node, and the file that it becomes.
#pragma once

#include <albert/io/named_tensors.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "convert/float_array.h"
#include "convert/proto_message.h"

namespace albert {

enum class OnnxType : int64_t { float32 = 1, int64 = 7, boolean = 9 };  // TensorProto.DataType

/// An attribute of an operator.
struct OnnxAttribute {
  std::string_view name;
  std::variant<int64_t, float, std::vector<int64_t>> value;
};

/// A dimension: its size, or the name of one that is known at run time only.
using OnnxDimension = std::variant<int64_t, std::string_view>;

class OnnxGraph {
 public:
  /// `where`: begins error texts about the values of weights.
  explicit OnnxGraph(std::string where) : where_(std::move(where)) {}

  /// Adds an operator of opset 17 with one output, which has the node's name. Names must differ.
  std::string add(const std::string& name, std::string_view op, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {});
  /// TopK along the last axis, largest first; the names of values and indices. `count`: a list of one.
  std::pair<std::string, std::string> add_top(const std::string& name, const std::string& x, const std::string& count);
  /// A weight, stored once however often it is asked for; `array` must live until the model is written, and is converted then: that throws
  /// IoError, which names the tensor, for a value that fp32 cannot hold.
  std::string weight(const std::string& name, const io::ArrayView& array, MatrixLayout layout);
  /// Constants, stored once for each name; a scalar, or a list.
  std::string scalar(const std::string& name, float value);
  std::string scalar(const std::string& name, int64_t value);
  std::string list(const std::string& name, const std::vector<int64_t>& values);

  std::string input(const std::string& name, const std::vector<OnnxDimension>& shape);
  /// Gives `value` the name under which it leaves the graph.
  void output(const std::string& name, const std::string& value, const std::vector<OnnxDimension>& shape,
              OnnxType type = OnnxType::float32);

  /// The ModelProto; `metadata` becomes its metadata_props. The graph is empty afterwards.
  ProtoMessage to_model(std::string_view name, const std::vector<std::pair<std::string, std::string>>& metadata) &&;

 private:
  void add_node(const std::string& name, std::string_view op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                const std::vector<OnnxAttribute>& attributes);
  bool is_new(const std::string& name) { return names_.insert(name).second; }
  std::string constant(const std::string& name, OnnxType type, std::string bytes, const std::vector<int64_t>& shape);

  std::string where_;
  std::set<std::string> names_;
  ProtoMessage nodes_;  // fields of GraphProto
  ProtoMessage initializers_;
  ProtoMessage ends_;
};

}  // namespace albert
