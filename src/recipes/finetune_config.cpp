#include <albert/base/error.h>
#include <albert/config/writer.h>
#include <albert/recipes/finetune_config.h>

#include <fmt/format.h>

namespace albert {

void FinetuneDataConfig::validate(config::Issues& issues) const {
  for (size_t i = 0; i < more_validation.size(); ++i) {
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
  if (!data.train && loss.class_weights) issues.add("loss.class_weights", "needs data.train");
}

std::string finetune_reference() {
  return "# Options of albert-finetune\n\n" + config::reference_table<FinetuneConfig>();
}

FinetuneConfig identity_of(FinetuneConfig config) {
  const FinetuneConfig defaults;
  config.output = defaults.output;
  config.schedule = defaults.schedule;
  const auto seed = config.training.common.seed;
  auto training = defaults.training;
  training.common.seed = seed;
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
