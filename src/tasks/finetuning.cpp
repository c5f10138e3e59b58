#include "tasks/evaluation_mode.h"

#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/model/flops.h>
#include <albert/tasks/finetuning.h>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace albert {
namespace {

std::vector<int64_t> lengths_of(const std::vector<TaskInstance>& instances, const std::vector<int64_t>& indices) {
  std::vector<int64_t> lengths;
  for (const int64_t index : indices) lengths.push_back(instances[static_cast<size_t>(index)].num_tokens());
  return lengths;
}

/// A step that learns nothing from some targets (no labelled token, weights of 0) must not divide by 0.
double divisor(double sum) { return sum > 0 ? sum : 1; }
double divisor(int64_t count) { return divisor(static_cast<double>(count)); }

/// Name of the number of a class's targets among the totals of a step.
std::string class_total(size_t label) { return fmt::format("class_{}", label); }

at::Tensor loss_sum(const TaskOutput& output, const TaskBatch& batch, TaskObjective objective, const ClassLossOptions& class_loss) {
  switch (objective) {
    case TaskObjective::single_label:
    case TaskObjective::token_labels: return class_loss_sum(output.logits, batch.labels, class_loss);
    case TaskObjective::multi_label: return binary_cross_entropy_sum(output.logits, batch.values);
    case TaskObjective::regression: return squared_error_sum(output.logits, batch.values);
    case TaskObjective::span: return span_loss_sum(output.logits, output.end_logits, batch.spans, batch.input.sequence_offsets);
    case TaskObjective::beam_span:
      return beam_span_loss_sum(output.logits, output.end_logits, output.no_answer_logits, batch.spans, batch.input.sequence_offsets);
    case TaskObjective::choice: return choice_loss_sum(output.logits, batch.labels, batch.instance_offsets);
  }
  throw InternalError("an objective without a loss");
}

at::Tensor correct(const TaskOutput& output, const TaskBatch& batch, TaskObjective objective) {
  if (objective == TaskObjective::choice) return count_correct_choices(output.logits.detach(), batch.labels, batch.instance_offsets);
  return count_correct(output.logits.detach(), batch.labels);
}

bool has_accuracy(TaskObjective objective) {
  return objective == TaskObjective::single_label || objective == TaskObjective::token_labels || objective == TaskObjective::choice;
}

/// Rows [tokens, n] (or [tokens]) of each instance's tokens, as floats.
void copy_rows(const at::Tensor& rows, const at::Tensor& offsets, std::span<const int64_t> indices, std::vector<InstanceScores>& scores) {
  const at::Tensor host = rows.to(at::kCPU, at::kFloat).contiguous();
  const int64_t width = host.numel() / std::max<int64_t>(host.size(0), 1);
  const float* data = host.const_data_ptr<float>();
  const int64_t* first = offsets.const_data_ptr<int64_t>();
  for (size_t i = 0; i < indices.size(); ++i) {
    auto& target = scores[static_cast<size_t>(indices[i])];
    target.insert(target.end(), data + first[i] * width, data + first[i + 1] * width);
  }
}

void copy_beams(const TaskOutput& output, std::span<const int64_t> indices, std::vector<InstanceScores>& scores) {
  const auto& beams = output.beams.value();
  const auto flat = [](const at::Tensor& values) { return values.flatten(1).to(at::kFloat); };
  const at::Tensor rows = at::cat({flat(beams.start_log_probs), flat(beams.starts), flat(beams.end_log_probs), flat(beams.ends),
                                   output.no_answer_logits.to(at::kFloat).unsqueeze(1)}, 1);
  copy_rows(rows, at::arange(rows.size(0) + 1, at::kLong), indices, scores);
}

void add_scores(const TaskOutput& output, const TaskBatch& batch, TaskObjective objective, std::span<const int64_t> indices,
                std::vector<InstanceScores>& scores) {
  switch (objective) {
    case TaskObjective::single_label:
    case TaskObjective::multi_label:
    case TaskObjective::regression:
    case TaskObjective::choice: copy_rows(output.logits, batch.instance_offsets, indices, scores); return;
    case TaskObjective::token_labels: copy_rows(output.logits, batch.input.sequence_offsets, indices, scores); return;
    case TaskObjective::span:
      copy_rows(output.logits, batch.input.sequence_offsets, indices, scores);
      copy_rows(output.end_logits, batch.input.sequence_offsets, indices, scores);
      return;
    case TaskObjective::beam_span: copy_beams(output, indices, scores); return;
  }
}

/// Calls use(indices, batch, output) for batches of like length that cover all of `indices`.
template <typename Use>
void for_each_batch(TaskModelImpl& model, const std::vector<TaskInstance>& instances, const std::vector<int64_t>& indices, TaskObjective objective,
                    BatchTargets targets, int64_t max_tokens, const at::Device& device, Use use) {
  const at::NoGradGuard no_gradient;
  const EvaluationMode mode(model);
  for (const auto& part : cut_by_tokens(lengths_of(instances, indices), max_tokens)) {
    std::vector<int64_t> chosen;
    for (const int64_t position : part) chosen.push_back(indices[static_cast<size_t>(position)]);
    const auto batch = make_task_batch(instances, chosen, objective, targets).to(device);
    SpanInput span{};
    if (objective == TaskObjective::beam_span) {
      span.p_mask = batch.p_mask;
      if (targets == BatchTargets::with) span.starts = batch.spans.starts;
      span.beams = BeamSize{.starts = kBeamStarts, .ends = kBeamEnds};
    }
    use(chosen, batch, model.forward(batch.input, {}, span));
  }
}

}  // namespace

TaskHeadOptions head_of(const TaskDescription& task) {
  switch (task.objective) {
    case TaskObjective::single_label:
    case TaskObjective::multi_label: return {.head = TaskHead::sequence, .num_labels = static_cast<int64_t>(task.labels.size())};
    case TaskObjective::regression: return {.head = TaskHead::sequence, .num_labels = 1};
    case TaskObjective::token_labels: return {.head = TaskHead::token, .num_labels = static_cast<int64_t>(task.labels.size())};
    case TaskObjective::span: return {.head = TaskHead::question_answering};
    case TaskObjective::beam_span: return {.head = TaskHead::question_answering_beam};
    case TaskObjective::choice: return {.head = TaskHead::multiple_choice};
  }
  throw InternalError("an objective without a head");
}

std::string problem_type_of(const TaskDescription& task) {
  switch (task.objective) {
    case TaskObjective::single_label: return std::string(kSingleLabel);
    case TaskObjective::multi_label: return std::string(kMultiLabel);
    case TaskObjective::regression: return std::string(kRegression);
    default: return {};
  }
}

std::vector<InstanceScores> score_instances(TaskModelImpl& model, const std::vector<TaskInstance>& instances, TaskObjective objective,
                                            int64_t max_tokens, const at::Device& device) {
  std::vector<InstanceScores> scores(instances.size());
  std::vector<int64_t> all(instances.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  for_each_batch(model, instances, all, objective, BatchTargets::without, max_tokens, device,
                 [&](const std::vector<int64_t>& indices, const TaskBatch& batch, const TaskOutput& output) {
                   add_scores(output, batch, objective, indices, scores);
                 });
  return scores;
}

TaskEvaluation score_task(TaskModelImpl& model, const TaskSet& set, const TaskDescription& task, const FinetuningOptions& options) {
  const auto& instances = set.instances();
  std::vector<InstanceScores> scores(instances.size());
  double sum = 0;
  int64_t count = 0;
  const auto learnable = set.learnable();
  std::vector<int64_t> rest;
  for (size_t i = 0, next = 0; i < instances.size(); ++i) {
    if (next < learnable.size() && learnable[next] == static_cast<int64_t>(i)) {
      ++next;
    } else {
      rest.push_back(static_cast<int64_t>(i));
    }
  }
  // The plain loss: class weights and smoothing shape the training, not the measurement.
  for_each_batch(model, instances, learnable, task.objective, BatchTargets::with, options.evaluation_tokens, options.device,
                 [&](const std::vector<int64_t>& indices, const TaskBatch& batch, const TaskOutput& output) {
                   sum += loss_sum(output, batch, task.objective, {}).item<double>();
                   count += batch.num_targets;
                   add_scores(output, batch, task.objective, indices, scores);
                 });
  for_each_batch(model, instances, rest, task.objective, BatchTargets::without, options.evaluation_tokens, options.device,
                 [&](const std::vector<int64_t>& indices, const TaskBatch& batch, const TaskOutput& output) {
                   add_scores(output, batch, task.objective, indices, scores);
                 });
  TaskEvaluation evaluation{.metrics = {}, .answers = set.decode(std::move(scores))};
  evaluation.metrics = evaluation.answers->measure_all();
  evaluation.metrics["loss"] = sum / divisor(count);
  return evaluation;
}

MetricMap evaluate_task(TaskModelImpl& model, const TaskSet& set, const TaskDescription& task, const FinetuningOptions& options) {
  return score_task(model, set, task, options).metrics;
}

FinetuningProgram::FinetuningProgram(TaskModelImpl& model, const TaskDescription& task, const TaskSet& train, std::vector<EvaluatedSet> validation,
                                     const FinetuningOptions& options)
    : model_(model), task_(task), train_(train), validation_(std::move(validation)), options_(options), learnable_(train.learnable()),
      sampler_(lengths_of(train.instances(), learnable_), options.sampler) {
  model_.train();
}

StepTotals FinetuningProgram::load_step(int64_t /*step*/) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<int64_t> indices;
  // Steps begin where those before them end, so what was passed over is whole steps.
  cursor_.examples = skip_passed_over(cursor_.examples, cursor_.passed_over);
  for (const int64_t position : sampler_.batch(cursor_.examples)) indices.push_back(learnable_[static_cast<size_t>(position)]);
  cursor_.examples += static_cast<int64_t>(indices.size());
  micro_batches_.clear();
  StepTotals totals;
  for (const auto& part : cut_by_tokens(lengths_of(train_.instances(), indices), options_.micro_batch_tokens)) {
    std::vector<int64_t> chosen;
    for (const int64_t position : part) chosen.push_back(indices[static_cast<size_t>(position)]);
    const auto& batch = micro_batches_.emplace_back(make_task_batch(train_.instances(), chosen, task_.objective, BatchTargets::with));
    add_totals(batch, chosen, totals);
  }
  load_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return totals;
}

void FinetuningProgram::add_totals(const TaskBatch& batch, std::span<const int64_t> indices, StepTotals& totals) const {
  totals.sequences += batch.input.sequence_offsets.size(0) - 1;
  totals.tokens += batch.num_tokens();
  totals.targets["task"] += batch.num_targets;
  const auto num_weights = options_.loss.class_weights.size();
  if (num_weights == 0) return;
  std::vector<int64_t> counts(num_weights);
  for (const int64_t index : indices) {
    for (const int64_t label : train_.instances()[static_cast<size_t>(index)].labels) {
      if (label != kIgnoredTarget) ++counts.at(static_cast<size_t>(label));
    }
  }
  for (size_t i = 0; i < num_weights; ++i) totals.targets[class_total(i)] += counts[i];
}

double FinetuningProgram::loss_divisor(const StepTotals& totals) const {
  const auto& weights = options_.loss.class_weights;
  if (weights.empty()) return divisor(totals.targets.at("task"));
  std::vector<int64_t> counts;
  for (size_t i = 0; i < weights.size(); ++i) counts.push_back(totals.targets.at(class_total(i)));
  return divisor(target_weight_sum(counts, weights));
}

int64_t FinetuningProgram::num_micro_batches() const { return static_cast<int64_t>(micro_batches_.size()); }

MicroBatchLoss finetuning_loss(TaskModelImpl& model, const TaskBatch& batch, const TaskDescription& task, const FinetuningOptions& options,
                               const StepDivisors& divisors) {
  ClassLossOptions class_loss{.class_weights = {}, .label_smoothing = options.loss.label_smoothing};
  const auto& weights = options.loss.class_weights;
  if (!weights.empty()) class_loss.class_weights = at::tensor(weights, at::kFloat).to(options.device);
  SpanInput span{};
  if (task.objective == TaskObjective::beam_span) span = {.p_mask = batch.p_mask, .starts = batch.spans.starts, .beams = {}};
  const auto output = model.forward(batch.input, {.hidden_states = false, .application_decay = options.application_decay, .hook = {}}, span);
  MicroBatchLoss result;
  result.loss = loss_sum(output, batch, task.objective, class_loss) / divisors.loss;
  if (has_accuracy(task.objective)) result.metrics["accuracy"] = correct(output, batch, task.objective).to(at::kDouble) / divisors.targets;
  return result;
}

MicroBatchLoss FinetuningProgram::loss(int64_t index, int64_t step, const StepTotals& totals) {
  const auto batch = micro_batches_.at(static_cast<size_t>(index)).to(options_.device);
  model_.set_dropout_seed(mix_seed(options_.seed, "dropout", static_cast<uint64_t>(step), static_cast<uint64_t>(index)));
  return finetuning_loss(model_, batch, task_, options_, {.loss = loss_divisor(totals), .targets = divisor(totals.targets.at("task"))});
}

void FinetuningProgram::parameters_changed() { model_.parameters_changed(); }

EvaluationReport FinetuningProgram::evaluate() {
  ALBERT_CHECK(!validation_.empty(), "evaluate() without validation data");
  EvaluationReport report;
  for (const auto& evaluated : validation_) {
    for (const auto& [name, value] : evaluate_task(model_, *evaluated.set, task_, options_)) {
      report[evaluated.name.empty() ? name : evaluated.name + "_" + name] = value;
    }
  }
  return report;
}

double FinetuningProgram::flops(const StepTotals& totals) const {
  StepSize size{.sequences = totals.sequences, .tokens = totals.tokens, .masked = 0, .squared_lengths = 0};
  for (const auto& batch : micro_batches_) {
    const auto lengths = batch.input.sequence_offsets.diff();
    size.squared_lengths += lengths.dot(lengths).item<int64_t>();
  }
  return training_flops(model_.config(), model_.head(), size);
}

std::vector<double> balanced_class_weights(const TaskSet& train, int64_t num_labels) {
  std::vector<int64_t> counts(static_cast<size_t>(num_labels));
  int64_t total = 0;
  for (const auto& instance : train.instances()) {
    for (const int64_t label : instance.labels) {
      if (label == kIgnoredTarget) continue;
      ++counts.at(static_cast<size_t>(label));
      ++total;
    }
  }
  const auto present = std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 0; });
  std::vector<double> weights;
  for (const int64_t count : counts) {
    weights.push_back(count > 0 ? static_cast<double>(total) / (static_cast<double>(present) * static_cast<double>(count)) : 0.0);
  }
  return weights;
}

}  // namespace albert
