// The ALBERT encoder (Lan et al. 2019, arXiv 1909.11942): factorised embedding, one block shared by all layers.
// The legend of shapes stands in encoder_io.h.
//
//   Albert albert(model_preset("albert-base-v2"));
//   const EncoderOutput output = albert(input);     // output.last_hidden [tokens, hidden]
#pragma once

#include <albert/model/albert_config.h>
#include <albert/model/dropout.h>
#include <albert/model/embeddings.h>
#include <albert/model/encoder_io.h>
#include <albert/model/layers.h>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace albert {

/// Every parameter under `root` once, in the order of registration, named by its path in the tree. Throws InternalError when a
/// tensor is registered twice (it would be stepped twice).
std::vector<NamedParameter> parameters_by_name(const torch::nn::Module& root);

/// Whether the encoder computes `pooled`.
enum class Pooling { none, first_token };

class AlbertEncoderImpl;

/// Embeddings, the loop over shared blocks, and the pooler tanh(W h[first token] + b). A model that holds it registers it as
/// "albert", which gives its parameters the published names.
class AlbertImpl : public torch::nn::Module {
 public:
  explicit AlbertImpl(const AlbertConfig& config, Pooling pooling = Pooling::first_token);

  /// Checks shapes and devices once (InternalError). Dropout acts in training mode only.
  EncoderOutput forward(const EncoderInput& input, const EncoderOptions& options = {});

  [[nodiscard]] const AlbertConfig& config() const { return config_; }
  [[nodiscard]] Precision precision() const { return precision_; }
  /// fp32 computes in the type of the parameters (so a model moved to fp64 computes in fp64).
  void set_precision(Precision precision) { precision_ = precision; }
  /// EncoderOptions::recompute_every of all passes in training mode.
  void set_activation_checkpointing(int64_t every) { recompute_every_ = every; }
  /// Restarts the dropout stream: before each forward pass, from (run seed, step, micro-batch, rank).
  void set_dropout_seed(uint64_t seed) { dropout_.set_seed(seed); }
  /// For heads, so that all draws come from one stream.
  Dropout& dropout() { return dropout_; }
  /// The table that the masked-token decoder is tied to.
  Embedding& word_embeddings() { return embeddings_->word_embeddings(); }

 private:
  void check(const EncoderInput& input) const;

  AlbertConfig config_;
  Precision precision_ = Precision::fp32;
  int64_t recompute_every_ = 0;
  Dropout dropout_;
  Embeddings embeddings_;
  std::shared_ptr<AlbertEncoderImpl> encoder_;
  Linear pooler_{nullptr};
};
TORCH_MODULE(Albert);

}  // namespace albert
