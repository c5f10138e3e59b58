// One block: self-attention and feed-forward network, each followed by a residual sum and LayerNorm (post-LN, as BERT).
#pragma once

#include <albert/model/attention.h>
#include <albert/model/layers.h>

namespace albert {

/// What every block of one forward pass shares.
struct BlockContext {
  const SequenceLayout& layout;
  Dropout& dropout;
};

/// a = LayerNorm(h + dropout(W_o attention(h))). Reference: google-research/albert modeling.py attention_layer.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  explicit SelfAttentionImpl(const AlbertConfig& config);
  at::Tensor forward(const at::Tensor& hidden, const BlockContext& context);  ///< [tokens, hidden] -> the same

 private:
  int64_t num_heads_;
  double hidden_dropout_;
  double weights_dropout_;
  Linear query_;
  Linear key_;
  Linear value_;
  Linear dense_;
  LayerNorm layer_norm_;
};
TORCH_MODULE(SelfAttention);

/// The block that all layers of a group share: h = LayerNorm(a + dropout(W_2 act(W_1 a))), a as above.
class EncoderLayerImpl : public torch::nn::Module {
 public:
  explicit EncoderLayerImpl(const AlbertConfig& config);
  at::Tensor forward(const at::Tensor& hidden, const BlockContext& context);  ///< [tokens, hidden] -> the same

 private:
  Activation activation_;
  double output_dropout_;
  SelfAttention attention_;
  Linear ffn_;
  Linear ffn_output_;
  LayerNorm layer_norm_;
};
TORCH_MODULE(EncoderLayer);

}  // namespace albert
