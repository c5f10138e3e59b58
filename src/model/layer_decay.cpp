#include <albert/base/error.h>
#include <albert/model/layer_decay.h>

#include <torch/csrc/autograd/custom_function.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace albert {
namespace {

class GradientScale : public torch::autograd::Function<GradientScale> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, double factor) {
    context->saved_data["factor"] = factor;
    return x.view_as(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0] * context->saved_data["factor"].toDouble(), at::Tensor()};
  }
};

struct BlockIndex {
  int64_t group = 0;
  int64_t inner = 0;
};

int64_t read_index(std::string_view& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ALBERT_CHECK(error == std::errc{}, "no index in parameter name at '{}'", text);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// Group and inner index of "albert.encoder.albert_layer_groups.G.albert_layers.I. ...".
std::optional<BlockIndex> block_of(std::string_view parameter) {
  constexpr std::string_view kGroups = "albert.encoder.albert_layer_groups.";
  constexpr std::string_view kLayers = ".albert_layers.";
  if (!parameter.starts_with(kGroups)) return std::nullopt;
  parameter.remove_prefix(kGroups.size());
  BlockIndex index;
  index.group = read_index(parameter);
  ALBERT_CHECK(parameter.starts_with(kLayers), "unknown parameter name at '{}'", parameter);
  parameter.remove_prefix(kLayers.size());
  index.inner = read_index(parameter);
  return index;
}

double power(double rate, int64_t exponent) { return std::pow(rate, static_cast<double>(exponent)); }

/// Mean of d^(N-1-l) over the applications l of one block.
double mean_application_weight(const BlockIndex& block, const AlbertConfig& config, double rate) {
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    if (config.group_of_layer(layer) != block.group) continue;
    sum += power(rate, config.num_applications() - 1 - (layer * config.inner_group_num + block.inner));
    ++count;
  }
  ALBERT_CHECK(count > 0, "group {} has no layer", block.group);
  return sum / static_cast<double>(count);
}

}  // namespace

double learning_rate_multiplier(std::string_view parameter, const AlbertConfig& config, const LayerDecayConfig& decay) {
  if (decay.rate == 1.0 || decay.mode == LayerDecayMode::applications) return 1.0;
  const bool by_group = decay.mode == LayerDecayMode::groups;
  if (const auto block = block_of(parameter)) {
    return by_group ? power(decay.rate, config.num_hidden_groups - block->group)
                    : mean_application_weight(*block, config, decay.rate);
  }
  const int64_t below_blocks = by_group ? config.num_hidden_groups + 1 : config.num_applications();
  if (parameter.starts_with("albert.encoder.embedding_hidden_mapping_in.")) return power(decay.rate, below_blocks);
  if (parameter.starts_with("albert.embeddings.")) return power(decay.rate, below_blocks + 1);
  return 1.0;
}

at::Tensor gradient_scale(const at::Tensor& x, double factor) { return factor == 1.0 ? x : GradientScale::apply(x, factor); }

}  // namespace albert
