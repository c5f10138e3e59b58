#include "recipes/scratch_model.h"

#include "recipes/pretrain_parts.h"
#include "recipes/run_common.h"

#include <albert/base/random.h>
#include <albert/optim/gradient_clipping.h>
#include <albert/tasks/pretraining.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace albert {
namespace {

/// Random ids in sequences of these lengths, masked and scored as the objective says.
PretrainingBatch random_batch(const std::vector<int64_t>& lengths, const PretrainConfig& config, const RandomBatchShape& shape, RandomStream& random) {
  const bool is_pair = config.objective.sentence_order != SentenceOrder::none;
  const int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  std::vector<int64_t> ids(static_cast<size_t>(tokens));
  for (auto& id : ids) id = random.between(1, shape.vocab_size - 1);
  std::vector<int64_t> segments, positions, offsets{0}, masked;
  for (const int64_t length : lengths) {
    const auto& masking = config.objective.masking;
    const int64_t targets = std::clamp<int64_t>(std::llround(shape.masking_probability * static_cast<double>(length)), 1, masking.max_predictions.value_or(length));
    for (int64_t i = 0; i < targets; ++i) masked.push_back(offsets.back() + i * length / targets);
    for (int64_t i = 0; i < length; ++i) {
      segments.push_back(is_pair && i >= length / 2 ? 1 : 0);
      positions.push_back(i);
    }
    offsets.push_back(offsets.back() + length);
  }
  PretrainingBatch batch;
  batch.ids = at::tensor(ids);
  batch.segments = at::tensor(segments);
  batch.positions = at::tensor(positions);
  batch.sequence_offsets = at::tensor(offsets);
  batch.masked_positions = at::tensor(masked);
  batch.masked_targets = batch.ids.index_select(0, batch.masked_positions);
  batch.sentence_order_labels = at::full({static_cast<int64_t>(lengths.size())}, is_pair ? 1 : kOrderNotScored, at::kLong);
  batch.max_length = *std::max_element(lengths.begin(), lengths.end());
  return batch;
}

}  // namespace

ScratchModel::ScratchModel(const PretrainConfig& config, int64_t vocab_size)
    : config_(config), device_(resolve_device(config.training.device)), model_(make_model(config, vocab_size)) {
  model_->set_precision(resolve_precision(chosen_precision(config.training.precision), device_));
  model_->set_activation_checkpointing(config.training.activation_checkpointing);
  model_->to(device_);
  optimizer_ = make_run_optimizer(*model_, config);
  model_->parameters_changed();
  model_->train();
}

void ScratchModel::train_pass(const PretrainingBatch& batch) {
  const auto moved = batch.to(device_);
  model_->set_dropout_seed(0);
  pretraining_loss(*model_, moved, totals_of(batch), config_.optimizer.layer_decay.application_rate()).loss.backward();
}

void ScratchModel::update() {
  at::Tensor gradients = optimizer_->flat_gradients();
  (void)clip_gradients(gradients, 1.0);
  optimizer_->step(config_.optimizer.algorithm.learning_rate);
  model_->parameters_changed();
  optimizer_->zero_gradients();
}

void ScratchModel::evaluation_pass(const PretrainingBatch& batch) {
  const at::NoGradGuard no_gradient;
  model_->eval();
  const auto moved = batch.to(device_);
  (void)pretraining_loss(*model_, moved, totals_of(batch), 1.0);
  model_->train();
}

PretrainingBatch full_batch(const PretrainConfig& config, const RandomBatchShape& shape) {
  RandomStream random(0, "full batch");
  return random_batch(std::vector<int64_t>(static_cast<size_t>(shape.sequences), shape.max_length), config, shape, random);
}

std::vector<PretrainingBatch> random_batches(const PretrainConfig& config, const RandomBatchShape& shape, int64_t count) {
  RandomStream random(0, "trial");
  std::vector<PretrainingBatch> batches;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<int64_t> lengths;
    for (int64_t k = 0; k < shape.sequences; ++k) {
      const bool is_short = random.uniform() < config.data.short_sequence_probability;
      lengths.push_back(is_short ? random.between(std::min<int64_t>(5, shape.max_length), shape.max_length) : shape.max_length);
    }
    batches.push_back(random_batch(lengths, config, shape, random));
  }
  return batches;
}

}  // namespace albert
