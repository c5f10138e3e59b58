#include <albert/base/error.h>
#include <albert/model/albert.h>
#include <albert/model/encoder.h>

#include <set>

namespace albert {

std::vector<NamedParameter> parameters_by_name(const torch::nn::Module& root) {
  std::vector<NamedParameter> result;
  std::set<const void*> seen;
  for (const auto& item : root.named_parameters()) {
    ALBERT_CHECK(seen.insert(item.value().unsafeGetTensorImpl()).second, "parameter {} is registered twice", item.key());
    result.emplace_back(item.key(), item.value());
  }
  return result;
}

AlbertImpl::AlbertImpl(const AlbertConfig& config, Pooling pooling)
    : config_(config),
      embeddings_(register_module("embeddings", Embeddings(config))),
      encoder_(register_module("encoder", std::make_shared<AlbertEncoderImpl>(config))) {
  if (pooling == Pooling::first_token) pooler_ = register_module("pooler", Linear(config.hidden_size, config.hidden_size));
}

void AlbertImpl::check(const EncoderInput& input) const {
  ALBERT_CHECK(input.visibility == Visibility::full, "unknown visibility");
  ALBERT_CHECK(input.ids.defined() != input.embeddings.defined(), "give either ids or embeddings");
  const at::Tensor& words = input.ids.defined() ? input.ids : input.embeddings;
  const int64_t tokens = words.size(0);
  ALBERT_CHECK(words.dim() == (input.ids.defined() ? 1 : 2), "ids must be [tokens], embeddings [tokens, embedding]");
  ALBERT_CHECK(input.ids.defined() || words.size(1) == config_.embedding_size, "embeddings must have width {}, got {}",
               config_.embedding_size, words.size(1));
  for (const at::Tensor* indices : {&input.segments, &input.positions}) {
    ALBERT_CHECK(indices->defined() && indices->dim() == 1 && indices->size(0) == tokens && indices->scalar_type() == at::kLong,
                 "segments and positions must be int64 [{}]", tokens);
    ALBERT_CHECK(indices->device() == words.device(), "ids, segments and positions must be on one device");
  }
}

EncoderOutput AlbertImpl::forward(const EncoderInput& input, const EncoderOptions& options) {
  check(input);
  const auto& device = input.segments.device();
  const SequenceLayout layout(input.sequence_offsets, device, prefers_rounded_shapes(device, compute_type(precision_)));
  ALBERT_CHECK(layout.num_tokens() == input.segments.size(0), "sequence_offsets end at {}, got {} tokens", layout.num_tokens(),
               input.segments.size(0));
  ALBERT_CHECK(layout.max_length() <= config_.max_position_embeddings, "sequences may have {} tokens at most, got {}",
               config_.max_position_embeddings, layout.max_length());
  at::Tensor embedded = embeddings_(input, dropout_);
  if (precision_ != Precision::fp32) embedded = embedded.to(compute_type(precision_));
  EncoderOutput output;
  EncoderOptions encoder_options = options;
  if (is_training() && recompute_every_ > 0) encoder_options.recompute_every = recompute_every_;
  output.last_hidden = layout.shorten(encoder_->forward(layout.extend(embedded), {layout, dropout_}, encoder_options, output.hidden_states));
  if (!pooler_.is_empty()) output.pooled = at::tanh(pooler_(output.last_hidden.index_select(0, layout.first_tokens())));
  return output;
}

}  // namespace albert
