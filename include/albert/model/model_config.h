// The YAML section `model`: a preset and what is changed of it.
//
//   model: {preset: albert-base-v2, hidden_size: 256, num_hidden_layers: 6}
#pragma once

#include <albert/config/fields.h>
#include <albert/model/albert_config.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace albert {

/// Options of the model. Everything left out comes from the preset, but for two sizes that follow hidden_size when only that is
/// given: intermediate_size = 4 * hidden_size and num_attention_heads = hidden_size / 64 (the paper's rules, section 3.1).
struct ModelConfig {
  std::string preset = "albert-base-v2";
  std::optional<std::filesystem::path> init_from;
  std::optional<Architecture> architecture;
  std::optional<int64_t> embedding_size;
  std::optional<int64_t> hidden_size;
  std::optional<int64_t> num_hidden_layers;
  std::optional<int64_t> num_hidden_groups;
  std::optional<Sharing> sharing;
  std::optional<int64_t> inner_group_num;
  std::optional<int64_t> num_attention_heads;
  std::optional<int64_t> intermediate_size;
  std::optional<int64_t> max_position_embeddings;
  std::optional<int64_t> type_vocab_size;
  std::optional<Activation> hidden_act;
  std::optional<double> dropout;
  std::optional<double> hidden_dropout_prob;
  std::optional<double> attention_probs_dropout_prob;
  std::optional<double> classifier_dropout;
  std::optional<double> layer_norm_eps;
  std::optional<double> initializer_range;
  std::optional<bool> feed_forward_dropout;
  std::optional<bool> sentence_order_dropout;

  /// The complete shape. Throws ConfigError for an unknown preset; AlbertConfig::validate finds the rest.
  [[nodiscard]] AlbertConfig resolve(int64_t vocab_size) const;
  /// The same on top of the shape that `init_from` holds, in place of the preset.
  [[nodiscard]] AlbertConfig resolve(const AlbertConfig& base, int64_t vocab_size) const;
  void validate(config::Issues& issues) const;
};

template <config::Self<ModelConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  const auto count = config::at_least(1);
  const auto probability = config::from_to_below(0.0, 1.0);
  visit(Field{"preset", "published shape to start from: albert-{base,large,xlarge,xxlarge}-{v1,v2} or bert-base"}, c.preset);
  visit(Field{"init_from",
              "model folder (ours or Hugging Face's), or checkpoint or archive of Google's ALBERT, whose shape and weights to start from, "
              "in place of the preset"},
        c.init_from);
  visit(Field{"architecture", "albert, or bert: nothing shared, embedding_size = hidden_size, exported as BERT"}, c.architecture);
  visit(Field{"embedding_size", "width of the factorised embedding", count}, c.embedding_size);
  visit(Field{"hidden_size", "width of the encoder; sets intermediate_size and num_attention_heads too unless they are given",
              count},
        c.hidden_size);
  visit(Field{"num_hidden_layers", "applications of groups (depth)", count}, c.num_hidden_layers);
  visit(Field{"num_hidden_groups", "sets of shared parameters; must divide num_hidden_layers", count}, c.num_hidden_groups);
  visit(Field{"sharing",
              "what layers (of a group) share: all of a block; attention or feed_forward, the other half being each layer's own; none"},
        c.sharing);
  visit(Field{"inner_group_num", "distinct blocks in a group, run one after the other", count}, c.inner_group_num);
  visit(Field{"num_attention_heads", "attention heads; must divide hidden_size", count}, c.num_attention_heads);
  visit(Field{"intermediate_size", "width of the feed-forward layer", count}, c.intermediate_size);
  visit(Field{"max_position_embeddings", "longest sequence that the model can read, in tokens", count},
        c.max_position_embeddings);
  visit(Field{"type_vocab_size", "number of segment ids", count}, c.type_vocab_size);
  visit(Field{"hidden_act", "activation: gelu_new (tanh form, as Google's code runs), gelu (erf form), relu"}, c.hidden_act);
  visit(Field{"dropout", "sets hidden_dropout_prob and attention_probs_dropout_prob together", probability}, c.dropout);
  visit(Field{"hidden_dropout_prob", "dropout after embeddings, attention output and feed-forward output", probability},
        c.hidden_dropout_prob);
  visit(Field{"attention_probs_dropout_prob", "dropout of attention weights", probability}, c.attention_probs_dropout_prob);
  visit(Field{"classifier_dropout", "dropout before task heads", probability}, c.classifier_dropout);
  visit(Field{"layer_norm_eps", "added to the variance in LayerNorm", config::more_than(0.0)}, c.layer_norm_eps);
  visit(Field{"initializer_range", "standard deviation of the truncated normal of new weights", config::more_than(0.0)},
        c.initializer_range);
  visit(Field{"feed_forward_dropout", "drop out after the feed-forward output as Google does (Hugging Face's ALBERT does not)"},
        c.feed_forward_dropout);
  visit(Field{"sentence_order_dropout", "drop out before the sentence-order head as Hugging Face does (Google does not)"},
        c.sentence_order_dropout);
}

}  // namespace albert
