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
  EncoderLayer add_layer(const std::string& name, const AlbertConfig& config) {
    return register_module(name, EncoderLayer(config));
  }
};

}  // namespace

AlbertEncoderImpl::AlbertEncoderImpl(const AlbertConfig& config) : config_(config) {
  if (config.has_embedding_mapping()) {
    embedding_hidden_mapping_in_ =
        register_module("embedding_hidden_mapping_in", Linear(config.embedding_size, config.hidden_size));
  }
  const auto groups = register_module("albert_layer_groups", std::make_shared<NameNode>());
  for (int64_t group = 0; group < config.num_hidden_groups; ++group) {
    const auto layers = groups->add_node(std::to_string(group))->add_node("albert_layers");
    std::vector<EncoderLayer> blocks;
    for (int64_t inner = 0; inner < config.inner_group_num; ++inner)
      blocks.push_back(layers->add_layer(std::to_string(inner), config));
    groups_.push_back(std::move(blocks));
  }
}

at::Tensor AlbertEncoderImpl::forward(const at::Tensor& embeddings, const BlockContext& context, const EncoderOptions& options,
                                      std::vector<at::Tensor>& hidden_states) {
  at::Tensor hidden = embedding_hidden_mapping_in_.is_empty() ? embeddings : embedding_hidden_mapping_in_(embeddings);
  if (options.hidden_states) hidden_states.push_back(hidden);
  int64_t application = 0;
  for (int64_t layer = 0; layer < config_.num_hidden_layers; ++layer) {
    for (EncoderLayer& block : groups_[static_cast<size_t>(config_.group_of_layer(layer))]) {
      if (application > 0) hidden = gradient_scale(hidden, options.application_decay);
      hidden = block(hidden, context);
      if (options.hook) hidden = options.hook(application, hidden);
      if (options.hidden_states) hidden_states.push_back(hidden);
      ++application;
    }
  }
  return hidden;
}

}  // namespace albert
