// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a part of the network keeps its input alone and
// is computed a second time in the backward pass.
#pragma once

#include <albert/model/dropout.h>

#include <ATen/core/Tensor.h>

#include <functional>

namespace albert {

/// A part from hidden [tokens, hidden] to the same shape. What it refers to must live until the backward pass is done.
using NetworkPart = std::function<at::Tensor(const at::Tensor& hidden)>;

/// part(hidden), with the same gradients, but without its activations in between. The second pass draws the dropout masks of the first one. Runs
/// `part` as it is where no gradient is wanted, or none flows into `hidden`: then there is nothing to hang the second pass on.
at::Tensor recompute_in_backward(const NetworkPart& part, const at::Tensor& hidden, Dropout& dropout);

}  // namespace albert
