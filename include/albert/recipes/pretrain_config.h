// The configuration of albert-train: the sections of every component, and the rules between them.
#pragma once

#include <albert/config/fields.h>
#include <albert/data/data_config.h>
#include <albert/data/pretraining_dataset.h>
#include <albert/model/layer_decay.h>
#include <albert/model/model_config.h>
#include <albert/optim/optimizer_config.h>
#include <albert/optim/schedule.h>
#include <albert/recipes/phase_config.h>
#include <albert/tokenizer/tokenizer_config.h>
#include <albert/train/training_config.h>

#include <filesystem>
#include <string>
#include <vector>

namespace albert {

/// Section `optimizer`: the algorithm, and the layer-wise decay of learning rates.
struct OptimizerSection {
  OptimizerConfig algorithm;
  LayerDecayConfig layer_decay;

  void validate(config::Issues& issues) const { algorithm.validate(issues); }
};
template <config::Self<OptimizerSection> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit_fields(c.algorithm, visit);
  visit(config::Field{"layer_decay", "layer-wise learning-rate decay for shared weights"}, c.layer_decay);
}

/// Everything that a pre-training run is.
struct PretrainConfig {
  std::filesystem::path output;
  ModelConfig model;
  TokenizerConfig tokenizer;
  DataConfig data;
  ObjectiveConfig objective;
  OptimizerSection optimizer;
  ScheduleConfig schedule;
  TrainingConfig training;
  std::vector<PhaseConfig> phases;
  EvaluationConfig evaluation;
  CheckpointConfig checkpoint;
  LoggingConfig logging;
  DistributedConfig distributed;

  void validate(config::Issues& issues) const;
};
template <config::Self<PretrainConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"output", "folder of the run: checkpoints, logs, curves and the final model", {}, config::Presence::required}, c.output);
  visit(Field{"model", "shape of the network"}, c.model);
  visit(Field{"tokenizer", "the vocabulary: a spiece.model or a file of symbols, or how to make one"}, c.tokenizer);
  visit(Field{"data", "the text"}, c.data);
  visit(Field{"objective", "what is predicted"}, c.objective);
  visit(Field{"optimizer", "how parameters are updated"}, c.optimizer);
  visit(Field{"schedule", "learning rate over the run"}, c.schedule);
  visit(Field{"training", "length, batch size, precision, device"}, c.training);
  visit(Field{"phases", "stretches of the run whose batches differ, such as length 128 before 512; empty: all steps are alike"}, c.phases);
  visit(Field{"evaluation", "measuring on held-out text"}, c.evaluation);
  visit(Field{"checkpoint", "saving"}, c.checkpoint);
  visit(Field{"logging", "what is written while training"}, c.logging);
  visit(Field{"distributed", "several processes"}, c.distributed);
}

/// docs/config.md: every option of albert-train with type, default, bounds and meaning.
std::string pretrain_reference();

/// The heads that the objective trains: without sentence order, the masked-token head alone.
PretrainingHeads heads_of(const PretrainConfig& config);

/// With what follows from other options: data.store is OUTPUT/store where it is not given.
PretrainConfig with_defaults(PretrainConfig config);

/// The options that make it this run and no other, the rest at their defaults: model, tokenizer, data, objective, optimizer and seed.
/// A checkpoint is resumed only where they are the same. Duration, ends of phases, schedule, batch size, device and intervals may change.
PretrainConfig identity_of(PretrainConfig config);

}  // namespace albert
