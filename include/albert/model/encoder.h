// The loop over shared blocks.
#pragma once

#include <albert/model/encoder_io.h>
#include <albert/model/encoder_layer.h>

#include <vector>

namespace albert {

/// Maps embeddings to the hidden size (once, no activation) and applies blocks: layer l runs the inner blocks of group
/// l * groups / layers in order. Where groups share one half of their blocks, the other half of layer l is that of number l: a
/// half that has n sets is numbered 0 to n - 1 in the names of parameters, whatever the other half has.
class AlbertEncoderImpl : public torch::nn::Module {
 public:
  explicit AlbertEncoderImpl(const AlbertConfig& config);

  /// embeddings: [tokens, embedding] -> [tokens, hidden]. Hidden states are appended to `hidden_states` when options ask for
  /// them.
  at::Tensor forward(const at::Tensor& embeddings, const BlockContext& context, const EncoderOptions& options,
                     std::vector<at::Tensor>& hidden_states);

 private:
  /// Block `inner` of layer `layer`.
  at::Tensor apply_block(int64_t layer, int64_t inner, const at::Tensor& hidden, const BlockContext& context);
  /// Applications [first, end) of all, with the decay of the gradient between them.
  at::Tensor apply_blocks(int64_t first, int64_t end, at::Tensor hidden, const BlockContext& context, double decay);

  AlbertConfig config_;
  Linear embedding_hidden_mapping_in_{nullptr};
  std::vector<std::vector<EncoderLayer>> groups_;  ///< [set][inner]
};
TORCH_MODULE(AlbertEncoder);

}  // namespace albert
