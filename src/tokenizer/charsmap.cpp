#include "tokenizer/charsmap.h"

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

[[noreturn]] void fail_table(const std::string& where, const std::string& what) {
  throw DataError(
      fmt::format("{}: must be a compiled SentencePiece normalisation table, got {}; the file is damaged", where, what));
}

uint32_t read_uint32(std::string_view bytes, size_t position) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<uint8_t>(bytes[position + i])} << (8 * i);
  return value;
}

class Checker {
 public:
  Checker(const std::vector<uint32_t>& units, std::string_view pool, const std::string& where)
      : units_(units), pool_(pool), where_(where), leaves_below_(units.size(), kNew) {}

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

  [[nodiscard]] Unit unit(uint32_t id) const { return Unit(units_[id]); }

  void enter(uint32_t id) {
    const uint32_t base = id ^ unit(id).offset();
    // The children of a unit lie in one aligned block of 256, and SentencePiece reads a cell before it compares its label.
    if ((base | 0xFFU) >= units_.size()) fail("a trie that points out of its array");
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

  [[noreturn]] void fail(const std::string& what) const { fail_table(where_, what); }

  const std::vector<uint32_t>& units_;
  std::string_view pool_;
  const std::string& where_;
  std::vector<uint16_t> leaves_below_;
  std::vector<Step> path_;
};

}  // namespace

Charsmap::Charsmap(std::string_view table, const std::string& where) {
  if (table.empty()) return;
  const auto fail = [&](const std::string& what) { fail_table(where, what); };
  if (table.size() > kMaxCharsmapBytes) fail(fmt::format("{} bytes, more than {}", table.size(), kMaxCharsmapBytes));
  if (table.size() <= 4) fail(fmt::format("only {} bytes", table.size()));
  const uint32_t trie_bytes = read_uint32(table, 0);
  const std::string_view body = table.substr(4);
  if (trie_bytes >= body.size()) fail(fmt::format("a trie of {} bytes in a table of {}", trie_bytes, table.size()));
  if (trie_bytes == 0 || trie_bytes % 1024 != 0) fail(fmt::format("a trie of {} bytes, no multiple of 1024", trie_bytes));
  units_.resize(trie_bytes / 4);
  for (size_t i = 0; i < units_.size(); ++i) units_[i] = read_uint32(body, 4 * i);
  pool_ = body.substr(trie_bytes);
  Checker(units_, pool_, where).run();
}

Charsmap::Match Charsmap::longest_match(std::string_view text) const {
  if (units_.empty()) return {};
  Match match;
  uint32_t value = 0;
  uint32_t base = Unit(units_[0]).offset();
  for (size_t i = 0; i < text.size(); ++i) {
    const auto label = static_cast<uint8_t>(text[i]);
    const uint32_t id = base ^ label;
    const Unit unit(units_[id]);
    if (unit.label() != label) break;
    base = id ^ unit.offset();
    if (!unit.has_leaf()) continue;
    match.length = i + 1;
    value = Unit(units_[base]).value();
  }
  if (match.length > 0) match.replacement = pool_.c_str() + value;
  return match;
}

bool Charsmap::concerns_ascii(char first) const {
  if (longest_match({&first, 1}).length > 0) return true;
  if (units_.empty()) return false;
  const auto label = static_cast<uint8_t>(first);
  const uint32_t id = Unit(units_[0]).offset() ^ label;
  if (Unit(units_[id]).label() != label) return false;
  const uint32_t base = id ^ Unit(units_[id]).offset();
  for (uint32_t next = 0; next < 0x80; ++next) {
    if (Unit(units_[base ^ next]).label() == next) return true;
  }
  return false;
}

bool Charsmap::for_each_rule(const std::function<bool(char32_t)>& is_wanted,
                             const std::function<void(std::string_view, std::string_view)>& visit) const {
  struct Step {
    uint32_t base = 0;       // child of byte c: base ^ c
    size_t character = 0;    // where in the text the character begins that the child's byte belongs to
    uint32_t next_label = 1;
  };
  constexpr size_t kMaxCharacterBytes = 4;
  if (units_.empty()) return true;
  std::string text;
  std::vector<Step> path{{.base = Unit(units_[0]).offset()}};
  for (size_t visited = 0; !path.empty();) {
    Step& step = path.back();
    if (step.next_label == 256) {
      path.pop_back();
      if (!text.empty()) text.pop_back();
      continue;
    }
    const uint32_t label = step.next_label++;
    const uint32_t id = step.base ^ label;
    const Unit unit(units_[id]);
    if (unit.label() != label) continue;
    if (++visited > kMaxVisitedUnits) return false;
    text += static_cast<char>(label);
    const std::string_view character = std::string_view(text).substr(step.character);
    const bool is_whole = is_valid_utf8(character);
    if (is_whole ? !is_wanted(last_code_point(character)) : character.size() >= kMaxCharacterBytes) {
      text.pop_back();
      continue;
    }
    const uint32_t base = id ^ unit.offset();
    if (is_whole && unit.has_leaf()) visit(text, pool_.c_str() + Unit(units_[base]).value());
    path.push_back({.base = base, .character = is_whole ? text.size() : step.character});
  }
  return true;
}

std::string Charsmap::table() const {
  std::string result;
  const auto append = [&](uint32_t value) {
    for (uint32_t shift = 0; shift < 32; shift += 8) result += static_cast<char>((value >> shift) & 0xFFU);
  };
  if (units_.empty()) return result;
  append(static_cast<uint32_t>(4 * units_.size()));
  for (const uint32_t unit : units_) append(unit);
  return result + pool_;
}

}  // namespace albert
