// The model of a fine-tuning before its first step, and what of it is trained.
#pragma once

#include "recipes/finetune_run.h"

#include <albert/optim/optimizer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace albert {

/// The configuration for a model whose user chose no data.max_length: that of `folder_length`, if there is one, and at most the positions of
/// the model. Says so in the log where it is another. Throws ConfigError where other options do not fit it.
FinetuneConfig with_length_of(FinetuneConfig config, const AlbertConfig& shape, std::optional<int64_t> folder_length);

/// New weights in the source's shape.
TaskModel make_task_model(const FinetuneParts& parts, int64_t seed);

/// Copies the source's weights into it, unless model.random_weights. Returns the names of parameters that the source has not. Throws as
/// load_weights, and ConfigError for a head that cannot be kept.
std::vector<std::string> load_source_weights(const FinetuneParts& parts, TaskModelImpl& model);

/// Of all that is not frozen. Build it last: the model's parameters move into its buffers.
std::unique_ptr<Optimizer> make_task_optimizer(TaskModelImpl& model, const FinetuneConfig& config);

}  // namespace albert
