#include "recipes/finetune_model.h"
#include "recipes/finetune_run.h"
#include "recipes/finetune_seeds.h"
#include "recipes/finetune_summary.h"
#include "recipes/run_common.h"
#include "recipes/run_source.h"

#include <albert/base/log.h>
#include <albert/recipes/finetune.h>
#include <albert/train/run_lock.h>

#include <ATen/Parallel.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <ostream>
#include <sstream>

namespace albert {
namespace {

nlohmann::ordered_json to_json(const Measurement& measurement, const std::string& metric) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : measurement.metrics) json[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
  if (measurement.interval) json[metric + "_interval_95"] = {measurement.interval->low, measurement.interval->high};
  if (!measurement.collapse.empty()) json["collapsed"] = true;
  return json;
}

void print(const std::string& name, const Measurement& measurement, const std::string& metric, std::ostream& out) {
  for (const auto& [key, value] : measurement.metrics) {
    out << fmt::format("{:<11} {:<28} {:.4f}", name, key, value);
    if (key == metric && measurement.interval) {
      out << fmt::format("   95 % interval {:.4f} to {:.4f}", measurement.interval->low, measurement.interval->high);
    }
    out << '\n';
  }
}

/// Predictions of a set, in all formats that the task has. `prefix` stands before the name that a benchmark wants its file to have.
void write_predictions(const TaskAnswers& answers, const std::filesystem::path& folder, const std::string& name, const NamedTask* named,
                       const std::string& prefix = "") {
  const auto write = [&](PredictionFormat format, const std::string& file) {
    std::ostringstream text;
    answers.write(format, text);
    if (!text.str().empty()) write_file_atomically(folder / file, text.str());
  };
  make_directories(folder);
  write(PredictionFormat::jsonl, name + ".jsonl");
  if (named == nullptr) return;
  const bool is_squad = named->kind == TaskKind::question_answering;
  if (is_squad) {
    write(PredictionFormat::submission, name + "_predictions.json");
    write(PredictionFormat::null_odds, name + "_null_odds.json");
  } else if (!named->submission_file.empty()) {
    write(PredictionFormat::submission, prefix + named->submission_file);
  } else if (named->kind == TaskKind::multiple_choice) {
    write(PredictionFormat::submission, name + "_answers.tsv");
  }
}

std::unique_ptr<TaskAnswers> answers_of(TaskModelImpl& model, const Task& task, const TaskSet& set, const FinetuningOptions& options) {
  return set.decode(score_instances(model, set.instances(), task.description().objective, options.evaluation_tokens, options.device));
}

/// Where a SQuAD 2.0 model answers "": what the validation data say, unless the configuration says it.
TaskFile final_task_file(const FinetuneParts& parts, const Measurement& validation) {
  TaskFile file{.task = parts.config.task, .max_length = parts.config.data.max_length};
  const auto threshold = validation.metrics.find("best_f1_threshold");
  auto& chosen = file.task.question_answering.no_answer_threshold;
  if (chosen.is_auto() && threshold != validation.metrics.end()) chosen.value = threshold->second;
  return file;
}

/// Predictions of data.predict as the written folder gives them: with the threshold of the validation data.
void predict_as_written(const FinetuneParts& parts, TaskModelImpl& model, const TaskFile& file, const FinetuningOptions& options) {
  const auto write = [&](const Task& task, const TaskSet& set) {
    write_predictions(*answers_of(model, task, set, options), parts.config.output / "predictions", "predict", parts.options.named);
  };
  const auto& threshold = file.task.question_answering.no_answer_threshold;
  if (threshold == parts.options.config.question_answering.no_answer_threshold) {
    write(parts.task, *parts.sets.predict);
    return;
  }
  TaskOptions chosen = parts.options;
  chosen.config.question_answering.no_answer_threshold = threshold;
  const auto task = make_task(chosen, *parts.source.tokenizer);
  write(*task, *task->read(*parts.config.data.predict, SetRole::prediction));
}

void write_results(const FinetuneParts& parts, const AllRuns& runs, const std::string& metric, std::ostream& out) {
  nlohmann::ordered_json json{{"metric", metric}, {"runs", nlohmann::ordered_json::array()}};
  std::vector<double> validation;
  std::vector<double> test;
  for (const auto& result : runs.results) {
    nlohmann::ordered_json run{{"seed", result.seed}, {"best_step", result.best_step}};
    if (parts.sets.validation) {
      run["validation"] = to_json(result.validation, metric);
      validation.push_back(result.validation.metrics.at(metric));
    }
    for (const auto& [name, measurement] : result.more) run[name] = to_json(measurement, metric);
    if (parts.sets.test) {
      run["test"] = to_json(result.test, metric);
      test.push_back(result.test.metrics.at(metric));
    }
    json["runs"].push_back(std::move(run));
  }
  const auto& best = runs.results[runs.best];
  json["best_seed"] = best.seed;
  if (parts.sets.validation) print("validation", best.validation, metric, out);
  for (const auto& [name, measurement] : best.more) print(name, measurement, metric, out);
  if (parts.sets.test) print("test", best.test, metric, out);
  const auto summarize = [&](const char* name, const std::vector<double>& scores) {
    if (scores.empty()) return;
    const auto summary = summarize_seeds(scores);
    json[std::string(name) + "_summary"] = summary_json(summary);
    if (scores.size() > 1) out << fmt::format("{:<11} {}\n", name, summary_text(summary, metric));
  };
  summarize("validation", validation);
  summarize("test", test);
  write_file_atomically(parts.config.output / "results.json", json.dump(2) + "\n");
}

ExitCode train(const FinetuneParts& parts, RunStart& first, const FinetuneRequest& request, const StopSignal& stop, std::ostream& out) {
  const auto& config = parts.config;
  const auto metric = best_metric(config, parts.task).name;
  auto runs = train_all(parts, first, request.resume, stop);
  if (runs.is_stopped) {
    spdlog::warn("stopped on request and saved; {} goes on from there", command_that_goes_on(request.resume));
    return ExitCode::stopped;
  }
  write_results(parts, runs, metric, out);
  auto& best = runs.results[runs.best];
  const auto options = finetuning_options(parts, best.seed);
  if (parts.sets.validation) out << best.validation.answers->table();
  const auto file = final_task_file(parts, best.validation);
  if (parts.sets.test) {
    write_predictions(*best.test.answers, config.output / "predictions", "test", parts.options.named, parts.sets.predict ? "test_" : "");
  }
  if (parts.sets.predict) predict_as_written(parts, *best.model, file, options);
  write_model_folder(config.output / "final", task_model_folder(*best.model, parts.task.description(), file, *parts.source.tokenizer));
  out << fmt::format("model    {}\nresults  {}\n", printed_path(config.output, "final"), printed_path(config.output, "results.json"));
  return ExitCode::done;
}

/// The model's labels as the user's files call them, in the order of its outputs. That is config.json's, unless its outputs have no names
/// (LABEL_0, ...) or task.labels gives them others: then they are renamed by their order, and the log says so.
std::vector<std::string> labels_of_outputs(const TaskOptions& options, const LoadedTaskModel& loaded, const FinetuneRequest& request) {
  const auto& outputs = loaded.task->description().labels;
  const auto& names = options.labels;  // task.labels, or those of the task's name
  const bool is_unnamed = are_unnamed(outputs);
  const bool is_other = !options.config.labels.empty() && !std::is_permutation(names.begin(), names.end(), outputs.begin(), outputs.end());
  if (names == outputs || !(is_unnamed || is_other)) return outputs;
  if (names.empty() && request.predict) return outputs;
  const auto& folder = loaded.source.path;
  if (names.empty()) {
    throw ConfigError(fmt::format("task.labels: must name the outputs of {} in their order, config.json calls them {}", folder.string(),
                                  fmt::join(outputs, ", ")));
  }
  if (names.size() != outputs.size()) {
    throw ConfigError(fmt::format("task.labels: must be as many as the {} outputs of {} ({}), got {} ({})", outputs.size(), folder.string(),
                                  fmt::join(outputs, ", "), names.size(), fmt::join(names, ", ")));
  }
  spdlog::warn("the model calls its outputs {}: they are taken as {}, in this order; set task.labels if theirs is another", fmt::join(outputs, ", "),
               fmt::join(names, ", "));
  return names;
}

/// Measures or predicts with a fine-tuned folder.
ExitCode use_model(const FinetuneConfig& given, const FinetuneRequest& request, std::ostream& out) {
  const auto& folder = request.evaluate ? *request.evaluate : *request.predict;
  auto loaded = load_task_model(folder);
  const auto own_length = loaded.has_task_file ? std::optional(loaded.file.max_length) : std::nullopt;
  auto config = request.has_own_length ? given : with_length_of(given, loaded.model->config(), own_length);
  require_positions(config.data.max_length, loaded.model->config(), folder.string());
  const bool has_held_out = request.evaluate && given.data.train && !given.data.validation && given.data.validation_fraction > 0;
  if (!has_held_out) config.data.train.reset();
  if (request.predict && !config.data.predict) config.data.predict = config.data.test;
  if (request.predict) {
    config.data.validation.reset();
    config.data.more_validation.clear();
    config.data.test.reset();
  } else {
    config.data.predict.reset();
  }
  if (!has_held_out && !config.data.validation && config.data.more_validation.empty() && !config.data.test && !config.data.predict) {
    throw ConfigError(request.predict ? "data.predict: must name the file to predict" : "data.validation: must name a file to evaluate on, or data.test one");
  }
  auto options = task_options(config.task, config.data.max_length);
  options.labels = labels_of_outputs(options, loaded, request);
  options.config.question_answering.no_answer_threshold = loaded.file.task.question_answering.no_answer_threshold;
  if (!given.task.question_answering.no_answer_threshold.is_auto() || request.evaluate) {
    options.config.question_answering.no_answer_threshold = given.task.question_answering.no_answer_threshold;
  }
  const auto task = make_task(options, *loaded.source.tokenizer);
  if (head_of(task->description()) != loaded.model->head()) {
    throw ConfigError(fmt::format("task: must be what {} was trained for", folder.string()));
  }
  auto sets = read_finetune_sets(config, *task);
  sets.train.reset();  // read for its held-out part only
  for (const auto& line : describe_sets(sets, config.data.max_length)) spdlog::info("{}", line);
  const auto device = resolve_device(config.training.common.device);
  loaded.model->to(device);
  loaded.model->set_precision(resolve_precision(chosen_precision(config.training.common.precision), device));
  loaded.model->parameters_changed();
  const FinetuneParts parts{.config = config, .source = loaded.source, .task = *task, .options = options, .sets = sets, .device = device};
  const auto run_options = finetuning_options(parts, config.training.common.seed);
  const auto metric = best_metric(config, *task).name;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const auto measure = [&](const std::string& name, const TaskSet* set) {
    if (set != nullptr) json[name] = to_json(measure_set(*loaded.model, *task, *set, metric, run_options), metric);
  };
  measure("validation", sets.validation.get());
  for (const auto& [name, set] : sets.more) measure(name, set.get());
  measure("test", sets.test.get());
  if (!json.empty()) out << json.dump(2) << '\n';
  if (sets.predict) {
    write_predictions(*answers_of(*loaded.model, *task, *sets.predict, run_options), config.output / "predictions", "predict", options.named);
    out << fmt::format("predictions  {}\n", printed_path(config.output, "predictions"));
  }
  return ExitCode::done;
}

}  // namespace

ExitCode run_finetuning(const FinetuneConfig& given, const FinetuneRequest& request, const StopSignal& stop, std::ostream& out) {
  const auto recorded = with_records_of_parts(given);
  const auto& common = recorded.training.common;
  if (common.intra_op_threads.value) at::set_num_threads(static_cast<int>(*common.intra_op_threads.value));
  const auto device = resolve_device(common.device);
  if (device.is_cpu()) keep_freed_memory();
  if (request.evaluate || request.predict) return use_model(recorded, request, out);
  if (!recorded.data.train) throw ConfigError("data.train: must name the file to learn from");
  require_run_to_resume(recorded, request.resume);
  const auto first_run = run_folder(recorded, common.seed);
  auto start = read_start(recorded, first_run, resume_of(recorded, request.resume, first_run));
  const auto& source = start.source;
  const auto config = request.has_own_length ? recorded : with_length_of(recorded, source.config.shape, std::nullopt);
  auto options = task_options(config.task, config.data.max_length);
  options.labels = find_labels(options, *config.data.train);
  const auto task = make_task(options, *source.tokenizer);
  const auto sets = read_finetune_sets(config, *task);
  const FinetuneParts parts{.config = config, .source = source, .task = *task, .options = options, .sets = sets, .device = device};
  check_finetuning(parts, start);
  const auto lines = describe_sets(sets, config.data.max_length);
  if (request.dry_run) {
    for (const auto& line : lines) out << line << '\n';
    return ExitCode::done;
  }
  for (const auto& line : lines) spdlog::info("{}", line);
  const RunLock lock(config.output);
  require_same_run(config, first_run / "checkpoints");
  auto source_weights = digest_of_source_weights(config, request.resume, start);
  const auto resolved = with_micro_batch(parts);
  return train({.config = resolved, .source = source, .task = *task, .options = options, .sets = sets, .device = device,
                .source_weights = std::move(source_weights)}, start, request, stop, out);
}

}  // namespace albert
