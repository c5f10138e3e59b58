// Reading of golden files of task heads (scripts/make_task_golden.py).
#pragma once

#include "golden.h"

#include <albert/model/pretrained.h>
#include <albert/model/task_model.h>

#include <filesystem>
#include <map>
#include <string>

namespace albert::testing {

/// One case: a padded batch, the reference's weights, outputs and gradients, and our model with those weights.
struct TaskGolden {
  PublishedConfig config;
  TaskHeadOptions head;
  std::map<std::string, at::Tensor> tensors;    ///< everything but weights and gradients
  std::map<std::string, at::Tensor> gradients;  ///< by our parameter names
  TaskModel model{nullptr};

  EncoderInput input;    ///< the batch, packed
  at::Tensor real_rows;  ///< [tokens] index into batch * length

  /// [batch, length, ...] -> [tokens, ...].
  [[nodiscard]] at::Tensor packed(const std::string& name) const;
};

/// `name` as in scripts/make_task_golden.py ("sequence", ...).
TaskGolden load_task_golden(const std::string& name);

/// Gradients that vanish in exact arithmetic: of a key's bias, and of what adds one constant to all scores of a softmax.
bool is_zero_gradient(const TaskGolden& golden, const std::string& name);

/// A model with random weights livelier than initial ones, in training mode.
TaskModel random_task_model(const AlbertConfig& config, const TaskHeadOptions& head, uint64_t seed);

}  // namespace albert::testing
