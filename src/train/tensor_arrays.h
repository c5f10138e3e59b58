// Between tensors and the raw arrays of checkpoint files.
#pragma once

#include <albert/io/named_tensors.h>

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace albert {

using NamedTensorList = std::vector<std::pair<std::string, at::Tensor>>;

/// Copies on the host where needed (contiguous CPU tensors are not copied), and views of them. Views live as long as this object.
class HostArrays {
 public:
  /// Throws InternalError for a name that occurs twice and for an element type that safetensors lacks.
  explicit HostArrays(const NamedTensorList& tensors);
  [[nodiscard]] const io::NamedArrays& arrays() const { return arrays_; }
  [[nodiscard]] uint64_t size_bytes() const;

 private:
  std::vector<at::Tensor> tensors_;
  io::NamedArrays arrays_;
};

/// Tensors that read the arrays' memory in place; it must outlive them and must not be written.
NamedTensorList tensors_over(const io::NamedArrays& arrays);

}  // namespace albert
