// The configuration of albert-finetune: the sections of every component, and the rules between them.
#pragma once

#include <albert/config/fields.h>
#include <albert/config/implied_defaults.h>
#include <albert/data/data_file.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/tasks/task_config.h>
#include <albert/train/training_config.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Whether the head of the source model is used.
enum class HeadChoice {
  automatic,  ///< kept where it is of the same kind and has the same labels, else new
  keep,
  replace,
};
constexpr auto enum_names(config::EnumTag<HeadChoice>) {
  return config::names<HeadChoice>({{HeadChoice::automatic, "auto"}, {HeadChoice::keep, "keep"}, {HeadChoice::replace, "replace"}});
}

/// Parameters that stay as they are.
enum class Freeze {
  none,
  embeddings,  ///< the embedding tables
  encoder,     ///< all but the head (and the pooler, which belongs to it)
};
constexpr auto enum_names(config::EnumTag<Freeze>) {
  return config::names<Freeze>({{Freeze::none, "none"}, {Freeze::embeddings, "embeddings"}, {Freeze::encoder, "encoder"}});
}

/// Section `model` of albert-finetune.
struct FinetuneModelConfig {
  std::filesystem::path init_from;
  HeadChoice head = HeadChoice::automatic;
  config::Auto<double> dropout{};
  config::Auto<double> classifier_dropout{};
  Freeze freeze = Freeze::none;
  bool random_weights = false;
};
template <config::Self<FinetuneModelConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"init_from",
              "model to start from, with its vocabulary: a folder of ours or Hugging Face's, or a checkpoint or archive of Google's ALBERT",
              {},
              config::Presence::required},
        c.init_from);
  visit(Field{"head", "keep the head of the model, replace it by a new one, or auto: keep it where it is of the same kind with the same labels"}, c.head);
  visit(Field{"dropout", "of hidden states and attention; auto: the model's own",
              config::from_to_below(0.0, 1.0)},
        c.dropout);
  visit(Field{"classifier_dropout", "before the head; auto: the model's own (ALBERT: 0.1)",
              config::from_to_below(0.0, 1.0)},
        c.classifier_dropout);
  visit(Field{"freeze", "none; embeddings: their tables stay as they are; encoder: all but pooler and head do"}, c.freeze);
  visit(Field{"random_weights", "take shape and vocabulary from init_from, but not its weights: what pre-training is worth"}, c.random_weights);
}

/// A further evaluation set: its metrics have its name in front.
struct NamedDataFile {
  std::string name;
  DataFileConfig file;
};
template <config::Self<NamedDataFile> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "stands in front of its metrics: mismatched_accuracy", {}, config::Presence::required}, c.name);
  visit_fields(c.file, visit);
}

/// Section `data` of albert-finetune.
struct FinetuneDataConfig {
  std::optional<DataFileConfig> train{};
  std::optional<DataFileConfig> validation{};
  std::vector<NamedDataFile> more_validation{};
  std::optional<DataFileConfig> test{};
  std::optional<DataFileConfig> predict{};
  int64_t max_length = 128;
  double validation_fraction = 0.1;
  int64_t validation_seed = 0;

  void validate(config::Issues& issues) const;
};
template <config::Self<FinetuneDataConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"train", "labelled file to learn from"}, c.train);
  visit(Field{"validation", "labelled file that the best checkpoint is chosen on; null: a part of the training data is held out"}, c.validation);
  visit(Field{"more_validation", "further evaluation sets, such as MNLI's mismatched one; they choose nothing"}, c.more_validation);
  visit(Field{"test", "labelled file that is measured and predicted at the end with the best checkpoint"}, c.test);
  visit(Field{"predict", "file without gold that is predicted at the end, or by --predict"}, c.predict);
  visit(Field{"max_length", "pieces of a sequence, special ones included; longer texts are cut, documents and sentences get windows; where it is "
                            "not given, at most the model's positions, and of a fine-tuned model that is used its own",
              config::range(8, 65536)},
        c.max_length);
  visit(Field{"validation_fraction", "share of the training examples that is held out where no validation file is given; stratified by class, label "
                                     "or tag, or whole articles or passages; equal texts stay together",
              config::range(0.0, 0.9)},
        c.validation_fraction);
  visit(Field{"validation_seed", "which examples are held out; apart from training.seed, so that runs of several seeds compare",
              config::at_least(0)},
        c.validation_seed);
}

/// A class and its weight in the loss.
struct ClassWeight {
  std::string label;
  double weight = 1.0;
};
template <config::Self<ClassWeight> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"label", "a label of the task", {}, config::Presence::required}, c.label);
  visit(config::Field{"weight", "factor of its loss", config::at_least(0)}, c.weight);
}

/// Section `loss` of albert-finetune.
struct FinetuneLossConfig {
  std::optional<config::Auto<std::vector<ClassWeight>>> class_weights{};
  double label_smoothing = 0.0;

  void validate(config::Issues& issues) const;
};
template <config::Self<FinetuneLossConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"class_weights", "factors of the classes in the loss, whose mean is then divided by the sum of the weights of a step's targets "
                               "(torch.nn.CrossEntropyLoss): auto is N / (classes * number of the class), so that rare ones count as "
                               "much as frequent ones; or a map {spam: 3}, where others have 1; null: none"},
        c.class_weights);
  visit(Field{"label_smoothing", "share of each target that is spread over all classes", config::from_to_below(0.0, 1.0)}, c.label_smoothing);
}

/// Section `training` of albert-finetune: that of albert-train, and what only fine-tuning has.
struct FinetuneTrainingConfig {
  TrainingConfig common{.duration = {.amount = 3, .unit = DurationUnit::epochs}, .batch_size = 32};
  int64_t batch_tokens = 0;
  bool shuffle = true;
  bool group_by_length = true;
  int64_t runs = 1;
  int64_t restart_collapsed = 0;

  void validate(config::Issues& issues) const { common.validate(issues); }
};
template <config::Self<FinetuneTrainingConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit_fields(c.common, visit);
  visit(Field{"batch_tokens", "tokens of a step at most, in place of batch_size; 0: batch_size counts", config::at_least(0)}, c.batch_tokens);
  visit(Field{"shuffle", "a new order every epoch; false: the order of the file"}, c.shuffle);
  visit(Field{"group_by_length", "examples of like length in one step, steps in random order: less padding in attention"}, c.group_by_length);
  visit(Field{"runs", "trainings that differ in their seed only (seed, seed + 1, ...); the result is their median and spread, the model the best one",
              config::range(1, 1000)},
        c.runs);
  visit(Field{"restart_collapsed", "times that a run which has collapsed - it predicts the same for all validation examples - is begun again "
                                   "with another seed; 0: it is only reported",
              config::range(0, 100)},
        c.restart_collapsed);
}

/// Section `evaluation.early_stopping`.
struct EarlyStoppingConfig {
  int64_t patience = 0;
};
template <config::Self<EarlyStoppingConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"patience", "evaluations without a better result after which the run ends; 0: never", config::at_least(0)}, c.patience);
}

/// Section `evaluation` of albert-finetune.
struct FinetuneEvaluationConfig {
  EvaluationConfig common{.every = {.amount = 1, .unit = DurationUnit::epochs}};
  config::Auto<std::string> metric{};
  EarlyStoppingConfig early_stopping{};

  void validate(config::Issues& issues) const { common.validate(issues); }
};
template <config::Self<FinetuneEvaluationConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit_fields(c.common, visit);
  visit(Field{"metric", "the best checkpoint is the one with most of this (least of a loss or error); auto: the task's own"}, c.metric);
  visit(Field{"early_stopping", "ending before the planned steps"}, c.early_stopping);
}

/// Everything that a fine-tuning run is.
struct FinetuneConfig {
  std::filesystem::path output;
  FinetuneModelConfig model;
  TaskConfig task;
  FinetuneDataConfig data;
  FinetuneLossConfig loss;
  OptimizerSection optimizer;
  ScheduleConfig schedule;
  FinetuneTrainingConfig training;
  FinetuneEvaluationConfig evaluation;
  CheckpointConfig checkpoint;
  LoggingConfig logging;

  FinetuneConfig();
  /// The paper's hyper-parameters for a named task that it has (PaperSettings).
  [[nodiscard]] std::vector<config::ImpliedDefault> implied_defaults() const;
  void validate(config::Issues& issues) const;
};
template <config::Self<FinetuneConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"output", "folder of the run: checkpoints, logs, predictions and the final model", {}, config::Presence::required}, c.output);
  visit(Field{"model", "what to start from"}, c.model);
  visit(Field{"task", "what is learned"}, c.task);
  visit(Field{"data", "the labelled files"}, c.data);
  visit(Field{"loss", "weights of classes, smoothing"}, c.loss);
  visit(Field{"optimizer", "how parameters are updated"}, c.optimizer);
  visit(Field{"schedule", "learning rate over the run"}, c.schedule);
  visit(Field{"training", "length, batch size, precision, device, seeds"}, c.training);
  visit(Field{"evaluation", "measuring on validation data"}, c.evaluation);
  visit(Field{"checkpoint", "saving"}, c.checkpoint);
  visit(Field{"logging", "what is written while training"}, c.logging);
}

/// How the origins of the defaults that a named task brings begin (config::Origins).
inline constexpr std::string_view kTaskDefault = "task default (ALBERT paper, Table 14)";

/// docs/config.md's part: every option of albert-finetune.
std::string finetune_reference();

/// With the lists of records that the named task has for each part of the data in one JSON document, where the file names none.
FinetuneConfig with_records_of_parts(FinetuneConfig config);

/// The options that make it this run and no other, the rest at their defaults; see PretrainConfig's.
FinetuneConfig identity_of(FinetuneConfig config);

}  // namespace albert
