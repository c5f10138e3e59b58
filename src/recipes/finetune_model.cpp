#include "recipes/finetune_model.h"

#include "recipes/run_source.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/model/initialization.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

constexpr std::string_view kHead = "albert.";

/// Whether training leaves a parameter as it is.
bool is_frozen(const std::string& name, Freeze freeze) {
  if (freeze == Freeze::embeddings) return name.starts_with("albert.embeddings.");
  return freeze == Freeze::encoder && name.starts_with(kHead) && !name.starts_with("albert.pooler.");
}

/// The source's shape with the dropout of the configuration, or of the paper for a named task.
AlbertConfig shape_of(const FinetuneParts& parts) {
  AlbertConfig shape = parts.source.config.shape;
  const auto& model = parts.config.model;
  shape.hidden_dropout_prob = model.dropout.or_else(shape.hidden_dropout_prob);
  shape.attention_probs_dropout_prob = model.dropout.or_else(shape.attention_probs_dropout_prob);
  shape.classifier_dropout_prob = model.classifier_dropout.or_else(shape.classifier_dropout_prob);
  require_positions(parts.config.data.max_length, shape, "model.init_from");
  return shape;
}

/// Throws where `model.head: keep` has nothing to keep, or would give the outputs other names.
void require_head_to_keep(const FinetuneParts& parts) {
  const auto& source = parts.source.config;
  const auto& labels = parts.task.description().labels;
  if (!task_head_of(source)) {
    throw ConfigError(fmt::format("model.head: keep needs a model with a head of this task, model.init_from is {}; set auto or replace",
                                  source.architecture.empty() ? "of no class" : source.architecture));
  }
  if (source.labels != labels && std::is_permutation(source.labels.begin(), source.labels.end(), labels.begin(), labels.end())) {
    throw ConfigError(fmt::format("model.head: keep needs the labels in the order of model.init_from ({}), got {}; set task.labels",
                                  fmt::join(source.labels, ", "), fmt::join(labels, ", ")));
  }
}

HeadTransfer transfer_of(const FinetuneParts& parts, const TaskHeadOptions& head) {
  switch (parts.config.model.head) {
    case HeadChoice::keep: require_head_to_keep(parts); return HeadTransfer::keep;
    case HeadChoice::replace: return HeadTransfer::replace;
    case HeadChoice::automatic: break;
  }
  const auto source_head = task_head_of(parts.source.config);
  const bool is_same = source_head == head && (!head.has_labels() || parts.task.description().labels.empty() ||
                                               parts.source.config.labels == parts.task.description().labels);
  return is_same ? HeadTransfer::keep : HeadTransfer::replace;
}

}  // namespace

FinetuneConfig with_length_of(FinetuneConfig config, const AlbertConfig& shape, std::optional<int64_t> folder_length) {
  const auto length = std::min(folder_length.value_or(config.data.max_length), shape.max_position_embeddings);
  if (length == config.data.max_length) return config;
  spdlog::info("data.max_length is {}, {} of the model, as none is given (default: {})", length, length == folder_length ? "that" : "the positions",
               config.data.max_length);
  config.data.max_length = length;
  config::Issues issues;
  config.validate(issues);
  if (issues.all().empty()) return config;
  const auto& issue = issues.all().front();
  throw ConfigError(fmt::format("{}: {}", issue.key, issue.text));
}

TaskModel make_task_model(const FinetuneParts& parts, int64_t seed) {
  const auto shape = shape_of(parts);
  TaskModel model(shape, head_of(parts.task.description()));
  initialize(parameters_by_name(*model), shape.initializer_range, static_cast<uint64_t>(seed));
  model->parameters_changed();
  return model;
}

std::vector<std::string> load_source_weights(const FinetuneParts& parts, TaskModelImpl& model) {
  if (parts.config.model.random_weights) return {};
  const auto transfer = transfer_of(parts, model.head());
  auto report = load_weights(parts.source, model, task_import_rules(parts.source.config, model.head(), transfer, "model.init_from"));
  std::ranges::sort(report.missing);
  return std::move(report.missing);
}

std::unique_ptr<Optimizer> make_task_optimizer(TaskModelImpl& model, const FinetuneConfig& config) {
  std::vector<OptimizedParameter> trained;
  for (const auto& [name, tensor] : parameters_by_name(model)) {
    if (is_frozen(name, config.model.freeze)) {
      tensor.set_requires_grad(false);
      continue;
    }
    trained.push_back({.name = name, .tensor = tensor,
                      .learning_rate_scale = learning_rate_multiplier(name, model.config(), config.optimizer.layer_decay)});
  }
  return make_optimizer(config.optimizer.algorithm, std::move(trained));
}

}  // namespace albert
