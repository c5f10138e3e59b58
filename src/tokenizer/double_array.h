// A trie over byte strings for "which keys begin here?", in one array.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace albert {

/// Keys with a value each. Double array in XOR form (Aoe 1989; Yata's Darts-clone): the child of a node by byte c lies at
/// `base ^ c` and carries c as its label. No two nodes have the same base, so the label alone tells the parents apart.
/// Keys hold no NUL byte: label 0 marks a free cell.
class DoubleArray {
 public:
  using Key = std::pair<std::string_view, int32_t>;
  static constexpr int32_t kNoValue = -1;
  static constexpr int32_t kMaxValue = (1 << 24) - 2;

  DoubleArray() : DoubleArray(std::vector<Key>{}) {}
  /// `keys` in any order, unique, not empty, without NUL; values in [0, kMaxValue].
  explicit DoubleArray(std::vector<Key> keys);

  static constexpr uint32_t kRoot = 0;
  /// The child of `node` by byte `c`, or kRoot if there is none.
  [[nodiscard]] uint32_t child(uint32_t node, char c) const {
    const auto label = static_cast<uint8_t>(c);
    const uint32_t next = cells_[node].base ^ label;
    return label != 0 && (cells_[next].value_and_label & 0xFFU) == label ? next : kRoot;
  }
  /// The value of the key that ends at `node`, or kNoValue.
  [[nodiscard]] int32_t value(uint32_t node) const {
    const uint32_t value = cells_[node].value_and_label >> 8U;
    return value == kStoredNone ? kNoValue : static_cast<int32_t>(value);
  }
  /// Length of the longest key that `text` begins with; 0 if none.
  [[nodiscard]] size_t longest_prefix(std::string_view text) const;

 private:
  friend class DoubleArrayBuilder;
  static constexpr uint32_t kStoredNone = 0xFFFFFF;
  struct Cell {
    uint32_t base = 0;
    uint32_t value_and_label = kStoredNone << 8U;
  };
  std::vector<Cell> cells_;
};

}  // namespace albert
