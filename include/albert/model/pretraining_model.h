// The encoder with the heads of pre-training.
//
//   PretrainingModel model(config, PretrainingHeads::masked_lm_sentence_order);
//   initialize(parameters_by_name(*model), config.initializer_range, seed);
//   const PretrainingOutput output = model(input, masked_positions);
//   const at::Tensor loss = cross_entropy_sum(output.mlm_logits, masked_targets) / num_targets;
#pragma once

#include <albert/model/albert.h>
#include <albert/model/heads.h>

#include <vector>

namespace albert {

struct PretrainingOutput {
  EncoderOutput encoder;
  at::Tensor mlm_logits;  ///< [masked, vocab]; bf16 in bf16 (losses.h computes in fp32)
  at::Tensor sop_logits;  ///< [batch, 2]; undefined without the head
};

/// Albert, masked-token head and, on request, sentence-order head. Parameters have the published names.
class PretrainingModelImpl : public torch::nn::Module {
 public:
  PretrainingModelImpl(const AlbertConfig& config, PretrainingHeads heads);

  /// masked_positions: [masked] int64, indices into the packed tokens; none is allowed.
  PretrainingOutput forward(const EncoderInput& input, const at::Tensor& masked_positions, const EncoderOptions& options = {});

  [[nodiscard]] const AlbertConfig& config() const { return albert_->config(); }
  [[nodiscard]] PretrainingHeads heads() const { return heads_; }
  Albert& albert() { return albert_; }
  void set_precision(Precision precision) { albert_->set_precision(precision); }
  void set_activation_checkpointing(int64_t every) { albert_->set_activation_checkpointing(every); }
  void set_dropout_seed(uint64_t seed) { albert_->set_dropout_seed(seed); }
  /// After every change of the parameters from outside (optimizer, checkpoint): bf16 copies are cast again.
  void parameters_changed() { notify_parameters_changed(*this); }

 private:
  PretrainingHeads heads_;
  Albert albert_;
  MaskedLmHead predictions_;
  SentenceOrderHead sop_classifier_{nullptr};
};
TORCH_MODULE(PretrainingModel);

}  // namespace albert
