// From a model to its graph: the encoder (onnx.cpp), heads of a class (onnx_heads.cpp), the beam head of SQuAD 2.0 (onnx_beam.cpp).
#pragma once

#include <albert/convert/onnx.h>
#include <albert/io/named_tensors.h>
#include <albert/model/albert_config.h>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/onnx_graph.h"

namespace albert {

// Names of the dimensions that are free.
inline constexpr std::string_view kBatch = "batch_size";
inline constexpr std::string_view kChoices = "num_choices";
inline constexpr std::string_view kLength = "sequence_length";

/// Writes down what a model computes, in the order in which it does; the nodes are named like its modules.
class OnnxExport {
 public:
  OnnxExport(const OnnxModel& model, const io::NamedArrays& weights)
      : config_(model.shape), where_(model.where), weights_(weights), graph_(model.where) {
    inputs(model.head);
    add_head(model.head, encoder(embeddings()));
  }
  OnnxGraph take_graph() && { return std::move(graph_); }

 private:
  const io::ArrayView& array(const std::string& name, const std::vector<int64_t>& shape) const;
  std::string vector(const std::string& name, int64_t size) { return graph_.weight(name, array(name, {size}), MatrixLayout::as_it_is); }
  std::string table(const std::string& name, int64_t rows) {
    return graph_.weight(name, array(name, {rows, config_.embedding_size}), MatrixLayout::as_it_is);
  }
  std::string matrix(const std::string& name, int64_t in, int64_t out) {  // [in, out], as MatMul wants it
    return graph_.weight(name, array(name, {out, in}), MatrixLayout::transposed);
  }
  std::string linear(const std::string& node, const std::string& x, const std::string& layer, int64_t in, int64_t out);
  std::string layer_norm(const std::string& node, const std::string& x, const std::string& layer, int64_t size);
  std::string activation(const std::string& node, const std::string& x);
  std::string multiply(const std::string& node, const std::string& x, const std::string& constant, double value) {
    return graph_.add(node, "Mul", {x, graph_.scalar(constant, static_cast<float>(value))});
  }

  void inputs(OnnxHead head);
  std::string embeddings();
  std::string encoder(const std::string& embedded);
  std::string attention(const std::string& node, const std::string& hidden, const std::string& block);
  std::string heads_of(const std::string& node, const std::string& hidden, const std::string& layer,
                       const std::vector<int64_t>& order);
  std::string feed_forward(const std::string& node, const std::string& attended, const std::string& block);
  std::string pooled(const std::string& hidden);
  std::string masked_lm(const std::string& hidden);
  void add_head(OnnxHead head, const std::string& hidden);
  void add_classifier(OnnxHead head, const std::string& hidden);
  void add_spans(const std::string& hidden);
  void add_beams(const std::string& hidden);
  void add_no_answer(const std::string& hidden, const std::string& start_log_probs);
  std::string end_scores(const std::string& hidden, const std::string& starts);
  std::string squeezed(const std::string& node, const std::string& x, int64_t axis) {
    return graph_.add(node, "Squeeze", {x, graph_.list(fmt::format("axis.{}", axis), {axis})});
  }
  std::string unsqueezed(const std::string& node, const std::string& x, int64_t axis) {
    return graph_.add(node, "Unsqueeze", {x, graph_.list(fmt::format("axis.{}", axis), {axis})});
  }
  int64_t num_labels() const;  ///< rows of the classifier

  const AlbertConfig& config_;
  const std::string& where_;
  const io::NamedArrays& weights_;
  OnnxGraph graph_;
  std::string ids_, mask_, types_;  // [batch, sequence]; of multiple choice [batch * choices, sequence]
  std::string added_mask_;          // [batch, 1, 1, sequence]
  std::string answer_mask_;         // [batch, sequence], of the beam head
};

}  // namespace albert
