#include <albert/base/error.h>
#include <albert/model/pretraining_model.h>

namespace albert {

PretrainingModelImpl::PretrainingModelImpl(const AlbertConfig& config, PretrainingHeads heads)
    : heads_(heads),
      albert_(
          register_module("albert", Albert(config, heads == PretrainingHeads::masked_lm ? Pooling::none : Pooling::first_token))),
      predictions_(register_module("predictions", MaskedLmHead(config))) {
  if (heads == PretrainingHeads::masked_lm_sentence_order) {
    sop_classifier_ = register_module("sop_classifier", SentenceOrderHead(config));
  }
}

PretrainingOutput PretrainingModelImpl::forward(const EncoderInput& input, const at::Tensor& masked_positions,
                                                const EncoderOptions& options) {
  ALBERT_CHECK(masked_positions.dim() == 1 && masked_positions.scalar_type() == at::kLong,
               "masked_positions must be int64 [masked]");
  PretrainingOutput output;
  output.encoder = albert_->forward(input, options);
  output.mlm_logits = predictions_(output.encoder.last_hidden.index_select(0, masked_positions), albert_->word_embeddings());
  if (!sop_classifier_.is_empty()) output.sop_logits = sop_classifier_(output.encoder.pooled, albert_->dropout());
  return output;
}

}  // namespace albert
