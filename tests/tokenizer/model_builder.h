// Writes the bytes of a `spiece.model` field by field, sound or hostile.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace albert::testing {

inline std::string varint(uint64_t value) {
  std::string result;
  for (; value >= 0x80; value >>= 7U) result += static_cast<char>(value | 0x80U);
  return result + static_cast<char>(value);
}
inline std::string number_field(uint32_t number, uint64_t value) { return varint(number << 3U) + varint(value); }
inline std::string bytes_field(uint32_t number, std::string_view bytes) {
  return varint((number << 3U) | 2U) + varint(bytes.size()) + std::string(bytes);
}
inline std::string little_endian(uint32_t value) {
  std::string result;
  for (unsigned i = 0; i < 32; i += 8) result += static_cast<char>(value >> i);
  return result;
}
inline std::string float_field(uint32_t number, float value) {
  return varint((number << 3U) | 5U) + little_endian(std::bit_cast<uint32_t>(value));
}

inline constexpr uint64_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6;

struct TestPiece {
  std::string text;
  float score = -1;
  uint64_t type = kNormal;
};

/// A small ALBERT vocabulary; change a part of it, then ask for the bytes.
struct ModelBuilder {
  std::vector<TestPiece> pieces = {{"<pad>", 0, kControl},
                                   {"<unk>", 0, kUnknown},
                                   {"[CLS]", 0, kControl},
                                   {"[SEP]", 0, kControl},
                                   {"[MASK]", 0, kControl},
                                   {"-", 0, kUserDefined},
                                   {"\u2581", -2},
                                   {"a", -3},
                                   {"b", -3.5},
                                   {"\u2581ab", -4},
                                   {"\u25811,", -3},
                                   {"1", -5},
                                   {",", -5},
                                   {"\u25811", -5},
                                   {"\u2581the", -2.5}};
  std::string trainer = number_field(3, 1) + number_field(40, 1) + number_field(41, UINT64_MAX) + number_field(42, UINT64_MAX) +
                        number_field(43, 0);
  std::string normalizer = bytes_field(1, "identity");
  std::string extra;  ///< more fields of the model

  [[nodiscard]] std::string bytes() const {
    std::string result;
    for (const TestPiece& piece : pieces) {
      result += bytes_field(1, bytes_field(1, piece.text) + float_field(2, piece.score) + number_field(3, piece.type));
    }
    return result + bytes_field(2, trainer) + bytes_field(3, normalizer) + extra;
  }
};

}  // namespace albert::testing
