// Base of our optimizers. LibTorch's own silently loses the options of parameter groups (style: E1), so we do not use it.
//
// All parameters live in one flat fp32 buffer, their gradients in another, and each moment in one more; the parameters' tensors
// become views of the buffer. One all-reduce, one norm, one cast then cover the whole model. Build the optimizer last: a module
// that is moved or cast afterwards leaves the buffer.
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

/// Each parameter begins at a multiple of this many elements of the flat buffers, so that matrix kernels find aligned rows (in a
/// bf16 copy, too). The elements between stay zero.
inline constexpr int64_t kFlatAlignment = 64;

/// Owns the flat buffers. Not copyable: the parameters' tensors point into it. Gradients accumulate in place from backward on;
/// they must be zeroed by zero_gradients(), never be set to undefined.
class Optimizer {
 public:
  /// Throws InternalError when a tensor or a name is listed twice, two tensors share storage, one is not an fp32 leaf that
  /// requires a gradient, or devices differ.
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
  [[nodiscard]] const at::Tensor& flat_parameters() const { return flat_parameters_; }  ///< [total] fp32, padding included
  [[nodiscard]] const at::Tensor& flat_gradients() const { return flat_gradients_; }    ///< [total] fp32, padding included
  /// Where each parameter begins in the flat buffers.
  [[nodiscard]] const std::vector<int64_t>& offsets() const { return offsets_; }
  /// Updates done so far, those before a restore included.
  [[nodiscard]] int64_t step_count() const { return step_count_; }
  /// State that a checkpoint holds: per parameter "<name>.exp_avg", "<name>.exp_avg_sq" in the parameter's shape, and "step" [1]
  /// int64.
  [[nodiscard]] virtual std::vector<std::pair<std::string, at::Tensor>> state() const = 0;
  /// Copies the values back; throws IoError listing all missing, unexpected and misshapen names, and then changes nothing.
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state);

 protected:
  /// A zeroed flat buffer with one view per parameter.
  struct FlatState {
    at::Tensor flat;
    std::vector<at::Tensor> views;
  };
  [[nodiscard]] FlatState make_state() const;
  /// One view per parameter into a flat buffer of this layout.
  [[nodiscard]] std::vector<at::Tensor> views_of(const at::Tensor& flat) const;

  std::vector<OptimizedParameter> parameters_;
  at::Tensor flat_parameters_;
  at::Tensor flat_gradients_;
  std::vector<at::Tensor> gradient_views_;
  std::vector<int64_t> offsets_;
  int64_t step_count_ = 0;
};

}  // namespace albert
