// Tensors as raw arrays and back, without copying.
#pragma once

#include <albert/io/named_tensors.h>

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace albert {

/// The bytes of a contiguous CPU tensor; they live as long as the tensor's storage. Throws InternalError for another tensor or
/// type.
io::ArrayView array_view(const at::Tensor& tensor);
/// A tensor over the array's bytes: read it, do not write, and not longer than the bytes live. An array that is not aligned for
/// its type is copied.
at::Tensor tensor_view(const io::ArrayView& array);

/// Tensors on the CPU under their names, with the views of them that a writer takes. Keeps the tensors alive.
class TensorArrays {
 public:
  /// Copies tensors that are on another device or not contiguous.
  void add(const std::string& name, const at::Tensor& tensor);
  [[nodiscard]] const io::NamedArrays& arrays() const { return arrays_; }

 private:
  std::vector<at::Tensor> kept_;
  io::NamedArrays arrays_;
};

}  // namespace albert
