#include "convert/float_array.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace albert {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<float> converted(io::DType type, const std::vector<T>& values, std::vector<int64_t> shape, MatrixLayout layout) {
  const auto bytes = float_bytes({.type = type, .shape = std::move(shape), .bytes = std::as_bytes(std::span(values))}, layout);
  std::vector<float> result(bytes.size() / sizeof(float));
  std::memcpy(result.data(), bytes.data(), bytes.size());
  return result;
}

TEST(FloatArray, WidensHalfPrecision) {
  const std::vector<uint16_t> bits{0x3C00, 0xC000, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x8000, 0x3555};
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(converted(io::DType::f16, bits, {10}, MatrixLayout::as_it_is),
              ElementsAre(1.0F, -2.0F, 0x1p-24F, 0x1.ff8p-15F, 0x1p-14F, 65504.0F, infinity, -infinity, -0.0F, 0x1.554p-2F));
  EXPECT_TRUE(std::isnan(converted(io::DType::f16, std::vector<uint16_t>{0x7E00}, {1}, MatrixLayout::as_it_is).front()));
}

TEST(FloatArray, WidensBrainFloatsAndNarrowsDoubles) {
  EXPECT_THAT(converted(io::DType::bf16, std::vector<uint16_t>{0x3F80, 0xC049}, {2}, MatrixLayout::as_it_is),
              ElementsAre(1.0F, -3.140625F));
  EXPECT_THAT(converted(io::DType::f64, std::vector<double>{0.1}, {1}, MatrixLayout::as_it_is), ElementsAre(0.1F));
}

TEST(FloatArray, TransposesMatricesOfAnyShape) {
  EXPECT_THAT(converted(io::DType::f32, std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}, MatrixLayout::transposed),
              ElementsAre(1, 4, 2, 5, 3, 6));
  std::vector<float> values(static_cast<size_t>(130 * 7));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const auto there = converted(io::DType::f32, values, {130, 7}, MatrixLayout::transposed);
  EXPECT_NE(there, values);
  EXPECT_EQ(converted(io::DType::f32, there, {7, 130}, MatrixLayout::transposed), values);
}

}  // namespace
}  // namespace albert
