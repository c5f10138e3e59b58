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

/// One half of a block: one of `sets` sets of its parameters, used by some of the layers.
struct HalfBlock {
  int64_t sets = 0;
  int64_t set = 0;
  int64_t inner = 0;
};

int64_t read_index(std::string_view& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ALBERT_CHECK(error == std::errc{}, "no index in parameter name at '{}'", text);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// What "albert.encoder.albert_layer_groups.S.albert_layers.I. ..." names.
std::optional<HalfBlock> half_block_of(std::string_view parameter, const AlbertConfig& config) {
  constexpr std::string_view kGroups = "albert.encoder.albert_layer_groups.";
  constexpr std::string_view kLayers = ".albert_layers.";
  if (!parameter.starts_with(kGroups)) return std::nullopt;
  parameter.remove_prefix(kGroups.size());
  HalfBlock half;
  half.set = read_index(parameter);
  ALBERT_CHECK(parameter.starts_with(kLayers), "unknown parameter name at '{}'", parameter);
  parameter.remove_prefix(kLayers.size());
  half.inner = read_index(parameter);
  half.sets = parameter.starts_with(".attention.") ? config.attention_sets() : config.feed_forward_sets();
  return half;
}

double power(double rate, int64_t exponent) { return std::pow(rate, static_cast<double>(exponent)); }

/// Mean of d^(G-g) over the levels g of G that use the half: one level, but for the shared half of partly shared layers.
double mean_level_weight(const HalfBlock& half, const AlbertConfig& config, double rate) {
  const int64_t levels = config.num_levels();
  const int64_t of_half = levels / half.sets;
  double sum = 0.0;
  for (int64_t i = 0; i < of_half; ++i) sum += power(rate, levels - (half.set * of_half + i));
  return sum / static_cast<double>(of_half);
}

/// Mean of d^(N-1-l) over the applications l of the half.
double mean_application_weight(const HalfBlock& half, const AlbertConfig& config, double rate) {
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    if (config.set_of_layer(layer, half.sets) != half.set) continue;
    sum += power(rate, config.num_applications() - 1 - (layer * config.inner_group_num + half.inner));
    ++count;
  }
  ALBERT_CHECK(count > 0, "set {} has no layer", half.set);
  return sum / static_cast<double>(count);
}

}  // namespace

double learning_rate_multiplier(std::string_view parameter, const AlbertConfig& config, const LayerDecayConfig& decay) {
  if (decay.rate == 1.0 || decay.mode == LayerDecayMode::applications) return 1.0;
  const bool by_group = decay.mode == LayerDecayMode::groups;
  if (const auto half = half_block_of(parameter, config)) {
    return by_group ? mean_level_weight(*half, config, decay.rate) : mean_application_weight(*half, config, decay.rate);
  }
  const int64_t below_blocks = by_group ? config.num_levels() + 1 : config.num_applications();
  if (parameter.starts_with("albert.encoder.embedding_hidden_mapping_in.")) return power(decay.rate, below_blocks);
  if (parameter.starts_with("albert.embeddings.")) return power(decay.rate, below_blocks + 1);
  return 1.0;
}

at::Tensor gradient_scale(const at::Tensor& x, double factor) { return factor == 1.0 ? x : GradientScale::apply(x, factor); }

}  // namespace albert
