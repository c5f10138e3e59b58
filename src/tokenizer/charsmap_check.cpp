#include "tokenizer/charsmap_check.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "albert/base/error.h"
#include "albert/tokenizer/model_check.h"
#include "tokenizer/utf8.h"

namespace albert {
namespace {

/// One cell of the double array; the bit layout is Darts-clone's.
class Unit {
 public:
  explicit Unit(uint32_t bits) : bits_(bits) {}
  [[nodiscard]] bool has_leaf() const { return ((bits_ >> 8U) & 1U) != 0; }
  [[nodiscard]] uint32_t value() const { return bits_ & 0x7FFFFFFFU; }
  [[nodiscard]] uint32_t label() const { return bits_ & 0x800000FFU; }  // of a leaf: never a byte
  [[nodiscard]] uint32_t offset() const { return (bits_ >> 10U) << ((bits_ & (1U << 9U)) >> 6U); }

 private:
  uint32_t bits_;
};

class Checker {
 public:
  Checker(std::string_view trie, std::string_view pool, const std::string& where)
      : trie_(trie), pool_(pool), where_(where), num_units_(trie.size() / 4), leaves_below_(num_units_, kNew) {}

  void run() {
    enter(0);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next_label == 256) {
        leave();
        continue;
      }
      const uint32_t label = step.next_label++;
      const uint32_t child = step.base ^ label;
      if (unit(child).label() != label) continue;
      if (leaves_below_[child] == kOnPath) fail("a trie that runs in a circle");
      if (leaves_below_[child] == kNew) {
        enter(child);
      } else {
        step.most_leaves = std::max(step.most_leaves, leaves_below_[child]);
      }
    }
  }

 private:
  // leaves_below_: of a finished unit, the most leaves on a way down from it, its own included.
  static constexpr uint16_t kNew = 0xFFFF;
  static constexpr uint16_t kOnPath = 0xFFFE;
  struct Step {
    uint32_t id = 0;
    uint32_t base = 0;  // child of byte c: base ^ c
    uint32_t next_label = 0;
    uint16_t most_leaves = 0;
  };

  [[nodiscard]] Unit unit(uint32_t id) const {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 4; ++i) bits |= uint32_t{static_cast<uint8_t>(trie_[size_t{id} * 4 + i])} << (8 * i);
    return Unit(bits);
  }

  void enter(uint32_t id) {
    const uint32_t base = id ^ unit(id).offset();
    // The children of a unit lie in one aligned block of 256, and SentencePiece reads a cell before it compares its label.
    if ((base | 0xFFU) >= num_units_) fail("a trie that points out of its array");
    if (unit(id).has_leaf()) check_replacement(unit(base).value());
    leaves_below_[id] = kOnPath;
    path_.push_back({.id = id, .base = base});
  }

  void leave() {
    const Step done = path_.back();
    path_.pop_back();
    const auto leaves = static_cast<uint16_t>(done.most_leaves + (unit(done.id).has_leaf() ? 1 : 0));
    if (leaves > kMaxNestedPrefixes) fail(fmt::format("more than {} rules that begin with one another", kMaxNestedPrefixes));
    leaves_below_[done.id] = leaves;
    if (!path_.empty()) path_.back().most_leaves = std::max(path_.back().most_leaves, leaves);
  }

  void check_replacement(uint32_t start) const {
    if (start >= pool_.size()) fail("a rule that points behind the replacements");
    const std::string_view text = pool_.substr(start, kMaxReplacementBytes + 1);
    const size_t length = text.find('\0');
    if (length == std::string_view::npos) {
      fail(fmt::format("a replacement of more than {} bytes, or without an end", kMaxReplacementBytes));
    }
    if (!is_valid_utf8(text.substr(0, length))) fail("a replacement that is not UTF-8: " + quote_bytes(text.substr(0, length)));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("{}: must be a compiled SentencePiece normalisation table, got {}; the file is damaged", where_, what));
  }

  std::string_view trie_;
  std::string_view pool_;
  const std::string& where_;
  size_t num_units_;
  std::vector<uint16_t> leaves_below_;
  std::vector<Step> path_;
};

}  // namespace

void check_charsmap(std::string_view table, const std::string& where) {
  if (table.empty()) return;  // no table: the identity
  const auto fail = [&](const std::string& what) {
    throw DataError(fmt::format("{}: must be a compiled SentencePiece normalisation table, got {}; the file is damaged", where, what));
  };
  if (table.size() > kMaxCharsmapBytes) fail(fmt::format("{} bytes, more than {}", table.size(), kMaxCharsmapBytes));
  if (table.size() <= 4) fail(fmt::format("only {} bytes", table.size()));
  uint32_t trie_bytes = 0;
  for (uint32_t i = 0; i < 4; ++i) trie_bytes |= uint32_t{static_cast<uint8_t>(table[i])} << (8 * i);
  const std::string_view body = table.substr(4);
  if (trie_bytes >= body.size()) fail(fmt::format("a trie of {} bytes in a table of {}", trie_bytes, table.size()));
  if (trie_bytes == 0 || trie_bytes % 1024 != 0) fail(fmt::format("a trie of {} bytes, no multiple of 1024", trie_bytes));
  Checker(body.substr(0, trie_bytes), body.substr(trie_bytes), where).run();
}

}  // namespace albert
