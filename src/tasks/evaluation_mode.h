// Puts a model into evaluation mode, and at the end back into the mode that it was in.
#pragma once

#include <torch/nn/module.h>

namespace albert {

class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& model) : model_(model), was_training_(model.is_training()) { model.eval(); }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;
  ~EvaluationMode() { model_.train(was_training_); }

 private:
  torch::nn::Module& model_;
  bool was_training_;
};

}  // namespace albert
