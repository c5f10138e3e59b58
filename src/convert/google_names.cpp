#include "convert/google_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace albert {
namespace {

/// What the variables of a scope are called.
enum class ScopeKind {
  linear,   ///< kernel, bias
  norm,     ///< gamma, beta
  outputs,  ///< output_weights [outputs, hidden] as in torch, output_bias
};
struct Leaf {
  ScopeKind kind;
  std::string_view variable;
  std::string_view parameter;
};
constexpr std::array<Leaf, 6> kLeaves{{
    {ScopeKind::linear, "kernel", "weight"},
    {ScopeKind::linear, "bias", "bias"},
    {ScopeKind::norm, "gamma", "weight"},
    {ScopeKind::norm, "beta", "bias"},
    {ScopeKind::outputs, "output_weights", "weight"},
    {ScopeKind::outputs, "output_bias", "bias"},
}};

struct Scope {
  std::string_view google;
  ScopeKind kind;
  std::string_view module;
};
constexpr std::array<Scope, 14> kScopes{{
    {"bert/embeddings/LayerNorm", ScopeKind::norm, "albert.embeddings.LayerNorm"},
    {"bert/encoder/embedding_hidden_mapping_in", ScopeKind::linear, "albert.encoder.embedding_hidden_mapping_in"},
    {"bert/pooler/dense", ScopeKind::linear, "albert.pooler"},
    {"cls/predictions/transform/dense", ScopeKind::linear, "predictions.dense"},
    {"cls/predictions/transform/LayerNorm", ScopeKind::norm, "predictions.LayerNorm"},
    {"cls/seq_relationship", ScopeKind::outputs, "sop_classifier.classifier"},
    {"", ScopeKind::outputs, "classifier"},
    {"cls/squad", ScopeKind::outputs, "qa_outputs"},
    {"start_logits/dense", ScopeKind::linear, "start_logits.dense"},
    {"end_logits/dense_0", ScopeKind::linear, "end_logits.dense_0"},
    {"end_logits/LayerNorm", ScopeKind::norm, "end_logits.LayerNorm"},
    {"end_logits/dense_1", ScopeKind::linear, "end_logits.dense_1"},
    {"answer_class/dense_0", ScopeKind::linear, "answer_class.dense_0"},
    {"answer_class/dense_1", ScopeKind::linear, "answer_class.dense_1"},
}};
/// Below bert/encoder/transformer/group_G/inner_group_I/.
constexpr std::array<Scope, 8> kBlockScopes{{
    {"attention_1/self/query", ScopeKind::linear, "attention.query"},
    {"attention_1/self/key", ScopeKind::linear, "attention.key"},
    {"attention_1/self/value", ScopeKind::linear, "attention.value"},
    {"attention_1/output/dense", ScopeKind::linear, "attention.dense"},
    {"LayerNorm", ScopeKind::norm, "attention.LayerNorm"},
    {"ffn_1/intermediate/dense", ScopeKind::linear, "ffn"},
    {"ffn_1/intermediate/output/dense", ScopeKind::linear, "ffn_output"},
    {"LayerNorm_1", ScopeKind::norm, "full_layer_layer_norm"},
}};

/// Variables that stand alone.
struct Single {
  std::string_view variable;
  std::string_view parameter;
};
constexpr std::array<Single, 4> kSingles{{
    {"bert/embeddings/word_embeddings", "albert.embeddings.word_embeddings.weight"},
    {"bert/embeddings/position_embeddings", "albert.embeddings.position_embeddings.weight"},
    {"bert/embeddings/token_type_embeddings", "albert.embeddings.token_type_embeddings.weight"},
    {"cls/predictions/output_bias", "predictions.bias"},
}};

template <typename Scopes>
std::optional<GoogleParameter> find_in(const Scopes& scopes, std::string_view scope, std::string_view leaf,
                                       std::string_view prefix) {
  for (const Scope& row : scopes) {
    if (row.google != scope) continue;
    for (const Leaf& known : kLeaves) {
      if (known.kind != row.kind || known.variable != leaf) continue;
      return GoogleParameter{.name = fmt::format("{}{}.{}", prefix, row.module, known.parameter),
                             .is_transposed = leaf == "kernel"};
    }
  }
  return std::nullopt;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// A number without leading zeros from the front of `text`; empty where there is none.
std::string_view take_index(std::string_view& text) {
  constexpr size_t kMostDigits = 4;
  const size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  if (length == 0 || length > kMostDigits || (length > 1 && text.front() == '0')) return {};
  const std::string_view index = text.substr(0, length);
  text.remove_prefix(length);
  return index;
}

std::optional<GoogleParameter> find_in_block(std::string_view scope, std::string_view leaf) {
  if (!take_prefix(scope, "bert/encoder/transformer/group_")) return std::nullopt;
  const std::string_view group = take_index(scope);
  if (group.empty() || !take_prefix(scope, "/inner_group_")) return std::nullopt;
  const std::string_view inner = take_index(scope);
  if (inner.empty() || !take_prefix(scope, "/")) return std::nullopt;
  return find_in(kBlockScopes, scope, leaf, fmt::format("albert.encoder.albert_layer_groups.{}.albert_layers.{}.", group, inner));
}

std::string_view leaf_of(std::string_view variable) {
  const size_t slash = variable.rfind('/');
  return slash == std::string_view::npos ? variable : variable.substr(slash + 1);
}

}  // namespace

std::optional<GoogleParameter> google_parameter(std::string_view variable) {
  take_prefix(variable, "module/");
  for (const Single& row : kSingles) {
    if (row.variable == variable) return GoogleParameter{.name = std::string(row.parameter)};
  }
  const std::string_view leaf = leaf_of(variable);
  std::string_view scope = variable.substr(0, variable.size() - leaf.size());
  if (!scope.empty()) scope.remove_suffix(1);
  if (auto found = find_in(kScopes, scope, leaf, "")) return found;
  return find_in_block(scope, leaf);
}

std::string_view google_leftover(std::string_view variable) {
  // Google's AdamW and LAMB, brightmart's LAMB, TensorFlow's Adam.
  constexpr std::array<std::string_view, 6> kSlots{"adam_m", "adam_v", "lamb_m", "lamb_v", "Adam", "Adam_1"};
  constexpr std::array<std::string_view, 2> kPowers{"beta1_power", "beta2_power"};
  const std::string_view leaf = leaf_of(variable);
  if (variable == "global_step") return "number of the step";
  if (leaf != variable && std::ranges::find(kSlots, leaf) != kSlots.end()) return "slot of the optimizer";
  if (std::ranges::find(kPowers, variable) != kPowers.end() || variable.starts_with("AdamWeightDecayOptimizer")) {
    return "state of the optimizer";
  }
  return variable == "Variable" ? "variable without a name" : "";
}

}  // namespace albert
