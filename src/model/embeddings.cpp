#include <albert/model/embeddings.h>

namespace albert {

EmbeddingsImpl::EmbeddingsImpl(const AlbertConfig& config)
    : dropout_probability_(config.hidden_dropout_prob),
      word_embeddings_(register_module("word_embeddings", Embedding(config.vocab_size, config.embedding_size))),
      position_embeddings_(
          register_module("position_embeddings", Embedding(config.max_position_embeddings, config.embedding_size))),
      token_type_embeddings_(register_module("token_type_embeddings", Embedding(config.type_vocab_size, config.embedding_size))),
      layer_norm_(register_module("LayerNorm", LayerNorm(config.embedding_size, config.layer_norm_eps))) {}

at::Tensor EmbeddingsImpl::forward(const EncoderInput& input, Dropout& dropout) {
  const at::Tensor words = input.embeddings.defined() ? input.embeddings : word_embeddings_(input.ids);
  const at::Tensor sum = words + token_type_embeddings_(input.segments) + position_embeddings_(input.positions);
  return dropout.apply(layer_norm_(sum), is_training() ? dropout_probability_ : 0.0);
}

}  // namespace albert
