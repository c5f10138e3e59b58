#include <albert/config/suggestions.h>
#include <albert/model/model_config.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace albert {
namespace {

constexpr int64_t kPaperHeadSize = 64;
constexpr int64_t kPaperIntermediateFactor = 4;

template <typename T>
void override_with(T& value, const std::optional<T>& given) {
  if (given) value = *given;
}

/// What follows from hidden_size, depth and architecture where the user named only those.
void derive_sizes(AlbertConfig& config, const ModelConfig& given) {
  if (given.hidden_size && !given.intermediate_size) config.intermediate_size = kPaperIntermediateFactor * config.hidden_size;
  if (given.hidden_size && !given.num_attention_heads) {
    config.num_attention_heads = std::max<int64_t>(1, config.hidden_size / kPaperHeadSize);
  }
  if (config.architecture == Architecture::bert && !given.embedding_size) config.embedding_size = config.hidden_size;
}

SharedPart shared_part_of(Sharing sharing) {
  if (sharing == Sharing::attention) return SharedPart::attention;
  return sharing == Sharing::feed_forward ? SharedPart::feed_forward : SharedPart::block;
}

/// Groups that follow from what is shared, where the user named only that. `base` is the shape before the options.
void derive_groups(AlbertConfig& config, const AlbertConfig& base, const ModelConfig& given) {
  if (given.sharing) config.shared_part = shared_part_of(*given.sharing);
  if (given.num_hidden_groups) return;
  if (config.architecture == Architecture::bert || given.sharing == Sharing::none) {
    config.num_hidden_groups = config.num_hidden_layers;
  } else if (given.sharing && base.sharing() == Sharing::none) {
    config.num_hidden_groups = 1;
  }
}

void check_sharing(const ModelConfig& given, config::Issues& issues) {
  if (!given.sharing || given.init_from) return;
  const AlbertConfig shape = given.resolve(/*vocab_size=*/30000);
  if (shape.architecture == Architecture::bert && *given.sharing == Sharing::all) {
    issues.add("sharing", "must be none for architecture bert, got all");
  }
  if (*given.sharing == Sharing::none && given.num_hidden_groups && *given.num_hidden_groups != shape.num_hidden_layers) {
    issues.add("num_hidden_groups", fmt::format("must equal num_hidden_layers {} for sharing none, got {}", shape.num_hidden_layers,
                                                *given.num_hidden_groups));
  }
}

}  // namespace

AlbertConfig ModelConfig::resolve(int64_t vocab_size) const { return resolve(model_preset(preset), vocab_size); }

AlbertConfig ModelConfig::resolve(const AlbertConfig& base, int64_t vocab_size) const {
  AlbertConfig result = base;
  result.vocab_size = vocab_size;
  override_with(result.architecture, architecture);
  override_with(result.embedding_size, embedding_size);
  override_with(result.hidden_size, hidden_size);
  override_with(result.num_hidden_layers, num_hidden_layers);
  override_with(result.num_hidden_groups, num_hidden_groups);
  override_with(result.inner_group_num, inner_group_num);
  override_with(result.num_attention_heads, num_attention_heads);
  override_with(result.intermediate_size, intermediate_size);
  override_with(result.max_position_embeddings, max_position_embeddings);
  override_with(result.type_vocab_size, type_vocab_size);
  override_with(result.hidden_act, hidden_act);
  override_with(result.hidden_dropout_prob, dropout);
  override_with(result.attention_probs_dropout_prob, dropout);
  override_with(result.hidden_dropout_prob, hidden_dropout_prob);
  override_with(result.attention_probs_dropout_prob, attention_probs_dropout_prob);
  override_with(result.classifier_dropout_prob, classifier_dropout);
  override_with(result.layer_norm_eps, layer_norm_eps);
  override_with(result.initializer_range, initializer_range);
  override_with(result.feed_forward_dropout, feed_forward_dropout);
  override_with(result.sentence_order_dropout, sentence_order_dropout);
  derive_sizes(result, *this);
  derive_groups(result, base, *this);
  return result;
}

void ModelConfig::validate(config::Issues& issues) const {
  const auto names = model_preset_names();
  if (std::find(names.begin(), names.end(), preset) == names.end()) {
    const std::vector<std::string> known(names.begin(), names.end());
    const auto nearest = config::nearest_name(preset, known);
    issues.add("preset", fmt::format("must be one of {}, got '{}'{}", fmt::join(names, ", "), preset,
                                     nearest ? fmt::format("; did you mean '{}'?", known[*nearest]) : ""));
    return;
  }
  if (dropout && (hidden_dropout_prob || attention_probs_dropout_prob)) {
    issues.add("dropout", "sets hidden_dropout_prob and attention_probs_dropout_prob; give either it or those");
  }
  check_sharing(*this, issues);
  // With init_from the base is known only once the folder is read; the recipe validates the result again.
  if (!init_from) resolve(/*vocab_size=*/30000).validate(issues);
}

}  // namespace albert
