// Word, segment and position embeddings: summed, normalised, dropped out.
#pragma once

#include <albert/model/dropout.h>
#include <albert/model/encoder_io.h>
#include <albert/model/layers.h>

namespace albert {

/// Factorised embedding of width `embedding`. Reference: google-research/albert modeling.py embedding_postprocessor.
class EmbeddingsImpl : public torch::nn::Module {
 public:
  explicit EmbeddingsImpl(const AlbertConfig& config);
  at::Tensor forward(const EncoderInput& input, Dropout& dropout);  ///< [tokens, embedding] in the type of the parameters
  Embedding& word_embeddings() { return word_embeddings_; }

 private:
  double dropout_probability_;
  Embedding word_embeddings_;
  Embedding position_embeddings_;
  Embedding token_type_embeddings_;
  LayerNorm layer_norm_;
};
TORCH_MODULE(Embeddings);

}  // namespace albert
