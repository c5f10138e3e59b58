// The shape of an ALBERT (or, unshared, a BERT) encoder. Names follow Hugging Face's config.json.
#pragma once

#include <albert/config/fields.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

enum class Activation { gelu_new, gelu, relu };
constexpr auto enum_names(config::EnumTag<Activation>) {
  return config::names<Activation>({{Activation::gelu_new, "gelu_new"}, {Activation::gelu, "gelu"}, {Activation::relu, "relu"}});
}

/// How the second training target is made from segment pairs; shared by data and model configs.
/// albert: SOP head of ALBERT. bert: unshared groups, embedding_size = hidden_size, exported as BertForPreTraining.
enum class Architecture { albert, bert };
constexpr auto enum_names(config::EnumTag<Architecture>) {
  return config::names<Architecture>({{Architecture::albert, "albert"}, {Architecture::bert, "bert"}});
}

/// What the layers of a model share (the ablation of the ALBERT paper, Table 4).
enum class Sharing {
  all,           ///< whole blocks: attention and feed-forward network
  attention,     ///< the attention of the block; each layer has a feed-forward network of its own
  feed_forward,  ///< the feed-forward network; each layer has an attention of its own
  none,
};
constexpr auto enum_names(config::EnumTag<Sharing>) {
  return config::names<Sharing>({{Sharing::all, "all"},
                                 {Sharing::attention, "attention"},
                                 {Sharing::feed_forward, "feed_forward"},
                                 {Sharing::none, "none"}});
}

/// The part of a block that the layers of a group share. Nothing shared is not among them: that is a group for each layer.
enum class SharedPart { block, attention, feed_forward };

/// A complete shape: every value is known. Defaults are albert-base-v2.
struct AlbertConfig {
  Architecture architecture = Architecture::albert;
  int64_t vocab_size = 30000;
  int64_t embedding_size = 128;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;  ///< applications of groups
  int64_t num_hidden_groups = 1;   ///< sets of shared parameters; must divide num_hidden_layers
  SharedPart shared_part = SharedPart::block;
  int64_t inner_group_num = 1;     ///< distinct blocks in a group, run one after the other
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  Activation hidden_act = Activation::gelu_new;
  double hidden_dropout_prob = 0.0;
  double attention_probs_dropout_prob = 0.0;
  double classifier_dropout_prob = 0.1;
  double layer_norm_eps = 1e-12;
  double initializer_range = 0.02;
  /// Google drops out after the feed-forward output, Hugging Face's PyTorch port does not (albert_facts 2.4). true = Google.
  bool feed_forward_dropout = true;
  /// Hugging Face drops out before the SOP classifier (classifier_dropout_prob), Google does not (albert_facts 2.7). false =
  /// Google.
  bool sentence_order_dropout = false;

  bool operator==(const AlbertConfig&) const = default;
  /// Whether layers share one half of their blocks, which no class of transformers does.
  [[nodiscard]] bool is_partly_shared() const { return shared_part != SharedPart::block; }
  [[nodiscard]] Sharing sharing() const;
  /// Sets of attention parameters (projections, LayerNorm), and of feed-forward parameters, for each inner block: a group has
  /// one, or each of its layers where the group does not share that part.
  [[nodiscard]] int64_t attention_sets() const;
  [[nodiscard]] int64_t feed_forward_sets() const;
  /// The larger of the two: distinct levels of depth.
  [[nodiscard]] int64_t num_levels() const { return std::max(attention_sets(), feed_forward_sets()); }
  /// Which of `sets` sets `layer` (0-based) uses: layer * sets / layers in integers (albert_facts 1.3).
  [[nodiscard]] int64_t set_of_layer(int64_t layer, int64_t sets) const { return layer * sets / num_hidden_layers; }
  [[nodiscard]] int64_t head_size() const { return hidden_size / num_attention_heads; }
  /// Applications of blocks in one forward pass: layers * inner groups.
  [[nodiscard]] int64_t num_applications() const { return num_hidden_layers * inner_group_num; }
  /// Whether embeddings are mapped to the hidden size. Hugging Face's ALBERT always does so, also at equal sizes; BERT never.
  [[nodiscard]] bool has_embedding_mapping() const { return architecture == Architecture::albert; }
  /// Adds an issue for each broken rule (sizes, divisibility). Keys are the names of the fields.
  void validate(config::Issues& issues) const;
};

/// "albert-base-v1" ... "albert-xxlarge-v2", "bert-base"; throws ConfigError for another name. Values are those of the published
/// config.json files: v1 has dropout (but xxlarge) and the erf form of GELU, v2 none and the tanh form (albert_facts 1). xlarge
/// has 16 heads as published there; the paper's rule gives 32, and the weights fit both: set num_attention_heads to choose (1.1).
AlbertConfig model_preset(std::string_view name);
std::vector<std::string_view> model_preset_names();

/// Which heads stand on the encoder.
enum class PretrainingHeads {
  masked_lm,                 ///< no pooler (AlbertForMaskedLM)
  masked_lm_sentence_order,  ///< pooler, masked-token and sentence-order head (AlbertForPreTraining, BertForPreTraining)
};

/// Name and shape of a parameter, without a tensor.
struct ParameterShape {
  std::string name;
  std::vector<int64_t> shape;
  [[nodiscard]] int64_t num_elements() const;
};

/// Every parameter of a pre-training model once, in the order of the module, named as in parameters_by_name(); allocates no
/// tensor.
std::vector<ParameterShape> parameter_shapes(const AlbertConfig& config, PretrainingHeads heads);
/// Sum over parameter_shapes (the tied decoder counts once).
int64_t num_parameters(const AlbertConfig& config, PretrainingHeads heads);

}  // namespace albert
