#include "train/tensor_arrays.h"

#include <albert/base/error.h>

#include <ATen/ATen.h>

#include <array>

namespace albert {
namespace {

constexpr std::array kTypes = {
    std::pair{io::DType::boolean, at::kBool}, std::pair{io::DType::u8, at::kByte},  std::pair{io::DType::i8, at::kChar},
    std::pair{io::DType::i16, at::kShort},    std::pair{io::DType::f16, at::kHalf}, std::pair{io::DType::bf16, at::kBFloat16},
    std::pair{io::DType::i32, at::kInt},      std::pair{io::DType::f32, at::kFloat}, std::pair{io::DType::f64, at::kDouble},
    std::pair{io::DType::i64, at::kLong},
};

io::DType to_array_type(at::ScalarType type, const std::string& name) {
  for (const auto& [array_type, tensor_type] : kTypes) {
    if (tensor_type == type) return array_type;
  }
  throw InternalError(fmt::format("{}: element type {} cannot be saved", name, c10::toString(type)));
}

at::ScalarType to_tensor_type(io::DType type, const std::string& name) {
  for (const auto& [array_type, tensor_type] : kTypes) {
    if (array_type == type) return tensor_type;
  }
  throw IoError(fmt::format("{}: wanted an element type that training uses, got {}", name, io::name(type)));
}

}  // namespace

HostArrays::HostArrays(const NamedTensorList& tensors) {
  for (const auto& [name, tensor] : tensors) {
    tensors_.push_back(tensor.detach().to(at::kCPU).contiguous());
    const at::Tensor& host = tensors_.back();
    io::ArrayView view{.type = to_array_type(host.scalar_type(), name),
                       .shape = host.sizes().vec(),
                       .bytes = {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}};
    ALBERT_CHECK(arrays_.emplace(name, std::move(view)).second, "two tensors of a checkpoint are named {}", name);
  }
}

uint64_t HostArrays::size_bytes() const {
  uint64_t total = 0;
  for (const auto& [name, view] : arrays_) total += view.bytes.size();
  return total;
}

NamedTensorList tensors_over(const io::NamedArrays& arrays) {
  NamedTensorList tensors;
  for (const auto& [name, view] : arrays) {
    // from_blob takes a pointer to non-const, but the callers only read.
    auto* data = const_cast<std::byte*>(view.bytes.data());
    tensors.emplace_back(name, at::from_blob(data, view.shape, at::TensorOptions(to_tensor_type(view.type, name))));
  }
  return tensors;
}

}  // namespace albert
