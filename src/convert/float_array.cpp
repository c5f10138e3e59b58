#include "convert/float_array.h"

#include <albert/base/error.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace albert {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors and ONNX are little-endian, and so are we");

template <typename T>
T load(const std::byte* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
float half_to_float(uint16_t bits) {
  const uint32_t exponent = bits >> 10U & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  float magnitude = std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction | 0x400U),
                               std::max<int>(static_cast<int>(exponent), 1) - 25);
  if (exponent == 0x1F)
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

/// Of a finite value infinity would be made without a word.
float narrowed(double value) {
  constexpr auto kLargest = std::numeric_limits<float>::max();
  if (std::isfinite(value) && std::abs(value) > kLargest) {
    throw IoError(fmt::format("finite values must be within +-{:g} to become fp32, got {:g}; a folder of Hugging Face keeps F64", kLargest, value));
  }
  return static_cast<float>(value);
}

float load_float(io::DType type, const std::byte* bytes) {
  switch (type) {
    case io::DType::f32:
      return load<float>(bytes);
    case io::DType::f64:
      return narrowed(load<double>(bytes));
    case io::DType::f16:
      return half_to_float(load<uint16_t>(bytes));
    case io::DType::bf16:
      return std::bit_cast<float>(uint32_t{load<uint16_t>(bytes)} << 16U);
    default:
      throw InternalError("no floating type");
  }
}

}  // namespace

bool has_float_form(io::DType type) {
  return type == io::DType::f32 || type == io::DType::f64 || type == io::DType::f16 || type == io::DType::bf16;
}

std::vector<std::byte> float_bytes(const io::ArrayView& array, MatrixLayout layout) {
  const size_t width = io::size_bits(array.type) / 8;
  const size_t count = array.bytes.size() / width;
  std::vector<std::byte> result(count * sizeof(float));
  const auto copy = [&](size_t from, size_t to) {
    const float value = load_float(array.type, array.bytes.data() + from * width);
    std::memcpy(result.data() + to * sizeof(float), &value, sizeof(float));
  };
  if (layout == MatrixLayout::as_it_is) {
    for (size_t i = 0; i < count; ++i) copy(i, i);
    return result;
  }
  ALBERT_CHECK(array.shape.size() == 2, "only a matrix can be transposed, got {} dimensions", array.shape.size());
  const auto rows = static_cast<size_t>(array.shape[0]);
  const auto columns = static_cast<size_t>(array.shape[1]);
  constexpr size_t kBlock = 64;  // rows whose cache lines stay while a column goes through them
  for (size_t first = 0; first < rows; first += kBlock) {
    const size_t end = std::min(first + kBlock, rows);
    for (size_t column = 0; column < columns; ++column) {
      for (size_t row = first; row < end; ++row) copy(row * columns + column, column * rows + row);
    }
  }
  return result;
}

}  // namespace albert
