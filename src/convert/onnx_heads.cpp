#include <albert/base/error.h>

#include "convert/onnx_export.h"

namespace albert {

std::string OnnxExport::pooled(const std::string& hidden) {
  const auto first = graph_.add("pooler/Gather", "Gather", {hidden, graph_.scalar("first", int64_t{0})}, {{"axis", int64_t{1}}});
  return graph_.add("pooler/Tanh", "Tanh", {linear("pooler", first, "albert.pooler", config_.hidden_size, config_.hidden_size)});
}

std::string OnnxExport::masked_lm(const std::string& hidden) {
  const auto dense = linear("predictions/dense", hidden, "predictions.dense", config_.hidden_size, config_.embedding_size);
  const auto transformed = layer_norm("predictions/LayerNorm", activation("predictions/activation", dense),
                                      "predictions.LayerNorm", config_.embedding_size);
  const auto words = table("albert.embeddings.word_embeddings.weight", config_.vocab_size);
  const auto decoder = graph_.add("predictions/Transpose", "Transpose", {words}, {{"perm", std::vector<int64_t>{1, 0}}});
  const auto products = graph_.add("predictions/MatMul", "MatMul", {transformed, decoder});
  return graph_.add("predictions/Add", "Add", {products, vector("predictions.bias", config_.vocab_size)});
}

int64_t OnnxExport::num_labels() const {
  const auto found = weights_.find("classifier.weight");
  return found == weights_.end() || found->second.shape.empty() ? 0 : found->second.shape.front();
}

void OnnxExport::add_head(OnnxHead head, const std::string& hidden) {
  const int64_t width = config_.hidden_size;
  switch (head) {
    case OnnxHead::encoder:
      graph_.output("last_hidden_state", hidden, {kBatch, kLength, width});
      if (weights_.contains("albert.pooler.weight")) graph_.output("pooler_output", pooled(hidden), {kBatch, width});
      return;
    case OnnxHead::pretraining:
      graph_.output("prediction_logits", masked_lm(hidden), {kBatch, kLength, config_.vocab_size});
      graph_.output(config_.architecture == Architecture::bert ? "seq_relationship_logits" : "sop_logits",
                    linear("sop_classifier", pooled(hidden), "sop_classifier.classifier", width, 2), {kBatch, int64_t{2}});
      return;
    case OnnxHead::masked_lm:
      graph_.output("logits", masked_lm(hidden), {kBatch, kLength, config_.vocab_size});
      return;
    default:
      add_classifier(head, hidden);
  }
}

void OnnxExport::add_classifier(OnnxHead head, const std::string& hidden) {
  const int64_t width = config_.hidden_size;
  switch (head) {
    case OnnxHead::sequence:
      graph_.output("logits", linear("classifier", pooled(hidden), "classifier", width, num_labels()), {kBatch, num_labels()});
      return;
    case OnnxHead::token:
      graph_.output("logits", linear("classifier", hidden, "classifier", width, num_labels()), {kBatch, kLength, num_labels()});
      return;
    case OnnxHead::question_answering:
      add_spans(hidden);
      return;
    case OnnxHead::question_answering_beam:
      add_beams(hidden);
      return;
    case OnnxHead::multiple_choice: {
      const auto scores = linear("classifier", pooled(hidden), "classifier", width, 1);
      const auto shape = graph_.add("classifier/Shape", "Shape", {"input_ids"}, {{"start", int64_t{0}}, {"end", int64_t{2}}});
      graph_.output("logits", graph_.add("classifier/Reshape", "Reshape", {scores, shape}), {kBatch, kChoices});
      return;
    }
    default:
      throw InternalError("no classifier");
  }
}

void OnnxExport::add_spans(const std::string& hidden) {
  const auto scores = linear("qa_outputs", hidden, "qa_outputs", config_.hidden_size, 2);
  const auto column = [&](const char* name, int64_t index) {
    return graph_.add(name, "Gather", {scores, graph_.scalar(fmt::format("qa_outputs.{}", index), index)}, {{"axis", int64_t{2}}});
  };
  graph_.output("start_logits", column("qa_outputs/Start", 0), {kBatch, kLength});
  graph_.output("end_logits", column("qa_outputs/End", 1), {kBatch, kLength});
}

}  // namespace albert
