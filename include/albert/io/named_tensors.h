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

/// Element types of the safetensors format, as its reference library 0.8 knows them. Those of 4 and 6 bits are packed.
enum class DType {
  boolean, f4, f6_e2m3, f6_e3m2, u8, i8, f8_e5m2, f8_e4m3, f8_e8m0, f8_e4m3fnuz, f8_e5m2fnuz,
  i16, u16, f16, bf16, i32, u32, f32, c64, f64, i64, u64
};
[[nodiscard]] size_t size_bits(DType type);
[[nodiscard]] std::string_view name(DType type);  ///< "F32", ...
/// A real number of 16 bits or more, which a parameter can be made of. Those of 8 bits stand for one only with a scale, a tensor of its own
/// whose name and shape differ from writer to writer.
[[nodiscard]] bool is_floating(DType type);

/// A view of one array: row-major, contiguous; does not own its bytes.
struct ArrayView {
  DType type = DType::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Views by name, in the order of names.
using NamedArrays = std::map<std::string, ArrayView, std::less<>>;

}  // namespace albert::io
