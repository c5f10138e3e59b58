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

/// Which halves of a block a module holds: both, or the one that it has where groups share the other.
struct BlockParts {
  bool attention = true;
  bool feed_forward = true;
};

/// The block that all layers of a group share, in two halves: a as above, then h = LayerNorm(a + dropout(W_2 act(W_1 a))).
class EncoderLayerImpl : public torch::nn::Module {
 public:
  EncoderLayerImpl(const AlbertConfig& config, const BlockParts& parts);
  /// [tokens, hidden] -> the same. Only for a half that is there.
  at::Tensor attend(const at::Tensor& hidden, const BlockContext& context) { return attention_(hidden, context); }
  at::Tensor feed_forward(const at::Tensor& attended, const BlockContext& context);

 private:
  Activation activation_;
  double output_dropout_;
  SelfAttention attention_{nullptr};
  Linear ffn_{nullptr};
  Linear ffn_output_{nullptr};
  LayerNorm layer_norm_{nullptr};
};
TORCH_MODULE(EncoderLayer);

}  // namespace albert
