// A model and its optimizer as a run has them, to be tried and thrown away; and random batches for it.
#pragma once

#include <albert/data/batch.h>
#include <albert/model/pretraining_model.h>
#include <albert/optim/optimizer.h>
#include <albert/recipes/pretrain_config.h>

#include <c10/core/Device.h>

#include <memory>
#include <vector>

namespace albert {

/// On its device and in its precision. `config` must outlive it.
class ScratchModel {
 public:
  ScratchModel(const PretrainConfig& config, int64_t vocab_size);

  /// Forward and backward.
  void train_pass(const PretrainingBatch& batch);
  /// Clips, updates, and zeroes the gradients.
  void update();
  /// Forward alone.
  void evaluation_pass(const PretrainingBatch& batch);
  [[nodiscard]] const at::Device& device() const { return device_; }
  [[nodiscard]] PretrainingModelImpl& model() { return *model_; }

 private:
  const PretrainConfig& config_;
  at::Device device_;
  PretrainingModel model_;
  std::unique_ptr<Optimizer> optimizer_;
};

/// A micro-batch of random ids.
struct RandomBatchShape {
  int64_t vocab_size = 0;
  int64_t sequences = 0;
  int64_t max_length = 0;
  double masking_probability = 0.15;
};
/// Sequences of max_length: what takes the most memory.
PretrainingBatch full_batch(const PretrainConfig& config, const RandomBatchShape& shape);
/// With lengths as they will be: a share is drawn shorter, as segment_pairs.cpp does.
std::vector<PretrainingBatch> random_batches(const PretrainConfig& config, const RandomBatchShape& shape, int64_t count);

}  // namespace albert
