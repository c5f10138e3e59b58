// Element types of the safetensors format: name in the header and size.
#pragma once

#include <albert/io/named_tensors.h>

#include <array>

namespace albert::io {

struct DTypeInfo {
  DType type;
  std::string_view name;
  size_t size_bytes;
};

/// In the order of the reference implementation's enum, which is its order of writing, backwards.
inline constexpr std::array<DTypeInfo, 15> kDTypes{{
    {DType::boolean, "BOOL", 1},
    {DType::u8, "U8", 1},
    {DType::i8, "I8", 1},
    {DType::f8_e5m2, "F8_E5M2", 1},
    {DType::f8_e4m3, "F8_E4M3", 1},
    {DType::i16, "I16", 2},
    {DType::u16, "U16", 2},
    {DType::f16, "F16", 2},
    {DType::bf16, "BF16", 2},
    {DType::i32, "I32", 4},
    {DType::u32, "U32", 4},
    {DType::f32, "F32", 4},
    {DType::f64, "F64", 8},
    {DType::i64, "I64", 8},
    {DType::u64, "U64", 8},
}};

}  // namespace albert::io
