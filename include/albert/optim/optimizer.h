// Base of our optimizers. LibTorch's own silently loses the options of parameter groups (style: E1), so we do not use it.
//
// All parameters live in one flat fp32 buffer, their gradients in another, and each moment in one more; the parameters' tensors
// become views of the buffer. One all-reduce, one norm, one cast then cover the whole model.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace albert {

/// One parameter with its own options.
struct OptimizedParameter {
  std::string name;
  at::Tensor tensor;                 ///< fp32 leaf; its storage is moved into the flat buffer
  double learning_rate_scale = 1.0;  ///< layer-wise decay by groups
  bool decay = true;                 ///< false: no weight decay and, for LAMB, no trust ratio (LayerNorm, bias)
};

/// Owns the flat buffers. Not copyable: the parameters' tensors point into it.
class Optimizer {
 public:
  /// Throws InternalError when a tensor is listed twice, is not an fp32 leaf, or devices differ.
  explicit Optimizer(std::vector<OptimizedParameter> parameters);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// One update with this (scheduled) learning rate; reads the gradients, changes parameters and moments.
  virtual void step(double learning_rate) = 0;
  /// Name of the algorithm ("lamb", "adamw") for the checkpoint.
  [[nodiscard]] virtual std::string name() const = 0;

  void zero_gradients();
  [[nodiscard]] const std::vector<OptimizedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] const at::Tensor& flat_parameters() const { return flat_parameters_; }  ///< [total] fp32
  [[nodiscard]] const at::Tensor& flat_gradients() const { return flat_gradients_; }    ///< [total] fp32
  /// State that a checkpoint holds: per parameter "<name>.exp_avg", "<name>.exp_avg_sq" in the parameter's shape, and "step" [1] int64.
  [[nodiscard]] virtual std::vector<std::pair<std::string, at::Tensor>> state() const = 0;
  /// Copies the values back; throws IoError listing all missing, unexpected and misshapen names.
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state);

 protected:
  /// A zeroed flat buffer with one view per parameter.
  struct FlatState {
    at::Tensor flat;
    std::vector<at::Tensor> views;
  };
  [[nodiscard]] FlatState make_state() const;

  std::vector<OptimizedParameter> parameters_;
  at::Tensor flat_parameters_;
  at::Tensor flat_gradients_;
  std::vector<at::Tensor> gradient_views_;
  int64_t step_count_ = 0;
};

}  // namespace albert
