#include "recipes/finetune_model.h"
#include "recipes/finetune_seeds.h"
#include "recipes/run_common.h"
#include "recipes/trial.h"

#include <algorithm>

namespace albert {
namespace {

/// A training step on copies of the longest example of the data: nothing in the run takes more memory a sequence.
class LongestExample {
 public:
  LongestExample(const FinetuneParts& parts, const FinetuningOptions& options) : parts_(parts), options_(options), model_(make_task_model(parts, 0)) {
    const auto& training = parts.config.training.common;
    model_->set_precision(resolve_precision(chosen_precision(training.precision), parts.device));
    model_->set_activation_checkpointing(training.activation_checkpointing);
    model_->to(parts.device);
    optimizer_ = make_task_optimizer(*model_, parts.config);
    model_->parameters_changed();
    model_->train();
    const auto& instances = parts.sets.train->instances();
    const auto learnable = parts.sets.train->learnable();
    const auto tokens = [&](int64_t index) { return instances[static_cast<size_t>(index)].num_tokens(); };
    longest_ = *std::max_element(learnable.begin(), learnable.end(), [&](int64_t a, int64_t b) { return tokens(a) < tokens(b); });
    tokens_ = tokens(longest_);
  }

  /// As many tokens as `sequences` of full length have.
  void train_pass(int64_t sequences) {
    const int64_t copies = std::max<int64_t>(1, sequences * parts_.config.data.max_length / tokens_);
    const std::vector<int64_t> indices(static_cast<size_t>(copies), longest_);
    const auto& task = parts_.task.description();
    const auto batch = make_task_batch(parts_.sets.train->instances(), indices, task.objective, BatchTargets::with).to(parts_.device);
    model_->set_dropout_seed(0);
    finetuning_loss(*model_, batch, task, options_, {}).loss.backward();
    optimizer_->zero_gradients();
  }

 private:
  const FinetuneParts& parts_;
  const FinetuningOptions& options_;
  TaskModel model_;
  std::unique_ptr<Optimizer> optimizer_;
  int64_t longest_ = 0;
  int64_t tokens_ = 1;
};

}  // namespace

FinetuneConfig with_micro_batch(const FinetuneParts& parts) {
  FinetuneConfig config = parts.config;
  auto& training = config.training.common;
  auto& micro_batch = training.micro_batch.value;
  if (micro_batch) return config;
  const auto earlier = earlier_run<FinetuneConfig>(config.output, run_folder(config, training.seed) / "checkpoints");
  if (earlier) micro_batch = earlier->training.common.micro_batch.value;
  if (!micro_batch) {
    const auto options = finetuning_options(parts, training.seed);
    LongestExample example(parts, options);
    micro_batch = probe_micro_batch({.device = parts.device, .max_length = config.data.max_length, .most = training.batch_size,
                                     .train_pass = [&](int64_t sequences) { example.train_pass(sequences); }});
  }
  micro_batch = std::min(*micro_batch, training.batch_size);
  return config;
}

}  // namespace albert
