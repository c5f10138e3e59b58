#include <albert/base/error.h>
#include <albert/model/albert_config.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <utility>

namespace albert {
namespace {

struct Size {
  std::string_view name;
  int64_t layers;
  int64_t hidden;
  int64_t heads;
};
constexpr std::array<Size, 4> kSizes{{
    {"base", 12, 768, 12},
    {"large", 24, 1024, 16},
    {"xlarge", 24, 2048, 16},
    {"xxlarge", 12, 4096, 64},
}};

AlbertConfig published_albert(const Size& size, bool v1) {
  AlbertConfig config;
  config.num_hidden_layers = size.layers;
  config.hidden_size = size.hidden;
  config.num_attention_heads = size.heads;
  config.intermediate_size = 4 * size.hidden;
  config.hidden_act = v1 ? Activation::gelu : Activation::gelu_new;
  const bool has_dropout = v1 && size.name != "xxlarge";
  config.hidden_dropout_prob = has_dropout ? 0.1 : 0.0;
  config.attention_probs_dropout_prob = config.hidden_dropout_prob;
  return config;
}

AlbertConfig bert_base() {
  AlbertConfig config;
  config.architecture = Architecture::bert;
  config.vocab_size = 30522;
  config.embedding_size = config.hidden_size;
  config.num_hidden_groups = config.num_hidden_layers;
  config.hidden_act = Activation::gelu;
  config.hidden_dropout_prob = 0.1;
  config.attention_probs_dropout_prob = 0.1;
  return config;
}

struct Preset {
  std::string_view name;
  AlbertConfig config;
};

const std::vector<Preset>& presets() {
  static const std::vector<Preset> table{
      {"albert-base-v1", published_albert(kSizes[0], true)},
      {"albert-large-v1", published_albert(kSizes[1], true)},
      {"albert-xlarge-v1", published_albert(kSizes[2], true)},
      {"albert-xxlarge-v1", published_albert(kSizes[3], true)},
      {"albert-base-v2", published_albert(kSizes[0], false)},
      {"albert-large-v2", published_albert(kSizes[1], false)},
      {"albert-xlarge-v2", published_albert(kSizes[2], false)},
      {"albert-xxlarge-v2", published_albert(kSizes[3], false)},
      {"bert-base", bert_base()},
  };
  return table;
}

void require_divides(config::Issues& issues, std::string_view key, int64_t divisor, std::string_view of, int64_t value) {
  if (divisor > 0 && value % divisor != 0) issues.add(key, fmt::format("must divide {} {}, got {}", of, value, divisor));
}

void require_probability(config::Issues& issues, std::string_view key, double value) {
  if (!(value >= 0.0 && value < 1.0)) issues.add(key, fmt::format("must be in [0, 1), got {}", value));
}

/// Appends parameters under a growing prefix.
class ShapeList {
 public:
  void linear(const std::string& name, int64_t in, int64_t out) {
    list.push_back({name + ".weight", {out, in}});
    list.push_back({name + ".bias", {out}});
  }
  void layer_norm(const std::string& name, int64_t size) {
    list.push_back({name + ".weight", {size}});
    list.push_back({name + ".bias", {size}});
  }
  void embedding(const std::string& name, int64_t rows, int64_t size) { list.push_back({name + ".weight", {rows, size}}); }

  std::vector<ParameterShape> list;
};

void add_attention(ShapeList& shapes, const AlbertConfig& config, const std::string& block) {
  const int64_t hidden = config.hidden_size;
  for (const char* part : {"query", "key", "value", "dense"}) shapes.linear(block + ".attention." + part, hidden, hidden);
  shapes.layer_norm(block + ".attention.LayerNorm", hidden);
}

void add_feed_forward(ShapeList& shapes, const AlbertConfig& config, const std::string& block) {
  const int64_t hidden = config.hidden_size;
  shapes.linear(block + ".ffn", hidden, config.intermediate_size);
  shapes.linear(block + ".ffn_output", config.intermediate_size, hidden);
  shapes.layer_norm(block + ".full_layer_layer_norm", hidden);
}

void check_bert(const AlbertConfig& config, config::Issues& issues) {
  if (config.embedding_size != config.hidden_size) {
    issues.add("embedding_size",
               fmt::format("must equal hidden_size {} for architecture bert, got {}", config.hidden_size, config.embedding_size));
  }
  if (config.num_hidden_groups != config.num_hidden_layers) {
    issues.add("num_hidden_groups",
               fmt::format("must equal num_hidden_layers {} for architecture bert (nothing is shared), got {}",
                           config.num_hidden_layers, config.num_hidden_groups));
  }
  if (config.inner_group_num != 1)
    issues.add("inner_group_num", fmt::format("must be 1 for architecture bert, got {}", config.inner_group_num));
  if (config.is_partly_shared()) {
    issues.add("sharing", fmt::format("must be none for architecture bert, got {}", config::enum_name(config.sharing())));
  }
}

}  // namespace

Sharing AlbertConfig::sharing() const {
  if (shared_part == SharedPart::attention) return Sharing::attention;
  if (shared_part == SharedPart::feed_forward) return Sharing::feed_forward;
  return num_hidden_groups == num_hidden_layers && num_hidden_layers > 1 ? Sharing::none : Sharing::all;
}

int64_t AlbertConfig::attention_sets() const {
  return shared_part == SharedPart::feed_forward ? num_hidden_layers : num_hidden_groups;
}

int64_t AlbertConfig::feed_forward_sets() const {
  return shared_part == SharedPart::attention ? num_hidden_layers : num_hidden_groups;
}

void AlbertConfig::validate(config::Issues& issues) const {
  const std::array<std::pair<std::string_view, int64_t>, 10> sizes{{
      {"vocab_size", vocab_size},
      {"embedding_size", embedding_size},
      {"hidden_size", hidden_size},
      {"num_hidden_layers", num_hidden_layers},
      {"num_hidden_groups", num_hidden_groups},
      {"inner_group_num", inner_group_num},
      {"num_attention_heads", num_attention_heads},
      {"intermediate_size", intermediate_size},
      {"max_position_embeddings", max_position_embeddings},
      {"type_vocab_size", type_vocab_size},
  }};
  for (const auto& [key, value] : sizes) {
    if (value < 1) issues.add(key, fmt::format("must be at least 1, got {}", value));
  }
  require_divides(issues, "num_attention_heads", num_attention_heads, "hidden_size", hidden_size);
  require_divides(issues, "num_hidden_groups", num_hidden_groups, "num_hidden_layers", num_hidden_layers);
  require_probability(issues, "hidden_dropout_prob", hidden_dropout_prob);
  require_probability(issues, "attention_probs_dropout_prob", attention_probs_dropout_prob);
  require_probability(issues, "classifier_dropout_prob", classifier_dropout_prob);
  if (!(layer_norm_eps > 0.0)) issues.add("layer_norm_eps", fmt::format("must be positive, got {}", layer_norm_eps));
  if (!(initializer_range > 0.0)) issues.add("initializer_range", fmt::format("must be positive, got {}", initializer_range));
  if (architecture == Architecture::bert) return check_bert(*this, issues);
  if (is_partly_shared() && num_hidden_groups >= num_hidden_layers) {
    issues.add("num_hidden_groups", fmt::format("must be less than num_hidden_layers {} for sharing {}, got {}", num_hidden_layers,
                                                config::enum_name(sharing()), num_hidden_groups));
  }
}

AlbertConfig model_preset(std::string_view name) {
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset.config;
  }
  throw ConfigError(fmt::format("model.preset: must be one of {}, got {}", fmt::join(model_preset_names(), ", "), name));
}

std::vector<std::string_view> model_preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

int64_t ParameterShape::num_elements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<ParameterShape> parameter_shapes(const AlbertConfig& config, PretrainingHeads heads) {
  ShapeList shapes;
  const bool has_sentence_order = heads == PretrainingHeads::masked_lm_sentence_order;
  shapes.embedding("albert.embeddings.word_embeddings", config.vocab_size, config.embedding_size);
  shapes.embedding("albert.embeddings.position_embeddings", config.max_position_embeddings, config.embedding_size);
  shapes.embedding("albert.embeddings.token_type_embeddings", config.type_vocab_size, config.embedding_size);
  shapes.layer_norm("albert.embeddings.LayerNorm", config.embedding_size);
  if (config.has_embedding_mapping()) {
    shapes.linear("albert.encoder.embedding_hidden_mapping_in", config.embedding_size, config.hidden_size);
  }
  for (int64_t set = 0; set < config.num_levels(); ++set) {
    for (int64_t inner = 0; inner < config.inner_group_num; ++inner) {
      const auto block = fmt::format("albert.encoder.albert_layer_groups.{}.albert_layers.{}", set, inner);
      if (set < config.attention_sets()) add_attention(shapes, config, block);
      if (set < config.feed_forward_sets()) add_feed_forward(shapes, config, block);
    }
  }
  if (has_sentence_order) shapes.linear("albert.pooler", config.hidden_size, config.hidden_size);
  shapes.list.push_back({"predictions.bias", {config.vocab_size}});
  shapes.linear("predictions.dense", config.hidden_size, config.embedding_size);
  shapes.layer_norm("predictions.LayerNorm", config.embedding_size);
  if (has_sentence_order) shapes.linear("sop_classifier.classifier", config.hidden_size, 2);
  return std::move(shapes.list);
}

int64_t num_parameters(const AlbertConfig& config, PretrainingHeads heads) {
  int64_t total = 0;
  for (const ParameterShape& parameter : parameter_shapes(config, heads)) total += parameter.num_elements();
  return total;
}

}  // namespace albert
