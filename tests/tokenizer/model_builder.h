// Writes the bytes of a `spiece.model` field by field, sound or hostile.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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

// Compiled normalisation tables: units of the trie by their place.
inline constexpr uint32_t kLeaf = 1U << 8U;
constexpr uint32_t offset(uint32_t value) { return value << 10U; }
constexpr uint32_t leaf_value(uint32_t value) { return value | 0x80000000U; }
inline constexpr uint32_t kA = 256 + 'a';  // where the root's child by 'a' lies
inline constexpr uint32_t kValue = 456;    // where its value lies

/// A table with a trie of two blocks and a pool; the root's children are in the second block. Units that are not given match no
/// byte.
inline std::string charsmap(const std::vector<std::pair<uint32_t, uint32_t>>& units, const std::string& pool) {
  constexpr size_t num_units = 512;
  std::vector<uint32_t> trie(num_units, 0x80000000U);
  trie[0] = offset(256);
  for (const auto& [index, unit] : units) trie[index] = unit;
  std::string result = little_endian(static_cast<uint32_t>(num_units * 4));
  for (const uint32_t unit : trie) result += little_endian(unit);
  return result + pool;
}
/// A rule for "a" whose replacement lies at `value` of the pool.
inline std::string charsmap_of_a(uint32_t value, const std::string& pool) {
  return charsmap({{kA, 'a' | kLeaf | offset(kA ^ kValue)}, {kValue, leaf_value(value)}}, pool);
}

/// Rules for "a", "aa", ... up to `depth`. The bases are cells with bit 6 clear, so that the children by 'a' have it set.
inline std::string charsmap_of_nested_rules(uint32_t depth) {
  const auto base_of = [](uint32_t level) { return 256 + (level % 64) + (level / 64) * 128; };
  std::vector<std::pair<uint32_t, uint32_t>> units;
  for (uint32_t level = 0; level < depth; ++level) {
    const uint32_t id = base_of(level) ^ 'a';
    units.emplace_back(id, 'a' | kLeaf | offset(id ^ base_of(level + 1)));
    units.emplace_back(base_of(level + 1), leaf_value(0));
  }
  return charsmap(units, std::string("b\0", 2));
}

}  // namespace albert::testing
