// The heads of tasks. The last layer of each runs in the type of its parameters, also in bf16: it costs next to nothing, and
// scores are compared, thresholded and written out.
#pragma once

#include <albert/model/dropout.h>
#include <albert/model/layers.h>
#include <albert/model/ragged_rows.h>

#include <cstdint>
#include <optional>

namespace albert {

/// How many candidates the beam head keeps: starts of a sequence, ends of each start. Google's defaults (run_squad_v2.py).
struct BeamSize {
  int64_t starts = 5;
  int64_t ends = 5;
};

/// Candidates of each sequence, best first. Positions count in the own sequence. A sequence with fewer allowed tokens than
/// candidates has position -1 and log-probability -infinity in what remains.
struct SpanBeams {
  at::Tensor start_log_probs;  ///< [batch, starts]
  at::Tensor starts;           ///< [batch, starts] int64
  at::Tensor end_log_probs;    ///< [batch, starts, ends], given the start; a span's score is the sum of both
  at::Tensor ends;             ///< [batch, starts, ends] int64
};

/// linear(dropout(x)) in the type of the parameters. Its parameters are named "classifier" or "qa_outputs" by who registers it.
at::Tensor classify(const at::Tensor& x, Linear& classifier, Dropout& dropout, double dropout_probability);

/// x . w without bias, in the type of w. x: [rows, hidden]; result [rows].
class ScoreImpl : public torch::nn::Module {
 public:
  explicit ScoreImpl(int64_t in);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor weight;  ///< [1, in]
};
TORCH_MODULE(Score);

/// Start score of every token: a linear layer.
class StartLogitsImpl : public torch::nn::Module {
 public:
  explicit StartLogitsImpl(const AlbertConfig& config);
  at::Tensor forward(const at::Tensor& hidden);  ///< [tokens, hidden] -> [tokens]

 private:
  Linear dense_;
};
TORCH_MODULE(StartLogits);

/// End score of every token given the start of its sequence: linear(LayerNorm(tanh(W [h; h_start] + b))).
class EndLogitsImpl : public torch::nn::Module {
 public:
  explicit EndLogitsImpl(const AlbertConfig& config);
  /// hidden: [tokens, hidden]; start_states: [tokens, hidden], the start's state for every token of its sequence. Returns
  /// [tokens].
  at::Tensor forward(const at::Tensor& hidden, const at::Tensor& start_states);

 private:
  Linear dense_0_;
  LayerNorm layer_norm_;
  Linear dense_1_;
};
TORCH_MODULE(EndLogits);

/// Logit of "the sequence holds no answer" from the expected start state and the first token:
/// w . dropout(tanh(W [sum_t p_start(t) h_t; h_first] + b)).
class AnswerClassImpl : public torch::nn::Module {
 public:
  explicit AnswerClassImpl(const AlbertConfig& config);
  /// start_states, first_states: [batch, hidden]. Returns [batch].
  at::Tensor forward(const at::Tensor& start_states, const at::Tensor& first_states, Dropout& dropout);

 private:
  double dropout_probability_;
  Linear dense_0_;
  Score dense_1_;
};
TORCH_MODULE(AnswerClass);

}  // namespace albert
