#include <albert/model/heads.h>

namespace albert {

MaskedLmHeadImpl::MaskedLmHeadImpl(const AlbertConfig& config)
    : activation_(config.hidden_act),
      dense_(register_module("dense", Linear(config.hidden_size, config.embedding_size))),
      layer_norm_(register_module("LayerNorm", LayerNorm(config.embedding_size, config.layer_norm_eps))),
      bias_(register_parameter("bias", at::zeros({config.vocab_size}))) {}

at::Tensor MaskedLmHeadImpl::forward(const at::Tensor& hidden, Embedding& decoder) {
  const at::Tensor transformed = layer_norm_(activate(dense_(hidden), activation_));  // [masked, embedding]
  return linear(transformed, decoder->weight, bias_, decoder->compute_copy(), bias_copy_);
}

SentenceOrderHeadImpl::SentenceOrderHeadImpl(const AlbertConfig& config)
    : dropout_probability_(config.sentence_order_dropout ? config.classifier_dropout_prob : 0.0),
      classifier_(register_module("classifier", Linear(config.hidden_size, 2))) {}

at::Tensor SentenceOrderHeadImpl::forward(const at::Tensor& pooled, Dropout& dropout) {
  return classifier_(dropout.apply(pooled, is_training() ? dropout_probability_ : 0.0));
}

}  // namespace albert
