#include <albert/model/task_heads.h>

#include <ATen/ATen.h>

namespace albert {
namespace {

/// The layer in the type of its own parameters, whatever the encoder computes in.
at::Tensor in_own_type(Linear& layer, const at::Tensor& x) { return layer(x.to(layer->weight.scalar_type())); }

}  // namespace

at::Tensor classify(const at::Tensor& x, Linear& classifier, Dropout& dropout, double dropout_probability) {
  return in_own_type(classifier, dropout.apply(x, classifier->is_training() ? dropout_probability : 0.0));
}

ScoreImpl::ScoreImpl(int64_t in) : weight(register_parameter("weight", at::zeros({1, in}))) {}

at::Tensor ScoreImpl::forward(const at::Tensor& x) { return at::linear(x.to(weight.scalar_type()), weight).squeeze(1); }

StartLogitsImpl::StartLogitsImpl(const AlbertConfig& config) : dense_(register_module("dense", Linear(config.hidden_size, 1))) {}

at::Tensor StartLogitsImpl::forward(const at::Tensor& hidden) { return in_own_type(dense_, hidden).squeeze(1); }

EndLogitsImpl::EndLogitsImpl(const AlbertConfig& config)
    : dense_0_(register_module("dense_0", Linear(2 * config.hidden_size, config.hidden_size))),
      layer_norm_(register_module("LayerNorm", LayerNorm(config.hidden_size, config.layer_norm_eps))),
      dense_1_(register_module("dense_1", Linear(config.hidden_size, 1))) {}

at::Tensor EndLogitsImpl::forward(const at::Tensor& hidden, const at::Tensor& start_states) {
  const at::Tensor joined = layer_norm_(at::tanh(dense_0_(at::cat({hidden, start_states}, 1))));  // [tokens, hidden]
  return in_own_type(dense_1_, joined).squeeze(1);
}

AnswerClassImpl::AnswerClassImpl(const AlbertConfig& config)
    : dropout_probability_(config.classifier_dropout_prob),
      dense_0_(register_module("dense_0", Linear(2 * config.hidden_size, config.hidden_size))),
      dense_1_(register_module("dense_1", Score(config.hidden_size))) {}

at::Tensor AnswerClassImpl::forward(const at::Tensor& start_states, const at::Tensor& first_states, Dropout& dropout) {
  const at::Tensor joined = at::tanh(in_own_type(dense_0_, at::cat({start_states, first_states}, 1)));  // [batch, hidden]
  return dense_1_(dropout.apply(joined, is_training() ? dropout_probability_ : 0.0));
}

}  // namespace albert
