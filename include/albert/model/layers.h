// The few kinds of layers that an encoder is built of, in fp32, and in bf16 or fp16 with fp32 master parameters.
//
// The type of the input chooses the arithmetic: an input of the parameters' own type runs as it is; a bf16 or fp16
// input to fp32 parameters multiplies by copies of the weights in its type, cast once per update, while gradients of parameters come out and are
// summed in fp32. That sum matters where one matrix is used many times (docs/architecture.md, precision).
#pragma once

#include <albert/model/albert_config.h>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace albert {

/// A bf16 or fp16 copy of a parameter, made when first needed and again after parameters_changed().
class ComputeCopy {
 public:
  const at::Tensor& of(const at::Tensor& master, at::ScalarType type);
  void invalidate() { stale_ = true; }

 private:
  at::Tensor copy_;
  bool stale_ = true;
};

/// A module that derives tensors from its parameters.
class HasComputeCopies {
 public:
  virtual ~HasComputeCopies() = default;
  virtual void parameters_changed() = 0;
};

/// Tells every module under `root` that parameters were changed from outside (optimizer, checkpoint).
void notify_parameters_changed(torch::nn::Module& root);

/// y = x W^T + b. x: [rows, in]; weight: [out, in]; bias: [out]. The copies belong to weight and bias.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, ComputeCopy& weight_copy,
                  ComputeCopy& bias_copy);

/// Linear layer; zero until initialized or loaded.
class LinearImpl : public torch::nn::Module, public HasComputeCopies {
 public:
  LinearImpl(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x);  ///< [rows, in] -> [rows, out]
  void parameters_changed() override;
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out]

 private:
  ComputeCopy weight_copy_;
  ComputeCopy bias_copy_;
};
TORCH_MODULE(Linear);

/// LayerNorm over the last dimension with statistics and parameters in fp32 for any input type. Starts as weight 1, bias 0.
class LayerNormImpl : public torch::nn::Module {
 public:
  LayerNormImpl(int64_t size, double eps);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor weight;  ///< [size]
  at::Tensor bias;    ///< [size]

 private:
  double eps_;
};
TORCH_MODULE(LayerNorm);

/// A table of rows; the decoder of the masked-token head may multiply by it (tied weights).
class EmbeddingImpl : public torch::nn::Module, public HasComputeCopies {
 public:
  EmbeddingImpl(int64_t rows, int64_t size);
  at::Tensor forward(const at::Tensor& ids);  ///< [n] int64 -> [n, size] in the type of the table
  void parameters_changed() override { copy_.invalidate(); }
  ComputeCopy& compute_copy() { return copy_; }
  at::Tensor weight;  ///< [rows, size]

 private:
  ComputeCopy copy_;
};
TORCH_MODULE(Embedding);

/// gelu_new (tanh form), gelu (erf form) or relu; the backward keeps only the input.
at::Tensor activate(const at::Tensor& x, Activation activation);

}  // namespace albert
