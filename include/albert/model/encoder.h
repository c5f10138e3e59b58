// The loop over shared blocks.
#pragma once

#include <albert/model/encoder_io.h>
#include <albert/model/encoder_layer.h>

#include <vector>

namespace albert {

/// Maps embeddings to the hidden size (once, no activation) and applies blocks: layer l runs the inner blocks of group
/// l * groups / layers in order.
class AlbertEncoderImpl : public torch::nn::Module {
 public:
  explicit AlbertEncoderImpl(const AlbertConfig& config);

  /// embeddings: [tokens, embedding] -> [tokens, hidden]. Hidden states are appended to `hidden_states` when options ask for
  /// them.
  at::Tensor forward(const at::Tensor& embeddings, const BlockContext& context, const EncoderOptions& options,
                     std::vector<at::Tensor>& hidden_states);

 private:
  AlbertConfig config_;
  Linear embedding_hidden_mapping_in_{nullptr};
  std::vector<std::vector<EncoderLayer>> groups_;  ///< [group][inner]
};
TORCH_MODULE(AlbertEncoder);

}  // namespace albert
