// The parts of a pre-training run that its trial is made of, too.
#pragma once

#include <albert/model/pretraining_model.h>
#include <albert/optim/optimizer.h>
#include <albert/recipes/pretrain_config.h>

#include <memory>

namespace albert {

/// New weights, or those of model.init_from.
PretrainingModel make_model(const PretrainConfig& config, int64_t vocab_size);

/// Build it last: the model's parameters move into its buffers.
std::unique_ptr<Optimizer> make_run_optimizer(PretrainingModelImpl& model, const PretrainConfig& config);

}  // namespace albert
