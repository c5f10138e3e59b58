#include <albert/base/error.h>
#include <albert/config/writer.h>
#include <albert/recipes/finetune_config.h>

#include <fmt/format.h>

namespace albert {

namespace {

/// A row of the paper's table as options and their YAML, in the order of its columns.
std::vector<std::pair<std::string, std::string>> paper_options(const PaperSettings& paper) {
  return {{"optimizer.learning_rate", fmt::format("{}", paper.learning_rate)},
          {"training.batch_size", fmt::format("{}", paper.batch_size)},
          {"model.dropout", fmt::format("{}", paper.dropout)},
          {"model.classifier_dropout", fmt::format("{}", paper.classifier_dropout)},
          {"training.duration", fmt::format("{} steps", paper.steps)},
          {"schedule.warmup", fmt::format("{} steps", paper.warmup_steps)},
          {"data.max_length", fmt::format("{}", paper.max_length)}};
}

/// Loss options that only a cross entropy over classes has.
void check_loss(const FinetuneConfig& config, config::Issues& issues) {
  if (!config.data.train && config.loss.class_weights) issues.add("loss.class_weights", "needs data.train");
  const auto kind = config.task.kind();
  if (!kind || *kind == TaskKind::sequence_classification || *kind == TaskKind::token_classification) return;
  const auto name = config::enum_name(*kind);
  if (config.loss.class_weights) issues.add("loss.class_weights", fmt::format("must be null for {}, which has no classes", name));
  if (config.loss.label_smoothing > 0) {
    issues.add("loss.label_smoothing", fmt::format("must be 0 for {}, which has no classes, got {}", name, config.loss.label_smoothing));
  }
}

/// Windows must fit into data.max_length. What check() says begins with the key.
template <typename Windows>
void check_windows(Windows windows, int64_t max_length, const std::string& section, config::Issues& issues) {
  windows.max_length = max_length;
  try {
    windows.check();
  } catch (const ConfigError& error) {
    const std::string text = error.what();
    const auto colon = text.find(": ");
    const auto key = text.substr(0, colon);
    issues.add(key == "max_length" ? "data.max_length" : section + "." + key, text.substr(colon + 2));
  }
}

/// What is chosen by the validation data.
void check_evaluation(const FinetuneConfig& config, config::Issues& issues) {
  const auto& data = config.data;
  const bool has_validation = !data.train || data.validation || data.validation_fraction > 0;
  if (!has_validation && !data.more_validation.empty()) issues.add("data.more_validation", "needs data.validation or data.validation_fraction");
  if (!has_validation && config.training.restart_collapsed > 0) {
    issues.add("training.restart_collapsed", fmt::format("must be 0 without data.validation and data.validation_fraction, got {}",
                                                         config.training.restart_collapsed));
  }
  if (!has_validation && config.evaluation.early_stopping.patience > 0) {
    issues.add("evaluation.early_stopping.patience", fmt::format("must be 0 without data.validation and data.validation_fraction, got {}",
                                                                 config.evaluation.early_stopping.patience));
  }
}

}  // namespace

void FinetuneDataConfig::validate(config::Issues& issues) const {
  for (size_t i = 0; i < more_validation.size(); ++i) {
    const auto& name = more_validation[i].name;
    if (name == "validation" || name == "test") {
      issues.add(fmt::format("more_validation[{}].name", i), fmt::format("must not be that of another set, got '{}'", name));
    }
    for (size_t j = 0; j < i; ++j) {
      if (more_validation[i].name == more_validation[j].name) {
        issues.add(fmt::format("more_validation[{}].name", i), fmt::format("must be unlike the others, got '{}' twice", more_validation[i].name));
      }
    }
  }
}

void FinetuneLossConfig::validate(config::Issues& issues) const {
  if (!class_weights || class_weights->is_auto()) return;
  const auto& weights = *class_weights->value;
  for (size_t i = 0; i < weights.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (weights[i].label == weights[j].label) {
        issues.add(fmt::format("class_weights[{}].label", i), fmt::format("must be unlike the others, got '{}' twice", weights[i].label));
      }
    }
  }
}

FinetuneConfig::FinetuneConfig() {
  // run_classifier.py's learning rate; AdamW in Google's form (no bias correction).
  optimizer.algorithm.name = OptimizerName::adamw;
  optimizer.algorithm.learning_rate = 5e-5;
  schedule.warmup = {.amount = 10, .unit = DurationUnit::percent};
  checkpoint = {.every = {.amount = 1, .unit = DurationUnit::epochs}, .keep_last = 1, .keep_best = 1};
}

std::vector<config::ImpliedDefault> FinetuneConfig::implied_defaults() const {
  const auto* named = task.named();
  if (named == nullptr || !named->paper) return {};
  const std::string origin(kTaskDefault);
  std::vector<config::ImpliedDefault> defaults;
  for (const auto& [key, value] : paper_options(*named->paper)) defaults.push_back({.key = key, .value = value, .origin = origin});
  for (auto& entry : defaults) {
    if (entry.key == "schedule.warmup") entry.unless = "training.duration";  // a part of the paper's steps
    if (entry.key == "data.max_length") entry.origin += ", at most the model's positions";
  }
  return defaults;
}

void FinetuneConfig::validate(config::Issues& issues) const {
  if (output.empty()) issues.add("output", "must be given: the folder of the run, for example: output: runs/mine");
  const auto& warmup = schedule.warmup;
  const auto& duration = training.common.duration;
  if (warmup.unit == duration.unit && warmup.amount > duration.amount) {
    issues.add("schedule.warmup", fmt::format("must not be longer than training.duration ({}), got {}", to_string(duration), to_string(warmup)));
  }
  if (warmup.unit == DurationUnit::percent && warmup.amount > 100) {
    issues.add("schedule.warmup", fmt::format("must be at most 100 %, got {}", to_string(warmup)));
  }
  if (schedule.end_learning_rate > optimizer.algorithm.learning_rate) {
    issues.add("schedule.end_learning_rate", fmt::format("must be at most optimizer.learning_rate ({}), got {}", optimizer.algorithm.learning_rate,
                                                         schedule.end_learning_rate));
  }
  if (schedule.scale_with_batch && training.batch_tokens > 0) {
    issues.add("schedule.scale_with_batch", fmt::format("must be null with training.batch_tokens, which has no batch size, got {}", *schedule.scale_with_batch));
  }
  check_loss(*this, issues);
  check_evaluation(*this, issues);
  const auto kind = task.kind();
  if (kind == TaskKind::token_classification) check_windows(task.tokens.windows, data.max_length, "task.tokens.windows", issues);
  if (kind == TaskKind::question_answering) {
    check_windows(task.question_answering.windows, data.max_length, "task.question_answering.windows", issues);
  }
}

FinetuneConfig with_records_of_parts(FinetuneConfig config) {
  if (!config.task.name) return config;
  const auto& task = find_task(*config.task.name);
  const auto fill = [&](std::optional<DataFileConfig>& file, const std::vector<std::string>& records) {
    if (file && file->records.empty() && with_task_defaults(*file, task).resolved_format() == FileFormat::json) file->records = records;
  };
  fill(config.data.train, task.records.train);
  fill(config.data.validation, task.records.validation);
  fill(config.data.test, task.records.test);
  return config;
}

std::string finetune_reference() {
  std::string text = "# Options of albert-finetune\n\nMade as above. Options that albert-train has too may have other defaults here.\n\n" +
                     config::reference_table<FinetuneConfig>();
  text += "\n## Defaults of named tasks\n\n"
          "A `task.name` of the ALBERT paper's Table 14 (arXiv 1909.11942; made for its largest model) brings these as defaults. A value in\n"
          "the file, in one that it includes or by `--set` wins; `albert config FILE --origins` tells where each comes from. Where\n"
          "`training.duration` is given, the warm-up is 10 % as elsewhere: the paper's is a part of its steps. A model with fewer positions than\n"
          "`data.max_length` lowers this default to them; a value that is given stays, and is an error. For RACE with a v2 model Google\n"
          "lowers the learning rate to 1e-5 and sets dropout to 0, or it diverges (`configs/finetune/race.yaml`).\n\n";
  for (bool is_first = true; const auto& task : named_tasks()) {
    if (!task.paper) continue;
    std::string names = "| `task.name` |";
    std::string rule = "|---|";
    std::string row = fmt::format("| `{}` |", task.name);
    for (const auto& [key, value] : paper_options(*task.paper)) {
      names += fmt::format(" `{}` |", key);
      rule += "---|";
      row += fmt::format(" `{}` |", value);
    }
    if (is_first) text += names + "\n" + rule + "\n";
    is_first = false;
    text += row + "\n";
  }
  return text;
}

FinetuneConfig identity_of(FinetuneConfig config) {
  const FinetuneConfig defaults;
  config.output = defaults.output;
  config.model.init_from = defaults.model.init_from;  // as for pre-training
  config.schedule = defaults.schedule;
  const auto seed = config.training.common.seed;
  auto training = defaults.training;
  training.common.seed = seed;
  training.common.ema = config.training.common.ema;
  // These decide which examples a step has.
  training.common.batch_size = config.training.common.batch_size;
  training.batch_tokens = config.training.batch_tokens;
  training.shuffle = config.training.shuffle;
  training.group_by_length = config.training.group_by_length;
  config.training = training;
  config.data.test = defaults.data.test;
  config.data.predict = defaults.data.predict;
  config.evaluation = defaults.evaluation;
  config.checkpoint = defaults.checkpoint;
  config.logging = defaults.logging;
  return config;
}

}  // namespace albert
