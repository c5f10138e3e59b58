#include <albert/model/encoder.h>
#include <albert/model/layer_decay.h>

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

at::Tensor AlbertEncoderImpl::forward(const at::Tensor& embeddings, const BlockContext& context, const EncoderOptions& options,
                                      std::vector<at::Tensor>& hidden_states) {
  at::Tensor hidden = embedding_hidden_mapping_in_.is_empty() ? embeddings : embedding_hidden_mapping_in_(embeddings);
  if (options.hidden_states) hidden_states.push_back(hidden);
  int64_t application = 0;
  for (int64_t layer = 0; layer < config_.num_hidden_layers; ++layer) {
    for (int64_t inner = 0; inner < config_.inner_group_num; ++inner) {
      if (application > 0) hidden = gradient_scale(hidden, options.application_decay);
      hidden = apply_block(layer, inner, hidden, context);
      if (options.hook) hidden = options.hook(application, hidden);
      if (options.hidden_states) hidden_states.push_back(hidden);
      ++application;
    }
  }
  return hidden;
}

}  // namespace albert
