#include "tasks/evaluation_mode.h"
#include "tasks/pass_trace.h"

#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/eval/classification.h>
#include <albert/model/attention.h>
#include <albert/model/flops.h>
#include <albert/model/losses.h>
#include <albert/tasks/pretraining.h>

#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace albert {
namespace {

EncoderInput encoder_input(const PretrainingBatch& batch) {
  return {.ids = batch.ids,
          .embeddings = {},
          .segments = batch.segments,
          .positions = batch.positions,
          .sequence_offsets = batch.sequence_offsets,
          .max_length = batch.max_length};
}

/// The batch on a device; where products want it, in a rounded number of masked positions: the last one again, not scored.
PretrainingBatch placed(const PretrainingBatch& batch, PretrainingModelImpl& model, const at::Device& device) {
  auto result = batch.to(device);
  const int64_t count = batch.num_masked();
  if (count == 0 || !prefers_rounded_shapes(device, compute_type(model.albert()->precision()))) return result;
  const int64_t more = rounded_up(count) - count;
  result.masked_positions = at::cat({result.masked_positions, result.masked_positions.slice(0, -1).expand({more})});
  result.masked_targets = at::constant_pad_nd(result.masked_targets, {0, more}, kIgnoredTarget);
  return result;
}

/// `sum` over `count`, in fp64; a part without targets counts as 0.
at::Tensor share(const at::Tensor& sum, int64_t count) { return sum.detach().to(at::kDouble) / static_cast<double>(std::max<int64_t>(count, 1)); }

int64_t count_of(const StepTotals& totals, const std::string& part) {
  const auto found = totals.targets.find(part);
  return found == totals.targets.end() ? 0 : found->second;
}

/// Sums over an evaluation set.
struct EvaluationSums {
  double mlm_loss = 0;
  double sop_loss = 0;
  int64_t mlm_correct = 0;
  int64_t sop_correct = 0;
  int64_t mlm_targets = 0;
  int64_t sop_targets = 0;
  std::vector<int64_t> target_counts;  ///< by id

  /// -sum p log p of the targets' own frequencies.
  [[nodiscard]] double entropy() const {
    double sum = 0;
    for (const auto count : target_counts) {
      if (count > 0) sum -= static_cast<double>(count) * std::log(static_cast<double>(count) / static_cast<double>(mlm_targets));
    }
    return mlm_targets > 0 ? sum / static_cast<double>(mlm_targets) : 0;
  }
};

void add_batch(PretrainingModelImpl& model, const PretrainingBatch& batch, const at::Device& device, EvaluationSums& sums) {
  const auto* targets = batch.masked_targets.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < batch.num_masked(); ++i) ++sums.target_counts[static_cast<size_t>(targets[i])];
  sums.mlm_targets += batch.num_masked();
  const auto moved = placed(batch, model, device);
  const auto output = model.forward(encoder_input(moved), moved.masked_positions);
  sums.mlm_loss += cross_entropy_sum(output.mlm_logits, moved.masked_targets).item<double>();
  sums.mlm_correct += count_correct(output.mlm_logits, moved.masked_targets).item<int64_t>();
  if (output.sop_logits.defined()) {
    sums.sop_targets += batch.num_ordered();
    sums.sop_loss += cross_entropy_sum(output.sop_logits, moved.sentence_order_labels).item<double>();
    sums.sop_correct += count_correct(output.sop_logits, moved.sentence_order_labels).item<int64_t>();
  }
}

EvaluationReport report_of(const EvaluationSums& sums) {
  const auto mean = [](double sum, int64_t count) { return count > 0 ? sum / static_cast<double>(count) : 0; };
  EvaluationReport report;
  report["mlm_loss"] = mean(sums.mlm_loss, sums.mlm_targets);
  report["mlm_accuracy"] = mean(static_cast<double>(sums.mlm_correct), sums.mlm_targets);
  report["mlm_targets"] = static_cast<double>(sums.mlm_targets);
  report["unigram_entropy"] = sums.entropy();
  report["loss"] = report["mlm_loss"];
  if (sums.sop_targets > 0) {
    const auto interval = wilson_interval(sums.sop_correct, sums.sop_targets);
    report["sop_loss"] = mean(sums.sop_loss, sums.sop_targets);
    report["sop_accuracy"] = mean(static_cast<double>(sums.sop_correct), sums.sop_targets);
    report["sop_accuracy_low"] = interval.low;
    report["sop_accuracy_high"] = interval.high;
    report["sop_targets"] = static_cast<double>(sums.sop_targets);
    report["loss"] += report["sop_loss"];
  }
  return report;
}

DataPlan plan_of(const PretrainingDataset& train, const PretrainingOptions& options) {
  if (options.plan) return *options.plan;
  return DataPlan({{.dataset = &train, .batch_size = options.batch_size, .micro_batch = options.micro_batch}});
}

/// A part of the loss of a step with these totals.
MicroBatchLoss loss_of(const PretrainingOutput& output, const PretrainingBatch& batch, const StepTotals& totals) {
  const int64_t mlm_count = count_of(totals, "mlm");
  const auto mlm_sum = cross_entropy_sum(output.mlm_logits, batch.masked_targets);
  MicroBatchLoss result;
  result.loss = mlm_sum / static_cast<double>(std::max<int64_t>(mlm_count, 1));
  result.metrics["mlm_loss"] = share(mlm_sum, mlm_count);
  result.metrics["mlm_accuracy"] = share(count_correct(output.mlm_logits.detach(), batch.masked_targets), mlm_count);
  if (output.sop_logits.defined()) {
    const int64_t sop_count = count_of(totals, "sop");
    const auto sop_sum = cross_entropy_sum(output.sop_logits, batch.sentence_order_labels);
    result.loss = result.loss + sop_sum / static_cast<double>(std::max<int64_t>(sop_count, 1));
    result.metrics["sop_loss"] = share(sop_sum, sop_count);
    result.metrics["sop_accuracy"] = share(count_correct(output.sop_logits.detach(), batch.sentence_order_labels), sop_count);
  }
  return result;
}

}  // namespace

EvaluationReport evaluate_pretraining(PretrainingModelImpl& model, const PretrainingDataset& dataset, int64_t micro_batch, const at::Device& device) {
  const at::NoGradGuard no_gradient;
  const EvaluationMode mode(model);
  EvaluationSums sums;
  sums.target_counts.resize(static_cast<size_t>(model.config().vocab_size));
  const int64_t count = dataset.examples_per_epoch(0);
  for (int64_t first = 0; first < count; first += micro_batch) {
    add_batch(model, make_batch(dataset, 0, first, std::min(micro_batch, count - first)), device, sums);
  }
  return report_of(sums);
}

StepTotals totals_of(const PretrainingBatch& batch) {
  return {.sequences = batch.num_sequences(),
          .tokens = batch.num_tokens(),
          .targets = {{"mlm", batch.num_masked()}, {"sop", batch.num_ordered()}}};
}

MicroBatchLoss pretraining_loss(PretrainingModelImpl& model, const PretrainingBatch& batch, const StepTotals& totals, double application_decay) {
  const auto moved = placed(batch, model, batch.ids.device());
  const auto output = model.forward(encoder_input(moved), moved.masked_positions,
                                    {.hidden_states = false, .application_decay = application_decay, .hook = {}});
  return loss_of(output, moved, totals);
}

PretrainingProgram::PretrainingProgram(PretrainingModelImpl& model, const PretrainingDataset& train, const PretrainingDataset* validation,
                                       const PretrainingOptions& options)
    : model_(model), train_(train), validation_(validation), options_(options), plan_(plan_of(train, options)),
      stream_(plan_, {.rank = options.rank,
                      .world_size = options.world_size,
                      .num_threads = options.loader_threads,
                      .prefetch_steps = options.prefetch_steps}) {
  model_.train();
}

StepTotals PretrainingProgram::load_step(int64_t step) {
  if (step != next_step_ && !plan_.is_uniform()) stream_.seek(stream_.cursor(), step, passed_over_);
  step_ = stream_.next();
  next_step_ = step + 1;
  StepTotals totals;
  for (const auto& batch : step_.micro_batches) {
    const auto part = totals_of(batch);
    totals.sequences += part.sequences;
    totals.tokens += part.tokens;
    for (const auto& [name, count] : part.targets) totals.targets[name] += count;
  }
  return totals;
}

int64_t PretrainingProgram::num_micro_batches() const { return static_cast<int64_t>(step_.micro_batches.size()); }

/// A forward pass of one micro-batch.
struct PretrainingProgram::Pass {
  PretrainingOutput output;
  at::Tensor masked_positions;
  MicroBatchLoss loss;
};

PretrainingProgram::Pass PretrainingProgram::run_pass(int64_t index, int64_t step, const StepTotals& totals, const EncoderOptions& options) {
  const auto batch = placed(step_.micro_batches.at(static_cast<size_t>(index)), model_, options_.device);
  // One dropout stream per (step, rank, micro-batch).
  const auto part = static_cast<uint64_t>(options_.rank) << 32U | static_cast<uint64_t>(index);
  model_.set_dropout_seed(mix_seed(train_.seed(), "dropout", static_cast<uint64_t>(step), part));
  auto output = model_.forward(encoder_input(batch), batch.masked_positions, options);
  auto result = loss_of(output, batch, totals);
  return {.output = std::move(output), .masked_positions = batch.masked_positions, .loss = std::move(result)};
}

MicroBatchLoss PretrainingProgram::loss(int64_t index, int64_t step, const StepTotals& totals) {
  return run_pass(index, step, totals, {.hidden_states = false, .application_decay = options_.application_decay, .hook = {}}).loss;
}

NonFinitePlace PretrainingProgram::find_non_finite(int64_t step, const StepTotals& totals) {
  const int64_t applications = model_.config().num_hidden_layers * model_.config().inner_group_num;
  NonFinitePlace place;
  int64_t order = std::numeric_limits<int64_t>::max();
  size_t first = 0;
  for (int64_t i = 0; i < num_micro_batches(); ++i) {
    const auto& batch = step_.micro_batches[static_cast<size_t>(i)];
    const PassTrace trace(batch.sequence_offsets, applications);
    const Pass pass = run_pass(i, step, totals, trace.options(options_.application_decay));
    auto found = trace.in_encoder(pass.output.encoder);
    if (found.empty()) found = trace.in_token_rows(pass.output.mlm_logits, pass.masked_positions, "masked-language-model head");
    if (found.empty() && pass.output.sop_logits.defined()) found = trace.in_sequence_rows(pass.output.sop_logits, "sentence-order head");
    if (found.empty()) {
      pass.loss.loss.backward();
      found = trace.in_backward();
    }
    if (!found.empty() && found.order < order) {
      place = {.layer = found.where, .examples = {}};  // what comes first in a pass; the rest follows from it
      order = found.order;
    }
    for (const int64_t sequence : found.sequences) {
      if (found.order == order) place.examples.push_back(describe(step_.places[first + static_cast<size_t>(sequence)]));
    }
    first += static_cast<size_t>(batch.num_sequences());
  }
  return place;
}

void PretrainingProgram::parameters_changed() { model_.parameters_changed(); }

EvaluationReport PretrainingProgram::evaluate() {
  ALBERT_CHECK(validation_ != nullptr, "evaluate() without held-out text");
  return evaluate_pretraining(model_, *validation_, options_.micro_batch, options_.device);
}

DataCursor PretrainingProgram::cursor() const { return {.examples = stream_.cursor(), .passed_over = passed_over_}; }

void PretrainingProgram::restore(const DataCursor& cursor) {
  passed_over_ = cursor.passed_over;
  stream_.seek(cursor.examples, 0, passed_over_);
  next_step_ = 0;
}

double PretrainingProgram::epochs() const { return plan_.epochs(next_step_, stream_.cursor()); }
double PretrainingProgram::examples_per_epoch() const { return static_cast<double>(train_.examples_per_epoch(0)); }
double PretrainingProgram::waiting_seconds() const { return stream_.last_waiting_seconds(); }

double PretrainingProgram::flops(const StepTotals& totals) const {
  StepSize size{.sequences = totals.sequences, .tokens = totals.tokens, .masked = count_of(totals, "mlm"), .squared_lengths = 0};
  for (const auto& batch : step_.micro_batches) {
    const auto lengths = batch.sequence_offsets.diff();
    size.squared_lengths += lengths.dot(lengths).item<int64_t>();
  }
  size.squared_lengths *= options_.world_size;  // the other ranks' lengths are alike
  return training_flops(model_.config(), model_.heads(), size);
}

}  // namespace albert
