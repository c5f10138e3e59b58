#include <albert/optim/adamw.h>

#include "optim/cpu_kernels.h"
#include "optim/fused_buffers.h"

#include <c10/core/GradMode.h>

namespace albert {

AdamW::AdamW(std::vector<OptimizedParameter> parameters, const MomentOptions& options)
    : MomentOptimizer(std::move(parameters), options) {}

void AdamW::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  ++step_count_;
  if (fused()) {
    const auto chunks = cpu::make_chunks(offsets_, cpu::sizes_of(parameters_));
    const auto buffers = cpu::make_buffers(flat_parameters_, flat_gradients_, first_moments_.flat, second_moments_.flat);
    cpu::adam_step(chunks, buffers, cpu::make_direction(options_, corrections()), decays(), rates(learning_rate));
    return;
  }
  const at::Tensor direction = updated_direction();
  apply_direction(direction, views_of(direction), learning_rate);
}

}  // namespace albert
