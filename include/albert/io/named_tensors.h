// Raw named arrays: what a checkpoint file holds, without LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

/// Element types of the safetensors format.
enum class DType { boolean, u8, i8, f8_e5m2, f8_e4m3, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };
[[nodiscard]] size_t size_bytes(DType type);
[[nodiscard]] std::string_view name(DType type);  ///< "F32", ...

/// A view of one array: row-major, contiguous; does not own its bytes.
struct ArrayView {
  DType type = DType::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Views by name, in the order of names.
using NamedArrays = std::map<std::string, ArrayView, std::less<>>;

}  // namespace albert::io
