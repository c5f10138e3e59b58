// The two heads of pre-training.
#pragma once

#include <albert/model/dropout.h>
#include <albert/model/layers.h>

namespace albert {

/// Scores of the vocabulary at masked positions: LayerNorm(act(W h + b)) times the word embeddings, plus a bias.
/// Reference: google-research/albert run_pretraining.py get_masked_lm_output.
class MaskedLmHeadImpl : public torch::nn::Module, public HasComputeCopies {
 public:
  explicit MaskedLmHeadImpl(const AlbertConfig& config);
  /// hidden: [masked, hidden], the masked positions only; decoder: the tied table. Returns [masked, vocab].
  at::Tensor forward(const at::Tensor& hidden, Embedding& decoder);
  void parameters_changed() override { bias_copy_.invalidate(); }

 private:
  Activation activation_;
  Linear dense_;
  LayerNorm layer_norm_;
  at::Tensor bias_;  ///< [vocab]
  ComputeCopy bias_copy_;
};
TORCH_MODULE(MaskedLmHead);

/// Two scores per sequence: 0 in order, 1 swapped (for BERT: 0 next, 1 random).
class SentenceOrderHeadImpl : public torch::nn::Module {
 public:
  explicit SentenceOrderHeadImpl(const AlbertConfig& config);
  at::Tensor forward(const at::Tensor& pooled, Dropout& dropout);  ///< [batch, hidden] -> [batch, 2]

 private:
  double dropout_probability_;
  Linear classifier_;
};
TORCH_MODULE(SentenceOrderHead);

}  // namespace albert
