#include "tokenizer/double_array.h"

#include <algorithm>
#include <bitset>
#include <deque>

#include "albert/base/error.h"

namespace albert {

/// Places the nodes breadth first, so that long keys need no recursion. Only the last few blocks of 256 cells are searched for
/// room: the time per node is bounded, at the price of a few free cells.
class DoubleArrayBuilder {
 public:
  DoubleArrayBuilder(const std::vector<DoubleArray::Key>& keys, std::vector<DoubleArray::Cell>& cells)
      : keys_(keys), cells_(cells) {}

  void run() {
    add_block();
    take(DoubleArray::kRoot);
    std::deque<Node> queue{{.cell = DoubleArray::kRoot, .begin = 0, .end = keys_.size(), .depth = 0}};
    while (!queue.empty()) {
      Node node = queue.front();
      queue.pop_front();
      if (node.begin < node.end && keys_[node.begin].first.size() == node.depth) {
        uint32_t& stored = cells_[node.cell].value_and_label;
        stored = (static_cast<uint32_t>(keys_[node.begin].second) << 8U) | (stored & 0xFFU);
        ++node.begin;
      }
      place_children(node, queue);
    }
  }

 private:
  struct Node {
    uint32_t cell = 0;
    size_t begin = 0;  // of the keys below it
    size_t end = 0;
    size_t depth = 0;
  };
  struct Block {
    uint32_t start = 0;
    std::bitset<256> taken;
    std::bitset<256> is_base;
  };
  static constexpr size_t kOpenBlocks = 4;

  [[nodiscard]] uint8_t label(size_t key, size_t depth) const { return static_cast<uint8_t>(keys_[key].first[depth]); }

  void place_children(const Node& node, std::deque<Node>& queue) {
    labels_.clear();
    const size_t first_child = queue.size();
    for (size_t begin = node.begin; begin < node.end;) {
      const uint8_t c = label(begin, node.depth);
      size_t end = begin + 1;
      while (end < node.end && label(end, node.depth) == c) ++end;
      labels_.push_back(c);
      queue.push_back({.cell = 0, .begin = begin, .end = end, .depth = node.depth + 1});
      begin = end;
    }
    const uint32_t base = find_base();
    cells_[node.cell].base = base;
    for (size_t i = 0; i < labels_.size(); ++i) {
      const uint32_t cell = base ^ labels_[i];
      take(cell);
      cells_[cell].value_and_label |= labels_[i];
      queue[first_child + i].cell = cell;
    }
  }

  uint32_t find_base() {
    if (labels_.empty()) return leaf_base();
    for (Block& block : open_) {
      for (uint32_t offset = 0; offset < 256; ++offset) {
        if (block.is_base[offset]) continue;
        if (std::any_of(labels_.begin(), labels_.end(), [&](uint8_t c) { return block.taken[offset ^ c]; })) continue;
        block.is_base[offset] = true;
        return block.start + offset;
      }
    }
    Block& block = add_block();
    block.is_base[0] = true;
    return block.start;
  }

  /// All leaves share one block that never holds a child.
  uint32_t leaf_base() {
    if (leaf_base_ == 0) {
      leaf_base_ = static_cast<uint32_t>(cells_.size());
      cells_.resize(cells_.size() + 256);
    }
    return leaf_base_;
  }

  Block& add_block() {
    const auto start = static_cast<uint32_t>(cells_.size());
    cells_.resize(cells_.size() + 256);
    if (open_.size() == kOpenBlocks) open_.erase(open_.begin());
    return open_.emplace_back(Block{.start = start, .taken = {}, .is_base = {}});
  }

  void take(uint32_t cell) {
    for (Block& block : open_) {
      if (cell >= block.start && cell - block.start < 256) block.taken[cell - block.start] = true;
    }
  }

  const std::vector<DoubleArray::Key>& keys_;
  std::vector<DoubleArray::Cell>& cells_;
  std::vector<Block> open_;
  std::vector<uint8_t> labels_;
  uint32_t leaf_base_ = 0;
};

DoubleArray::DoubleArray(std::vector<Key> keys) {
  for (const auto& [key, value] : keys) {
    ALBERT_CHECK(!key.empty() && key.find('\0') == std::string_view::npos && value >= 0 && value <= kMaxValue,
                 "bad key of a trie");
  }
  std::sort(keys.begin(), keys.end());
  DoubleArrayBuilder(keys, cells_).run();
}

size_t DoubleArray::longest_prefix(std::string_view text) const {
  size_t longest = 0;
  uint32_t node = kRoot;
  for (size_t i = 0; i < text.size(); ++i) {
    node = child(node, text[i]);
    if (node == kRoot) break;
    if (value(node) != kNoValue) longest = i + 1;
  }
  return longest;
}

}  // namespace albert
