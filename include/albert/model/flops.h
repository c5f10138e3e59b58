// Floating-point operations of a training step: the numerator of "model FLOPs utilisation" (docs/architecture.md).
#pragma once

#include <albert/model/albert_config.h>
#include <albert/model/task_head_options.h>

#include <cstdint>

namespace albert {

/// What was computed, in real tokens.
struct StepSize {
  int64_t sequences = 0;
  int64_t tokens = 0;
  int64_t masked = 0;           ///< positions that the masked-token head scored
  int64_t squared_lengths = 0;  ///< sum over sequences of length^2 (attention)
};

/// Forward operations, two per multiply-add. With H hidden, I intermediate, E embedding, V vocabulary and N block applications:
/// tokens * (N (8 H^2 + 4 H I) + 2 E H) + squared_lengths * N * 4 H + masked * (2 H E + 2 E V) + sequences * (2 H^2 + 4 H).
/// Lookups, LayerNorm, softmax and activations are not counted.
double forward_flops(const AlbertConfig& config, PretrainingHeads heads, const StepSize& size);
/// The same with the head of a task in place of those of pre-training; `masked` is not read. With L outputs, per sequence:
/// 2 H^2 + 2 H L (sequence, multiple choice); per token: 2 H L (token, question answering). The beam head in training: per token
/// 4 H^2 + 6 H, per sequence 4 H^2 + 2 H.
double forward_flops(const AlbertConfig& config, const TaskHeadOptions& head, const StepSize& size);
/// Forward and backward: three times the forward. Recomputation is not counted.
double training_flops(const AlbertConfig& config, PretrainingHeads heads, const StepSize& size);
double training_flops(const AlbertConfig& config, const TaskHeadOptions& head, const StepSize& size);

}  // namespace albert
