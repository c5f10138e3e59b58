#include "recipes/trial.h"

#include "recipes/pretrain_parts.h"
#include "recipes/scratch_model.h"

#include <albert/data/batch_stream.h>
#include <albert/model/device.h>


#include <algorithm>
#include <chrono>
#include <cmath>

namespace albert {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTrialSeconds = 3;
constexpr size_t kFewestPasses = 4;
constexpr size_t kMostPasses = 20;
constexpr int64_t kBatches = 4;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

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

/// The first round warms caches and pools up and is not counted. Kinds of passes alternate as they do in a run, which is what scatters the heap; at
/// the first stands the largest batch. Batches of little text are scaled to a full one.
TrialTimes time_steps(ScratchModel& scratch, const PretrainingBatch& largest, const std::vector<PretrainingBatch>& batches, int64_t micro_batch) {
  std::vector<double> passes, updates, evaluations;
  const auto& device = scratch.device();
  scratch.train_pass(largest);
  scratch.update();
  scratch.evaluation_pass(largest);
  synchronize(device);
  const auto start = Clock::now();
  while (passes.size() < kFewestPasses ||
         (passes.size() < kMostPasses && std::chrono::duration<double>(Clock::now() - start).count() < kTrialSeconds)) {
    const auto& batch = batches[passes.size() % batches.size()];
    const double share = static_cast<double>(batch.num_sequences()) / static_cast<double>(micro_batch);
    passes.push_back(seconds_of(device, [&] { scratch.train_pass(batch); }) / share);
    updates.push_back(seconds_of(device, [&] { scratch.update(); }));
    if (evaluations.size() < kFewestPasses) evaluations.push_back(seconds_of(device, [&] { scratch.evaluation_pass(batch); }) / share);
  }
  return {.micro_batch_seconds = median(passes),
          .update_seconds = median(updates),
          .evaluation_seconds = median(evaluations),
          .micro_batches = static_cast<int64_t>(passes.size()),
          .peak_memory_bytes = peak_memory_bytes(device)};
}

double mean_tokens(const std::vector<PretrainingBatch>& batches) {
  int64_t tokens = 0;
  int64_t sequences = 0;
  for (const auto& batch : batches) {
    tokens += batch.num_tokens();
    sequences += batch.num_sequences();
  }
  return static_cast<double>(tokens) / static_cast<double>(sequences);
}

int64_t events(int64_t steps, int64_t every) { return every > 0 ? (steps + every - 1) / every : 0; }

RunWork work_of(const PretrainConfig& config, const RunOutlook& outlook, double tokens_of_example) {
  double train_examples = 0;
  double validation_examples = 0;
  if (outlook.data != nullptr) {
    train_examples = static_cast<double>(outlook.data->train.examples_per_epoch(0));
    if (outlook.data->validation) validation_examples = static_cast<double>(outlook.data->validation->examples_per_epoch(0));
  } else {
    const double examples = outlook.num_pieces / tokens_of_example;
    train_examples = std::max(1.0, examples * (1 - config.data.validation_fraction));
    validation_examples = examples * config.data.validation_fraction;
  }
  const auto batch_size = static_cast<double>(config.training.batch_size);
  const DurationScale scale{.steps_per_epoch = train_examples / batch_size, .tokens_per_step = tokens_of_example * batch_size};
  const auto plan = plan_steps(config.training, config.evaluation, config.checkpoint, config.logging, scale);
  return {.steps = plan.total_steps,
          .batch_size = config.training.batch_size,
          .micro_batch = *config.training.micro_batch.value,
          .evaluations = validation_examples > 0 ? events(plan.total_steps, plan.evaluate_every) : 0,
          .validation_examples = std::llround(validation_examples),
          .saves = events(plan.total_steps, plan.save_every)};
}

/// fp32 weights, and two moments of each beside them; the vocabulary and the texts are small.
RunFiles files_of(const PretrainConfig& config, const RunOutlook& outlook, PretrainingModelImpl& model, const RunWork& work) {
  constexpr uint64_t kFloatBytes = 4;
  const auto weights = kFloatBytes * static_cast<uint64_t>(num_parameters(model.config(), model.heads()));
  RunFiles files{.checkpoint_bytes = 3 * weights, .checkpoints = 0, .final_bytes = weights, .store_bytes = 0};
  files.checkpoints = std::min(work.saves, config.checkpoint.keep_last + (work.evaluations > 0 ? config.checkpoint.keep_best : 0)) + 1;
  if (outlook.data == nullptr) {
    const double id_bytes = outlook.vocab_size > 65536 ? 4 : 2;
    files.store_bytes = static_cast<uint64_t>(outlook.num_pieces * id_bytes);
  }
  return files;
}

}  // namespace

Foresight foresee(const PretrainConfig& config, const RunOutlook& outlook) {
  ScratchModel scratch(config, outlook.vocab_size);
  const auto batches = outlook.data != nullptr ? first_batches(outlook.data->train, *config.training.micro_batch.value)
                                               : random_batches(config, outlook.vocab_size, kBatches);
  Foresight result;
  result.work = work_of(config, outlook, outlook.data != nullptr ? mean_tokens(outlook.data->train) : mean_tokens(batches));
  result.files = files_of(config, outlook, scratch.model(), result.work);
  const int64_t micro_batch = result.work.micro_batch;
  result.times = time_steps(scratch, full_batch(config, outlook.vocab_size, micro_batch), batches, micro_batch);
  result.estimate = estimate_run(result.times, result.work, result.files.checkpoint_bytes);
  return result;
}

}  // namespace albert
