#include <albert/base/error.h>
#include <albert/config/writer.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/recipes/pretrain_phases.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

/// A vocabulary size that no rule on the model's shape refuses: the real one is known only when the vocabulary is.
constexpr int64_t kPlausibleVocabulary = 30000;

void check_shape(const PretrainConfig& c, config::Issues& issues) {
  AlbertConfig shape;
  try {
    shape = c.model.resolve(kPlausibleVocabulary);
  } catch (const ConfigError&) {
    return;  // an unknown preset: ModelConfig::validate reports it
  }
  issues.push("model");
  if (!c.model.init_from) shape.validate(issues);
  issues.pop();
  if (!c.model.init_from && c.data.max_length > shape.max_position_embeddings) {
    issues.add("data.max_length", fmt::format("must be at most model.max_position_embeddings ({}), got {}", shape.max_position_embeddings,
                                              c.data.max_length));
  }
}

}  // namespace

void PretrainConfig::validate(config::Issues& issues) const {
  check_shape(*this, issues);
  check_phases(*this, issues);
  const auto& warmup = schedule.warmup;
  if (warmup.unit == training.duration.unit && warmup.amount > training.duration.amount) {
    issues.add("schedule.warmup", fmt::format("must not be longer than training.duration ({}), got {}", to_string(training.duration),
                                              to_string(warmup)));
  }
  if (warmup.unit == DurationUnit::percent && warmup.amount > 100) {
    issues.add("schedule.warmup", fmt::format("must be at most 100 %, got {}", to_string(warmup)));
  }
  if (schedule.end_learning_rate > optimizer.algorithm.learning_rate) {
    issues.add("schedule.end_learning_rate", fmt::format("must be at most optimizer.learning_rate ({}), got {}",
                                                         optimizer.algorithm.learning_rate, schedule.end_learning_rate));
  }
}

std::string pretrain_reference() {
  return "# Options of albert-train\n\nMade from the field lists by `albert config-reference`; do not edit. `--set section.key=value` sets any of them on the "
         "command line. How to write such a file: [configuration.md](configuration.md).\n\n" +
         config::reference_table<PretrainConfig>();
}

PretrainingHeads heads_of(const PretrainConfig& config) {
  return config.objective.sentence_order == SentenceOrder::none ? PretrainingHeads::masked_lm
                                                                : PretrainingHeads::masked_lm_sentence_order;
}

PretrainConfig with_defaults(PretrainConfig config) {
  if (config.data.store.empty()) config.data.store = config.output / "store";
  return config;
}

PretrainConfig identity_of(PretrainConfig config) {
  const PretrainConfig defaults;
  config.output = defaults.output;
  // Of the model that the run began with, a checkpoint has the digest (source_hash in run_source.h); where it lies does not count.
  if (config.model.init_from) config.model.init_from = "given";
  // Where the data lie, and how fast they are read, does not make another run: the store's hash stands for the text.
  // How often each is read does.
  const auto sources = std::exchange(config.data.sources, defaults.data.sources);
  if (std::any_of(sources.begin(), sources.end(), [](const DataSourceConfig& source) { return source.weight != 1.0; })) {
    for (const auto& source : sources) config.data.sources.push_back({.path = "", .weight = source.weight});
  }
  config.data.store = defaults.data.store;
  config.data.threads = defaults.data.threads;
  config.data.prefetch_steps = defaults.data.prefetch_steps;
  config.tokenizer.model = defaults.tokenizer.model;
  config.tokenizer.vocabulary = defaults.tokenizer.vocabulary;
  config.tokenizer.max_unknown = defaults.tokenizer.max_unknown;
  config.schedule = defaults.schedule;
  const auto seed = config.training.seed;
  const auto ema = config.training.ema;
  config.training = defaults.training;
  config.training.seed = seed;
  config.training.ema = ema;
  for (auto& phase : config.phases) phase = {.max_length = phase.max_length, .masking_probability = phase.masking_probability};
  config.evaluation = defaults.evaluation;
  config.checkpoint = defaults.checkpoint;
  config.logging = defaults.logging;
  config.distributed = defaults.distributed;
  return config;
}

}  // namespace albert
