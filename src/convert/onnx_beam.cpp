// The head of SQuAD 2.0 with its search, as TaskModel does it: the best starts, for each the best ends, and whether there is an answer.
#include "convert/onnx_export.h"

#include <limits>

namespace albert {
namespace {

constexpr int64_t kStarts = 5;  // BeamSize's defaults
constexpr int64_t kEnds = 5;
// As in task_model.cpp: the score of a position that p_mask forbids, and what lies above such scores.
constexpr float kForbidden = -1e30F;
constexpr float kAllowedFrom = -1e29F;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

/// Scores of positions, the last dimension, of one part of the head.
class PositionScores {
 public:
  /// `is_forbidden` and `is_padding` fit the scores by broadcasting.
  PositionScores(OnnxGraph& graph, std::string node, std::string is_forbidden, std::string is_padding)
      : graph_(graph), node_(std::move(node)), is_forbidden_(std::move(is_forbidden)), is_padding_(std::move(is_padding)) {}

  std::string log_probs(const std::string& scores) {
    const auto allowed = where("Allowed", is_forbidden_, graph_.scalar("forbidden", kForbidden), scores);
    const auto real = where("Real", is_padding_, graph_.scalar("mask.lowest", std::numeric_limits<float>::lowest()), allowed);
    return graph_.add(node_ + "/LogSoftmax", "LogSoftmax", {real}, {{"axis", int64_t{-1}}});
  }

  struct Candidates {
    std::string log_probs;
    std::string positions;
  };
  /// The best allowed positions, padded with -infinity and -1; `before` dimensions stand before that of the positions.
  Candidates best(const std::string& log_probs, int64_t count, size_t before) {
    const auto nothing = graph_.scalar("nothing", kNothing);
    const auto allowed = where("BestAllowed", is_forbidden_, nothing, log_probs);
    std::vector<int64_t> pads(2 * (before + 1), 0);
    pads.back() = count;
    const auto real = where("BestReal", is_padding_, nothing, allowed);
    const auto padded = graph_.add(node_ + "/Pad", "Pad", {real, graph_.list(fmt::format("beams.pads.{}", before), pads), nothing});
    const auto [values, positions] = graph_.add_top(node_ + "/TopK", padded, graph_.list("beams.count", {count}));
    const auto is_there = graph_.add(node_ + "/IsThere", "GreaterOrEqual", {values, graph_.scalar("allowed_from", kAllowedFrom)});
    return {where("LogProbs", is_there, values, nothing), where("Positions", is_there, positions, graph_.scalar("no_position", int64_t{-1}))};
  }

 private:
  std::string where(const char* name, const std::string& condition, const std::string& yes, const std::string& no) {
    return graph_.add(fmt::format("{}/{}", node_, name), "Where", {condition, yes, no});
  }

  OnnxGraph& graph_;
  std::string node_, is_forbidden_, is_padding_;
};

}  // namespace

/// [batch, starts, sequence]: linear(LayerNorm(tanh(W [h; h_start] + b))). W is applied to the two halves apart, so that the states of all
/// tokens are multiplied once and not for each start.
std::string OnnxExport::end_scores(const std::string& hidden, const std::string& starts) {
  const int64_t width = config_.hidden_size;
  const auto weight = matrix("end_logits.dense_0.weight", 2 * width, width);
  const auto half = [&](const char* name, int64_t begin) {
    return graph_.add(name, "Slice", {weight, graph_.list(fmt::format("rows.{}", begin), {begin}),
                                      graph_.list(fmt::format("rows.{}", begin + width), {begin + width})});
  };
  const auto of_tokens = graph_.add("end_logits/Tokens", "MatMul", {hidden, half("end_logits/TokenWeight", 0)});
  const auto start_states = graph_.add("end_logits/StartStates", "GatherND", {hidden, unsqueezed("end_logits/Starts", starts, 2)},
                                       {{"batch_dims", int64_t{1}}});  // [batch, starts, hidden]
  const auto of_starts = graph_.add("end_logits/OfStarts", "MatMul", {start_states, half("end_logits/StartWeight", width)});
  const auto sum = graph_.add("end_logits/Add", "Add", {unsqueezed("end_logits/EachToken", of_tokens, 1), unsqueezed("end_logits/EachStart", of_starts, 2)});
  const auto biased = graph_.add("end_logits/Bias", "Add", {sum, vector("end_logits.dense_0.bias", width)});
  const auto normed = layer_norm("end_logits/LayerNorm", graph_.add("end_logits/Tanh", "Tanh", {biased}), "end_logits.LayerNorm", width);
  return squeezed("end_logits/Scores", linear("end_logits/dense_1", normed, "end_logits.dense_1", width, 1), 3);
}

/// w . tanh(W [sum_t p_start(t) h_t; h_first] + b)
void OnnxExport::add_no_answer(const std::string& hidden, const std::string& start_log_probs) {
  const int64_t width = config_.hidden_size;
  const auto shares = unsqueezed("answer_class/Shares", graph_.add("answer_class/Exp", "Exp", {start_log_probs}), 1);
  const auto expected = squeezed("answer_class/Expected", graph_.add("answer_class/Sum", "MatMul", {shares, hidden}), 1);
  const auto first = graph_.add("answer_class/First", "Gather", {hidden, graph_.scalar("first", int64_t{0})}, {{"axis", int64_t{1}}});
  const auto joined = graph_.add("answer_class/Concat", "Concat", {expected, first}, {{"axis", int64_t{1}}});
  const auto inner = graph_.add("answer_class/Tanh", "Tanh", {linear("answer_class/dense_0", joined, "answer_class.dense_0", 2 * width, width)});
  const auto scores = graph_.add("answer_class/dense_1", "MatMul", {inner, matrix("answer_class.dense_1.weight", width, 1)});
  graph_.output("cls_logits", squeezed("answer_class/Scores", scores, 1), {kBatch});
}

void OnnxExport::add_beams(const std::string& hidden) {
  const auto is_forbidden = graph_.add("p_mask/Cast", "Cast", {answer_mask_}, {{"to", static_cast<int64_t>(OnnxType::boolean)}});
  const auto is_padding = graph_.add("mask/IsZero", "Equal", {mask_, graph_.scalar("mask.zero", int64_t{0})});

  PositionScores starts(graph_, "start_logits", is_forbidden, is_padding);
  const auto start_scores = squeezed("start_logits/Scores", linear("start_logits/dense", hidden, "start_logits.dense", config_.hidden_size, 1), 2);
  const auto start_log_probs = starts.log_probs(start_scores);  // [batch, sequence]
  const auto best_starts = starts.best(start_log_probs, kStarts, 1);

  PositionScores ends(graph_, "end_logits", unsqueezed("p_mask/EachStart", is_forbidden, 1), unsqueezed("mask/EachStart", is_padding, 1));
  const auto best_ends = ends.best(ends.log_probs(end_scores(hidden, best_starts.positions)), kEnds, 2);
  const auto has_no_start = graph_.add("end_logits/NoStart", "Less",
                                       {unsqueezed("end_logits/StartOfEnds", best_starts.positions, 2), graph_.scalar("mask.zero", int64_t{0})});
  const auto of_starts = [&](const char* name, const std::string& otherwise, const std::string& values) {
    return graph_.add(name, "Where", {has_no_start, otherwise, values});
  };

  graph_.output("start_top_log_probs", best_starts.log_probs, {kBatch, kStarts});
  graph_.output("start_top_index", best_starts.positions, {kBatch, kStarts}, OnnxType::int64);
  graph_.output("end_top_log_probs", of_starts("end_logits/EndLogProbs", graph_.scalar("nothing", kNothing), best_ends.log_probs), {kBatch, kStarts, kEnds});
  graph_.output("end_top_index", of_starts("end_logits/EndPositions", graph_.scalar("no_position", int64_t{-1}), best_ends.positions),
                {kBatch, kStarts, kEnds}, OnnxType::int64);
  add_no_answer(hidden, start_log_probs);
}

}  // namespace albert
