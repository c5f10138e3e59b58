#include "recipes/trial.h"

#include "recipes/scratch_model.h"

#include <albert/data/batch_stream.h>
#include <albert/eval/bootstrap.h>
#include <albert/model/device.h>
#include <albert/recipes/pretrain_phases.h>
#include <albert/train/peak_memory.h>
#include <albert/train/progress.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace albert {
namespace {

using Clock = std::chrono::steady_clock;

// Slow passes vary little from one to the next, and few of them are enough.
constexpr double kTrialSeconds = 3;
constexpr double kMostSeconds = 10;
constexpr size_t kFewestPasses = 4;
constexpr size_t kMostPasses = 20;
constexpr int64_t kBatches = 4;

template <typename Work>
double seconds_of(const at::Device& device, const Work& work) {
  const auto start = Clock::now();
  work();
  synchronize(device);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<PretrainingBatch> first_batches(const PretrainingDataset& dataset, int64_t micro_batch) {
  const int64_t examples = dataset.examples_per_epoch(0);
  std::vector<PretrainingBatch> batches;
  for (int64_t i = 0; i < kBatches && (i + 1) * micro_batch <= examples; ++i) batches.push_back(make_batch(dataset, 0, i * micro_batch, micro_batch));
  if (batches.empty()) batches.push_back(make_batch(dataset, 0, 0, examples));
  return batches;
}

/// One phase of the run, to be timed.
struct PhaseTrial {
  std::vector<PretrainingBatch> batches;
  PretrainingBatch largest;
  int64_t micro_batch = 1;
};

/// The micro-batches of little text are smaller: what they take is scaled to full ones.
double share_of(const PretrainingBatch& batch, int64_t micro_batch) {
  return static_cast<double>(batch.num_sequences()) / static_cast<double>(micro_batch);
}

/// The first round warms caches and pools up and is not counted. Kinds of passes alternate as they do in a run, which is what scatters the heap; at
/// the first stands the largest batch.
void time_phase(ScratchModel& scratch, const PhaseTrial& trial, TrialTimes& times, std::vector<double>& updates, std::vector<double>& evaluations) {
  const auto& device = scratch.device();
  scratch.train_pass(trial.largest);
  scratch.update();
  scratch.evaluation_pass(trial.largest);
  synchronize(device);
  std::vector<double> passes;
  const auto start = Clock::now();
  const auto goes_on = [&] {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return passes.empty() || seconds < (passes.size() < kFewestPasses ? kMostSeconds : kTrialSeconds);
  };
  while (passes.size() < kMostPasses && goes_on()) {
    const auto& batch = trial.batches[passes.size() % trial.batches.size()];
    passes.push_back(seconds_of(device, [&] { scratch.train_pass(batch); }) / share_of(batch, trial.micro_batch));
    updates.push_back(seconds_of(device, [&] { scratch.update(); }));
    if (passes.size() > kFewestPasses) continue;
    evaluations.push_back(seconds_of(device, [&] { scratch.evaluation_pass(batch); }) / static_cast<double>(batch.num_tokens()));
  }
  times.passes += static_cast<int64_t>(passes.size());
  times.pass_seconds.push_back(median(std::move(passes)));
}

TrialTimes time_steps(ScratchModel& scratch, const std::vector<PhaseTrial>& trials, double tokens_of_evaluation) {
  TrialTimes times;
  std::vector<double> updates, evaluations;
  for (const auto& trial : trials) time_phase(scratch, trial, times, updates, evaluations);
  times.update_seconds = median(std::move(updates));
  times.evaluation_seconds = tokens_of_evaluation * median(std::move(evaluations));
  times.peak_memory_bytes = peak_memory_bytes(scratch.device());
  return times;
}

double mean_tokens_of(const std::vector<PretrainingBatch>& batches) {
  int64_t tokens = 0;
  int64_t sequences = 0;
  for (const auto& batch : batches) {
    tokens += batch.num_tokens();
    sequences += batch.num_sequences();
  }
  return static_cast<double>(tokens) / static_cast<double>(sequences);
}

PhaseWork phase_work(const PretrainConfig& config, const PhaseConfig& phase) {
  const int64_t length = phase.max_length.value_or(config.data.max_length);
  const int64_t batch_size = phase.batch_size.value_or(config.training.batch_size);
  return {.steps = 0, .batch_size = batch_size, .micro_batch = phase.micro_batch.value_or(micro_batch_of(config, length, batch_size)), .max_length = length,
          .masking_probability = phase.masking_probability.value_or(config.objective.masking.probability)};
}

struct TrialPlan {
  RunWork work;
  std::vector<PhaseTrial> trials;
  double tokens_of_example = 0;  ///< of a full-length one
};

void plan_events(TrialPlan& plan, const StepPlan& steps, double validation_examples) {
  plan.work.validation_examples = std::llround(validation_examples);
  plan.work.evaluations = validation_examples > 0 ? events_left(0, steps.total_steps, steps.evaluate_every) : 0;
  plan.work.saves = events_left(0, steps.total_steps, steps.save_every);
}

void set_steps(TrialPlan& plan, const PretrainConfig& config, int64_t total_steps) {
  auto borders = phase_beginnings(config.phases, total_steps);
  borders.push_back(total_steps);
  for (size_t i = 0; i < plan.work.phases.size(); ++i) plan.work.phases[i].steps = borders[i + 1] - borders[i];
}

void plan_phases(TrialPlan& plan, const PretrainConfig& config) {
  const auto whole_run = std::vector<PhaseConfig>(1);
  for (const auto& phase : config.phases.empty() ? whole_run : config.phases) plan.work.phases.push_back(phase_work(config, phase));
  plan.work.evaluation_batch = micro_batch_of(config, config.data.max_length, config.training.batch_size);
}

std::vector<PretrainingBatch> phase_batches(const PretrainConfig& config, const PhaseWork& phase, int64_t vocab_size) {
  return random_batches(config, {.vocab_size = vocab_size, .sequences = phase.micro_batch, .max_length = phase.max_length,
                                 .masking_probability = phase.masking_probability}, kBatches);
}

TrialPlan plan_of_examples(const PretrainConfig& config, const RunOutlook& outlook) {
  TrialPlan plan;
  const auto planned = plan_run(config, outlook.data->train);
  plan_phases(plan, config);
  set_steps(plan, config, planned.steps.total_steps);
  const auto& validation = outlook.data->validation;
  plan_events(plan, planned.steps, validation ? static_cast<double>(validation->examples_per_epoch(0)) : 0);
  for (size_t i = 0; i < plan.work.phases.size(); ++i) {
    const auto& phase = planned.data.phases()[i];
    // Examples of the dataset are masked as the objective says; with another probability, ids are random.
    auto batches = phase.masking_probability ? phase_batches(config, plan.work.phases[i], outlook.vocab_size)
                                             : first_batches(*phase.dataset, phase.micro_batch);
    plan.trials.push_back({.batches = std::move(batches), .largest = {}, .micro_batch = phase.micro_batch});
  }
  plan.tokens_of_example = mean_tokens_of(first_batches(outlook.data->train, plan.work.evaluation_batch));
  return plan;
}

TrialPlan plan_of_text(const PretrainConfig& config, const RunOutlook& outlook) {
  TrialPlan plan;
  plan_phases(plan, config);
  std::vector<StepShare> shares;
  for (const auto& phase : plan.work.phases) {
    plan.trials.push_back({.batches = phase_batches(config, phase, outlook.vocab_size), .largest = {}, .micro_batch = phase.micro_batch});
    const double tokens = mean_tokens_of(plan.trials.back().batches);
    const double examples = std::max(1.0, outlook.num_pieces * (1 - config.data.validation_fraction) / tokens);
    const auto batch_size = static_cast<double>(phase.batch_size);
    shares.push_back({.epochs = batch_size / examples, .tokens = tokens * batch_size});
  }
  const RandomBatchShape whole{.vocab_size = outlook.vocab_size, .sequences = kBatches, .max_length = config.data.max_length};
  plan.tokens_of_example = mean_tokens_of(random_batches(config, whole, kBatches));
  const auto steps = plan_steps(config.training, config.evaluation, config.checkpoint, config.logging, mean_scale(config, shares));
  set_steps(plan, config, steps.total_steps);
  plan_events(plan, steps, outlook.num_pieces * config.data.validation_fraction / plan.tokens_of_example);
  return plan;
}

/// fp32 weights, and two moments of each beside them, and their average; the vocabulary and the texts are small.
RunFiles files_of(const PretrainConfig& config, const RunOutlook& outlook, PretrainingModelImpl& model, const RunWork& work) {
  constexpr uint64_t kFloatBytes = 4;
  const auto weights = kFloatBytes * static_cast<uint64_t>(num_parameters(model.config(), model.heads()));
  RunFiles files{.checkpoint_bytes = (config.training.ema ? 4 : 3) * weights, .checkpoints = 0, .final_bytes = weights, .store_bytes = 0};
  // A result among the best is saved at once, and the one being written stands beside those that are kept.
  const int64_t keep_best = work.evaluations > 0 ? config.checkpoint.keep_best : 0;
  const int64_t saves = work.saves + (keep_best > 0 ? work.evaluations : 0);
  files.checkpoints = std::min(saves, config.checkpoint.keep_last + keep_best) + 1;
  if (outlook.data == nullptr) {
    const double id_bytes = outlook.vocab_size > 65536 ? 4 : 2;
    files.store_bytes = static_cast<uint64_t>(outlook.num_pieces * id_bytes);
  }
  return files;
}

}  // namespace

Foresight foresee(const PretrainConfig& config, const RunOutlook& outlook) {
  ScratchModel scratch(config, outlook.vocab_size);
  auto plan = outlook.data != nullptr ? plan_of_examples(config, outlook) : plan_of_text(config, outlook);
  for (size_t i = 0; i < plan.trials.size(); ++i) {
    const auto& phase = plan.work.phases[i];
    plan.trials[i].largest =
        full_batch(config, {.vocab_size = outlook.vocab_size, .sequences = phase.micro_batch, .max_length = phase.max_length,
                            .masking_probability = phase.masking_probability});
  }
  Foresight result;
  result.work = plan.work;
  result.files = files_of(config, outlook, scratch.model(), result.work);
  result.times = time_steps(scratch, plan.trials, plan.tokens_of_example * static_cast<double>(plan.work.evaluation_batch));
  // What the trial does not have: the average, and the copy of a checkpoint that is written.
  if (config.training.ema) result.times.peak_memory_bytes += static_cast<int64_t>(result.files.final_bytes);
  if (config.checkpoint.asynchronous && scratch.device().is_cpu()) result.times.peak_memory_bytes += static_cast<int64_t>(result.files.checkpoint_bytes);
  result.estimate = estimate_run(result.times, result.work, result.files.checkpoint_bytes);
  return result;
}

}  // namespace albert
