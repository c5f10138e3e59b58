#include "recipes/finetune_run.h"

#include "recipes/finetune_model.h"
#include "recipes/run_common.h"
#include "recipes/run_source.h"

#include <albert/base/hash.h>
#include <albert/base/log.h>
#include <albert/dist/world.h>
#include <albert/report/curves.h>
#include <albert/train/matmul_rate.h>

#include <algorithm>

namespace albert {
namespace {

/// The trainer's view of the model.
class TaskFiles : public ModelFiles {
 public:
  TaskFiles(TaskModelImpl& model, const TaskDescription& task, const TaskFile& file, const Tokenizer& tokenizer)
      : model_(model), texts_(task_model_folder(model, task, file, tokenizer).texts) {}
  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> tensors() const override {
    return published_tensors(parameters_by_name(model_), model_.config());
  }
  [[nodiscard]] std::map<std::string, std::string> files() const override { return texts_; }
  void load(const io::NamedArrays& arrays) override {
    import_arrays(arrays, parameters_by_name(model_), model_.config(), {}, "model.safetensors");
    model_.parameters_changed();
  }

 private:
  TaskModelImpl& model_;
  std::map<std::string, std::string> texts_;
};

std::vector<double> class_weights(const FinetuneParts& parts) {
  const auto& chosen = parts.config.loss.class_weights;
  const auto& labels = parts.task.description().labels;
  const auto objective = parts.task.description().objective;
  if (!chosen) return {};
  if (objective != TaskObjective::single_label && objective != TaskObjective::token_labels) {
    throw ConfigError("loss.class_weights: must be null for a task without classes");
  }
  if (chosen->is_auto()) return balanced_class_weights(*parts.sets.train, static_cast<int64_t>(labels.size()));
  std::vector<double> weights(labels.size(), 1.0);
  for (const auto& [label, weight] : *chosen->value) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    if (found == labels.end()) {
      throw ConfigError(fmt::format("loss.class_weights: label must be one of {}, got '{}'", fmt::join(labels, ", "), label));
    }
    weights[static_cast<size_t>(found - labels.begin())] = weight;
  }
  return weights;
}

double mean_tokens(const TaskSet& set) {
  double tokens = 0;
  for (const auto& instance : set.instances()) tokens += static_cast<double>(instance.num_tokens());
  return tokens / static_cast<double>(std::max<size_t>(set.instances().size(), 1));
}

/// Scores of a network that knows nothing, to see which metrics a set has.
std::vector<InstanceScores> zero_scores(const TaskSet& set, const TaskDescription& task) {
  std::vector<InstanceScores> scores;
  for (const auto& instance : set.instances()) {
    auto size = static_cast<size_t>(instance.num_tokens());
    switch (task.objective) {
      case TaskObjective::single_label:
      case TaskObjective::multi_label: size = task.labels.size(); break;
      case TaskObjective::regression: size = 1; break;
      case TaskObjective::token_labels: size *= task.labels.size(); break;
      case TaskObjective::span: size *= 2; break;
      case TaskObjective::beam_span: size = static_cast<size_t>(2 * (kBeamStarts + kBeamStarts * kBeamEnds) + 1); break;
      case TaskObjective::choice: size = instance.sequences.size(); break;
    }
    scores.emplace_back(size);
  }
  return scores;
}

/// Throws ConfigError where `set` has no such metric: before training, not after its first epoch.
void check_metric(const FinetuneConfig& config, const Task& task, const TaskSet& set) {
  const auto name = best_metric(config, task).name;
  auto known = set.decode(zero_scores(set, task.description()))->measure_all();
  known["loss"] = 0;
  if (known.contains(name)) return;
  std::vector<std::string> names;
  for (const auto& [key, value] : known) names.push_back(key);
  throw ConfigError(fmt::format("evaluation.metric: must be one of {}, got '{}'", fmt::join(names, ", "), name));
}

/// Weights of the best checkpoint, or of the last one where none was ranked or kept.
int64_t load_best(const std::filesystem::path& checkpoints, const TrainingState& state, int64_t keep_best, TaskFiles& files,
                  WeightAverage* average) {
  if (state.best.empty() || keep_best == 0) return state.step;
  const auto best = io::load_checkpoint(io::checkpoint_path(checkpoints, state.best.front().step));
  files.load(best.arrays("model.safetensors"));
  if (average != nullptr) load_average(best, *average);
  return state.best.front().step;
}

/// A head whose outputs have no names may be of another task or order: what becomes of it is told.
void warn_of_unnamed_head(const FinetuneParts& parts) {
  const auto& source = parts.source.config;
  const auto& labels = parts.task.description().labels;
  const auto choice = parts.config.model.head;
  const bool is_same_kind = task_head_of(source) == head_of(parts.task.description());
  if (parts.config.model.random_weights || choice == HeadChoice::replace || !is_same_kind || !are_unnamed(source.labels) || labels.empty() ||
      labels == source.labels) {
    return;
  }
  if (choice == HeadChoice::keep) {
    spdlog::warn("the outputs of model.init_from have no names ({}, ...): they are taken as {}, in this order; set task.labels if theirs is another",
                 source.labels.front(), fmt::join(labels, ", "));
  } else {
    spdlog::warn("the head of model.init_from is replaced, as its outputs have no names ({}, ...); model.head: keep takes them as {}, in this order",
                 source.labels.front(), fmt::join(labels, ", "));
  }
}

/// A run that goes on gets its weights with the rest of its checkpoint.
void make_model(const FinetuneParts& parts, int64_t seed, RunStart& start) {
  start.model = make_task_model(parts, seed);
  if (!start.begun) start.untrained = load_source_weights(parts, *start.model);
}

/// To be called when the weights are loaded: what lies under the path may have changed since the first seed began.
void require_source_weights(const FinetuneParts& parts, bool has_begun) {
  const auto now = source_hash(parts.config.model.init_from, has_begun);
  if (now.empty() || now == parts.source_weights) return;
  throw ConfigError("model.init_from: must keep its weights until all seeds have begun, got others than the first began from; put them "
                    "back, or give another --output");
}

}  // namespace

FinetuneParts with_source(const FinetuneParts& parts, const SourceFolder& source) {
  return {.config = parts.config, .source = source, .task = parts.task, .options = parts.options,
          .sets = parts.sets, .device = parts.device, .source_weights = parts.source_weights};
}

FinetuningOptions finetuning_options(const FinetuneParts& parts, int64_t seed) {
  const auto& training = parts.config.training;
  // Sequences of a micro-batch are counted in tokens: as many as would fit at full length.
  const int64_t tokens = training.common.micro_batch.value ? *training.common.micro_batch.value * parts.config.data.max_length : kMicroBatchTokens;
  FinetuningOptions options;
  options.device = parts.device;
  options.sampler = {.batch_size = training.common.batch_size,
                     .batch_tokens = training.batch_tokens,
                     .shuffle = training.shuffle,
                     .group_by_length = training.group_by_length && training.shuffle,
                     .seed = static_cast<uint64_t>(seed)};
  options.micro_batch_tokens = tokens;
  options.seed = static_cast<uint64_t>(seed);
  options.application_decay = parts.config.optimizer.layer_decay.application_rate();
  options.loss = {.class_weights = parts.sets.train ? class_weights(parts) : std::vector<double>{}, .label_smoothing = parts.config.loss.label_smoothing};
  return options;
}

BestMetric best_metric(const FinetuneConfig& config, const Task& task) {
  BestMetric best{.name = config.evaluation.metric.or_else(task.description().metric)};
  const bool is_lower = best.name.ends_with("loss") || best.name.ends_with("error");
  best.direction = is_lower ? BestMetric::Direction::lower : BestMetric::Direction::higher;
  return best;
}

Measurement measure_set(TaskModelImpl& model, const Task& task, const TaskSet& set, const std::string& metric, const FinetuningOptions& options) {
  Measurement result;
  auto [metrics, answers] = score_task(model, set, task.description(), options);
  result.metrics = std::move(metrics);
  const std::vector<int64_t> first{0};
  if (answers->num_examples() > 0 && answers->measure(first).contains(metric)) result.interval = metric_interval(*answers, metric, /*seed=*/1);
  result.collapse = answers->collapse();
  result.answers = std::move(answers);
  return result;
}

RunStart read_start(const FinetuneConfig& config, const std::filesystem::path& folder, const ResumeRequest& resume) {
  RunStart start{.begun = begun_from(folder / "checkpoints", resume)};
  start.source = read_source_folder(start.begun.value_or(config.model.init_from));
  return start;
}

void check_finetuning(const FinetuneParts& parts, RunStart& start) {
  const auto seed = parts.config.training.common.seed;
  static_cast<void>(finetuning_options(parts, seed));
  for (const auto* set : {parts.sets.validation.get(), parts.sets.test.get()}) {
    if (set != nullptr) check_metric(parts.config, parts.task, *set);
  }
  warn_of_unnamed_head(parts);
  make_model(parts, seed, start);
}

FinetuneResult finetune_once(const FinetuneParts& all, RunStart& start, const std::filesystem::path& folder, int64_t seed,
                             const ResumeRequest& resume, const StopSignal& stop) {
  const auto& config = all.config;
  const auto parts = with_source(all, start.source);
  const auto precision = resolve_precision(chosen_precision(config.training.common.precision), parts.device);
  const auto options = finetuning_options(parts, seed);
  FinetuneResult result;
  result.seed = seed;
  if (config.model.random_weights) spdlog::warn("model.random_weights: the weights of model.init_from are not used");
  if (start.model.is_empty()) make_model(parts, seed, start);
  if (!start.untrained.empty()) spdlog::info("new and untrained: {}", fmt::join(start.untrained, ", "));
  result.model = std::move(start.model);
  require_source_weights(parts, start.begun.has_value());
  auto& model = result.model;
  model->set_precision(precision);
  model->set_activation_checkpointing(config.training.common.activation_checkpointing);
  model->to(parts.device);
  model->parameters_changed();
  const auto world = single_process();
  const auto optimizer = make_task_optimizer(*model, config);
  FinetuningProgram program(*model, parts.task.description(), *parts.sets.train, parts.sets.evaluated(), options);
  DurationScale scale{.steps_per_epoch = static_cast<double>(program.steps_per_epoch()),
                      .tokens_per_step = mean_tokens(*parts.sets.train) * program.examples_per_epoch() / static_cast<double>(program.steps_per_epoch())};
  auto plan = plan_steps(config.training.common, config.evaluation.common, config.checkpoint, config.logging, scale);
  if (parts.sets.evaluated().empty()) plan.evaluate_every = 0;
  scale.total_steps = static_cast<double>(plan.total_steps);
  const Schedule schedule(config.schedule, config.optimizer.algorithm.learning_rate, scale, {{0, config.training.common.batch_size}});

  TaskFiles files(*model, parts.task.description(), {.task = config.task, .max_length = config.data.max_length}, *parts.source.tokenizer);
  const auto& ema = config.training.common.ema;
  const auto average = make_average(config.training.common, *optimizer);
  Checkpointer checkpointer(folder / "checkpoints", {.model = files, .optimizer = *optimizer, .world = *world, .average = average.get()},
                            {{"config", sha256_hex(config::to_yaml(identity_of(config)))},
                             {"data", data_hash(*parts.sets.train)},
                             {"tokenizer", parts.source.tokenizer->hash()},
                             {"init_from", parts.source_weights}},
                            config.checkpoint);
  MetricsSink sink(folder, config.logging.tensorboard ? TensorBoard::on : TensorBoard::off);
  Progress progress;
  spdlog::info("{} on {}, {} steps, {} per epoch, seed {}", name_of(precision), describe_device(parts.device),
               plan.total_steps, program.steps_per_epoch(), seed);
  const double rate = measure_matmul_rate(parts.device, compute_type(precision));
  const auto best = parts.sets.validation ? best_metric(config, parts.task) : BestMetric{};
  Trainer trainer({.plan = plan, .gradient_clip = config.training.common.gradient_clip, .seed = seed, .best = best,
                   .evaluate_average = ema && ema->evaluate,
                   .on_divergence = config.training.common.on_divergence, .divergence = config.training.common.divergence,
                   .patience = config.evaluation.early_stopping.patience, .loss_scaling = precision == Precision::fp16,
                   .matmul_flops_per_second = rate,
                   .on_start = [&] { write_file_atomically(config.output / "config.yaml", config::to_yaml(config)); }},
                  {.program = program, .optimizer = *optimizer, .schedule = schedule, .world = *world, .checkpointer = checkpointer,
                   .sink = sink, .progress = progress, .stop = stop, .average = average.get()});
  const auto summary = trainer.run(resume);
  result.outcome = summary.outcome;
  write_curves(folder / "metrics.jsonl", folder / "curves.svg", folder.filename().string());
  if (summary.outcome == RunOutcome::stopped) return result;
  result.best_step = load_best(folder / "checkpoints", trainer.state(), config.checkpoint.keep_best, files, average.get());
  if (average && ema->use_at_the_end) {
    average->swap();
    model->parameters_changed();
  }
  if (parts.sets.validation) result.validation = measure_set(*model, parts.task, *parts.sets.validation, best.name, options);
  for (const auto& [name, set] : parts.sets.more) {
    result.more.emplace_back(name, measure_set(*model, parts.task, *set, best_metric(config, parts.task).name, options));
  }
  if (parts.sets.test) result.test = measure_set(*model, parts.task, *parts.sets.test, best_metric(config, parts.task).name, options);
  return result;
}

}  // namespace albert
