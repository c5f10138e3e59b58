#include <albert/model/encoder.h>
#include <albert/model/layer_decay.h>
#include <albert/model/recomputation.h>

#include <algorithm>
#include <memory>
#include <string>

namespace albert {
namespace {

/// A node of the tree of names without parameters of its own.
class NameNode : public torch::nn::Module {
 public:
  std::shared_ptr<NameNode> add_node(const std::string& name) { return register_module(name, std::make_shared<NameNode>()); }
  EncoderLayer add_layer(const std::string& name, const AlbertConfig& config, const BlockParts& parts) {
    return register_module(name, EncoderLayer(config, parts));
  }
};

}  // namespace

AlbertEncoderImpl::AlbertEncoderImpl(const AlbertConfig& config) : config_(config) {
  if (config.has_embedding_mapping()) {
    embedding_hidden_mapping_in_ =
        register_module("embedding_hidden_mapping_in", Linear(config.embedding_size, config.hidden_size));
  }
  const auto groups = register_module("albert_layer_groups", std::make_shared<NameNode>());
  for (int64_t set = 0; set < config.num_levels(); ++set) {
    const auto layers = groups->add_node(std::to_string(set))->add_node("albert_layers");
    const BlockParts parts{.attention = set < config.attention_sets(), .feed_forward = set < config.feed_forward_sets()};
    std::vector<EncoderLayer> blocks;
    for (int64_t inner = 0; inner < config.inner_group_num; ++inner)
      blocks.push_back(layers->add_layer(std::to_string(inner), config, parts));
    groups_.push_back(std::move(blocks));
  }
}

at::Tensor AlbertEncoderImpl::apply_block(int64_t layer, int64_t inner, const at::Tensor& hidden, const BlockContext& context) {
  const auto half = [&](int64_t sets) -> EncoderLayer& {
    return groups_[static_cast<size_t>(config_.set_of_layer(layer, sets))][static_cast<size_t>(inner)];
  };
  const at::Tensor attended = half(config_.attention_sets())->attend(hidden, context);
  return half(config_.feed_forward_sets())->feed_forward(attended, context);
}

at::Tensor AlbertEncoderImpl::apply_blocks(int64_t first, int64_t end, at::Tensor hidden, const BlockContext& context, double decay) {
  for (int64_t application = first; application < end; ++application) {
    if (application > 0) hidden = gradient_scale(hidden, decay);
    hidden = apply_block(application / config_.inner_group_num, application % config_.inner_group_num, hidden, context);
  }
  return hidden;
}

at::Tensor AlbertEncoderImpl::forward(const at::Tensor& embeddings, const BlockContext& context, const EncoderOptions& options,
                                      std::vector<at::Tensor>& hidden_states) {
  at::Tensor hidden = embedding_hidden_mapping_in_.is_empty() ? embeddings : embedding_hidden_mapping_in_(embeddings);
  if (options.hidden_states) hidden_states.push_back(context.layout.shorten(hidden));
  const int64_t applications = config_.num_hidden_layers * config_.inner_group_num;
  const bool is_observed = options.hidden_states || options.hook;
  const int64_t stride = !is_observed && options.recompute_every > 0 ? options.recompute_every : 1;
  for (int64_t first = 0; first < applications; first += stride) {
    const int64_t end = std::min(first + stride, applications);
    if (!is_observed && options.recompute_every > 0) {
      // The layout is copied (tensors by reference): the second pass comes after the caller's has ended.
      const auto part = [this, first, end, layout = context.layout, &dropout = context.dropout,
                         decay = options.application_decay](const at::Tensor& input) {
        return apply_blocks(first, end, input, {layout, dropout}, decay);
      };
      hidden = recompute_in_backward(part, hidden, context.dropout);
      continue;
    }
    hidden = apply_blocks(first, end, hidden, context, options.application_decay);
    if (options.hook) hidden = context.layout.extend(options.hook(first, context.layout.shorten(hidden)));
    if (options.hidden_states) hidden_states.push_back(context.layout.shorten(hidden));
  }
  return hidden;
}

}  // namespace albert
