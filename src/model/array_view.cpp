#include <albert/base/error.h>
#include <albert/model/array_view.h>

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

namespace albert {
namespace {

struct TypePair {
  at::ScalarType tensor;
  io::DType array;
};
constexpr std::array<TypePair, 19> kTypes{{
    {at::kBool, io::DType::boolean},
    {at::kByte, io::DType::u8},
    {at::kChar, io::DType::i8},
    {at::ScalarType::Float8_e5m2, io::DType::f8_e5m2},
    {at::ScalarType::Float8_e4m3fn, io::DType::f8_e4m3},
    {at::ScalarType::Float8_e8m0fnu, io::DType::f8_e8m0},
    {at::ScalarType::Float8_e4m3fnuz, io::DType::f8_e4m3fnuz},
    {at::ScalarType::Float8_e5m2fnuz, io::DType::f8_e5m2fnuz},
    {at::kShort, io::DType::i16},
    {at::kUInt16, io::DType::u16},
    {at::kHalf, io::DType::f16},
    {at::kBFloat16, io::DType::bf16},
    {at::kInt, io::DType::i32},
    {at::kUInt32, io::DType::u32},
    {at::kFloat, io::DType::f32},
    {at::kComplexFloat, io::DType::c64},
    {at::kDouble, io::DType::f64},
    {at::kLong, io::DType::i64},
    {at::kUInt64, io::DType::u64},
}};

io::DType array_type(at::ScalarType type) {
  for (const TypePair& pair : kTypes) {
    if (pair.tensor == type) return pair.array;
  }
  throw InternalError(fmt::format("no array type for tensors of {}", c10::toString(type)));
}

/// None for elements of 4 and 6 bits, which LibTorch cannot address one by one.
at::ScalarType tensor_type(io::DType type) {
  for (const TypePair& pair : kTypes) {
    if (pair.array == type) return pair.tensor;
  }
  throw InternalError(fmt::format("no tensor type for arrays of {}", io::name(type)));
}

}  // namespace

io::ArrayView array_view(const at::Tensor& tensor) {
  ALBERT_CHECK(tensor.is_cpu() && tensor.is_contiguous(), "only contiguous CPU tensors have a view");
  return {array_type(tensor.scalar_type()),
          {tensor.sizes().begin(), tensor.sizes().end()},
          {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

at::Tensor tensor_view(const io::ArrayView& array) {
  const at::ScalarType type = tensor_type(array.type);
  // from_blob wants a mutable pointer; the comment of this function's declaration forbids writing.
  void* bytes = const_cast<std::byte*>(array.bytes.data());
  const at::Tensor view = at::from_blob(bytes, {static_cast<int64_t>(array.bytes.size())}, at::TensorOptions().dtype(at::kByte));
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(bytes) % (io::size_bits(array.type) / 8) == 0;
  return (is_aligned ? view : view.clone()).view(type).view(array.shape);
}

void TensorArrays::add(const std::string& name, const at::Tensor& tensor) {
  kept_.push_back(tensor.detach().to(at::kCPU).contiguous());
  ALBERT_CHECK(arrays_.emplace(name, array_view(kept_.back())).second, "array {} is there already", name);
}

}  // namespace albert
