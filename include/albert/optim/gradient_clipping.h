// Clipping by the global norm, on the flat gradient buffer.
#pragma once

#include <ATen/core/Tensor.h>

namespace albert {

/// L2 norm of all gradients, summed in fp64; on the CPU in an order that does not depend on the number of threads. On CUDA this
/// waits for the device: the only wait of a step.
double gradient_norm(const at::Tensor& flat_gradients);

/// Scales the gradients by max_norm / norm where their norm is larger (tf.clip_by_global_norm), and returns the norm before. A
/// norm that is not finite is returned as it is and nothing is scaled. `max_norm` must be positive; infinity only measures.
double clip_gradients(at::Tensor& flat_gradients, double max_norm);

}  // namespace albert
