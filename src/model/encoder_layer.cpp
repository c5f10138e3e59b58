#include <albert/model/encoder_layer.h>

namespace albert {

SelfAttentionImpl::SelfAttentionImpl(const AlbertConfig& config)
    : num_heads_(config.num_attention_heads),
      hidden_dropout_(config.hidden_dropout_prob),
      weights_dropout_(config.attention_probs_dropout_prob),
      query_(register_module("query", Linear(config.hidden_size, config.hidden_size))),
      key_(register_module("key", Linear(config.hidden_size, config.hidden_size))),
      value_(register_module("value", Linear(config.hidden_size, config.hidden_size))),
      dense_(register_module("dense", Linear(config.hidden_size, config.hidden_size))),
      layer_norm_(register_module("LayerNorm", LayerNorm(config.hidden_size, config.layer_norm_eps))) {}

at::Tensor SelfAttentionImpl::forward(const at::Tensor& hidden, const BlockContext& context) {
  const at::Tensor attended = self_attention(query_(hidden), key_(hidden), value_(hidden), num_heads_, context.layout,
                                             context.dropout, is_training() ? weights_dropout_ : 0.0);
  const at::Tensor output = context.dropout.apply(dense_(attended), is_training() ? hidden_dropout_ : 0.0);
  return layer_norm_(hidden + output);
}

EncoderLayerImpl::EncoderLayerImpl(const AlbertConfig& config, const BlockParts& parts)
    : activation_(config.hidden_act), output_dropout_(config.feed_forward_dropout ? config.hidden_dropout_prob : 0.0) {
  if (parts.attention) attention_ = register_module("attention", SelfAttention(config));
  if (!parts.feed_forward) return;
  ffn_ = register_module("ffn", Linear(config.hidden_size, config.intermediate_size));
  ffn_output_ = register_module("ffn_output", Linear(config.intermediate_size, config.hidden_size));
  layer_norm_ = register_module("full_layer_layer_norm", LayerNorm(config.hidden_size, config.layer_norm_eps));
}

at::Tensor EncoderLayerImpl::feed_forward(const at::Tensor& attended, const BlockContext& context) {
  const at::Tensor output = ffn_output_(activate(ffn_(attended), activation_));
  return layer_norm_(attended + context.dropout.apply(output, is_training() ? output_dropout_ : 0.0));
}

}  // namespace albert
