#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/held_out.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace albert {
namespace {

constexpr int64_t kWithoutClass = -1;

void shuffle(std::vector<size_t>& items, uint64_t seed, std::string_view purpose, int64_t key) {
  RandomStream(seed, purpose, static_cast<uint64_t>(key)).shuffle(std::span(items));
}

HeldOutSplit split_by(const std::vector<bool>& is_held_out) {
  HeldOutSplit split;
  for (size_t i = 0; i < is_held_out.size(); ++i) (is_held_out[i] ? split.held_out : split.train).push_back(i);
  return split;
}

void check_fraction(double fraction) { ALBERT_CHECK(fraction > 0 && fraction < 1, "fraction {}", fraction); }

/// Examples with the same text.
struct Unit {
  std::vector<size_t> members{};
  std::map<int64_t, size_t> classes{};  // members of each
  enum class Side { open, train, held_out } side = Side::open;
};

struct ClassPart {
  int64_t key = 0;
  std::vector<size_t> units{};  // those with a member of the class, by first member
  size_t size = 0;              // members
  size_t wanted = 0;
  size_t held_out = 0;
};

/// hold_out_by_class, step by step.
class ClassSplit {
 public:
  ClassSplit(std::span<const HeldOutExample> examples, double fraction) {
    std::unordered_map<uint64_t, size_t> unit_of;
    for (size_t i = 0; i < examples.size(); ++i) {
      const auto [place, is_new] = unit_of.try_emplace(examples[i].text, units_.size());
      if (is_new) units_.emplace_back();
      Unit& unit = units_[place->second];
      unit.members.push_back(i);
      for (const int64_t key : examples[i].classes) ++unit.classes[key];
      if (examples[i].classes.empty()) ++unit.classes[kWithoutClass];
    }
    for (size_t i = 0; i < units_.size(); ++i) {
      for (const auto& [key, count] : units_[i].classes) {
        ClassPart& part = classes_[key];
        part.key = key;
        part.units.push_back(i);
        part.size += count;
      }
    }
    set_wanted(fraction);
  }

  void run(uint64_t seed) {
    std::vector<ClassPart*> order;
    for (auto& [key, part] : classes_) order.push_back(&part);
    std::ranges::stable_sort(order, {}, [](const ClassPart* part) { return part->size; });
    for (ClassPart* part : order) {
      shuffle(part->units, seed, "held-out", part->key);
      fill(*part);
    }
  }

  [[nodiscard]] HeldOutSplit result(size_t num_examples) const {
    std::vector<bool> is_held_out(num_examples);
    for (const Unit& unit : units_) {
      for (const size_t member : unit.members) is_held_out[member] = unit.side == Unit::Side::held_out;
    }
    return split_by(is_held_out);
  }

 private:
  void set_wanted(double fraction) {
    std::vector<std::pair<double, ClassPart*>> remainders;
    size_t total = 0;
    size_t sum = 0;
    for (auto& [key, part] : classes_) {
      const double share = fraction * static_cast<double>(part.size);
      part.wanted = static_cast<size_t>(share);
      remainders.emplace_back(share - static_cast<double>(part.wanted), &part);
      total += part.size;
      sum += part.wanted;
    }
    const auto wanted = static_cast<size_t>(std::llround(fraction * static_cast<double>(total)));
    std::ranges::stable_sort(remainders, std::greater{}, &std::pair<double, ClassPart*>::first);
    for (size_t i = 0; i < remainders.size() && sum < wanted; ++i, ++sum) ++remainders[i].second->wanted;
    for (auto& [key, part] : classes_) part.wanted = part.units.size() < 2 ? 0 : std::clamp<size_t>(part.wanted, 1, part.size - 1);
  }

  /// Whether no class gets too much; `but_for` may.
  [[nodiscard]] bool fits(const Unit& unit, const ClassPart* but_for = nullptr) const {
    return std::ranges::all_of(unit.classes, [&](const auto& entry) {
      const ClassPart& part = classes_.at(entry.first);
      return &part == but_for || part.held_out + entry.second <= part.wanted;
    });
  }

  void hold_out(Unit& unit) {
    unit.side = Unit::Side::held_out;
    for (const auto& [key, count] : unit.classes) classes_.at(key).held_out += count;
  }

  /// Decides about all units of a class.
  void fill(ClassPart& part) {
    Unit* smallest = nullptr;  // of those that would be too much of this class alone
    for (const size_t index : part.units) {
      Unit& unit = units_[index];
      if (unit.side != Unit::Side::open) continue;
      if (fits(unit)) {
        hold_out(unit);
      } else if (fits(unit, &part) && (smallest == nullptr || unit.members.size() < smallest->members.size())) {
        smallest = &unit;
      }
    }
    if (part.held_out == 0 && part.wanted > 0 && smallest != nullptr) hold_out(*smallest);
    for (const size_t index : part.units) {
      if (units_[index].side == Unit::Side::open) units_[index].side = Unit::Side::train;
    }
  }

  std::vector<Unit> units_{};
  std::map<int64_t, ClassPart> classes_{};
};

/// For each example the smallest group that it hangs together with by equal texts.
std::vector<int64_t> joined_groups(std::span<const int64_t> groups, std::span<const uint64_t> texts) {
  std::unordered_map<int64_t, int64_t> parents;
  const auto root = [&](int64_t group) {
    while (parents.try_emplace(group, group).first->second != group) group = parents.at(group);
    return group;
  };
  std::unordered_map<uint64_t, int64_t> first;
  for (size_t i = 0; i < groups.size(); ++i) {
    const int64_t other = first.try_emplace(texts[i], groups[i]).first->second;
    const auto [low, high] = std::minmax({root(groups[i]), root(other)});
    parents[high] = low;
  }
  std::vector<int64_t> joined;
  for (const int64_t group : groups) joined.push_back(root(group));
  return joined;
}

}  // namespace

HeldOutSplit hold_out_by_class(std::span<const HeldOutExample> examples, double fraction, uint64_t seed) {
  check_fraction(fraction);
  ClassSplit split(examples, fraction);
  split.run(seed);
  auto result = split.result(examples.size());
  if (!result.held_out.empty()) return result;
  throw DataError(fmt::format(
      "data.train: expected a class with at least two different texts to hold some out, got {} examples; give data.validation",
      examples.size()));
}

HeldOutSplit hold_out_by_group(std::span<const int64_t> groups, std::span<const uint64_t> texts, double fraction, uint64_t seed) {
  check_fraction(fraction);
  ALBERT_CHECK(groups.size() == texts.size(), "{} texts for {} examples", texts.size(), groups.size());
  std::map<int64_t, std::vector<size_t>> members;
  const auto joined = joined_groups(groups, texts);
  for (size_t i = 0; i < joined.size(); ++i) members[joined[i]].push_back(i);
  if (members.size() < 2) {
    throw DataError(fmt::format(
        "data.train: expected at least two articles or passages of different texts to hold one out, got {}; give data.validation",
        members.size()));
  }
  std::vector<size_t> order;  // of the groups
  std::vector<const std::vector<size_t>*> lists;
  for (const auto& [key, indices] : members) {
    order.push_back(lists.size());
    lists.push_back(&indices);
  }
  shuffle(order, seed, "held-out groups", 0);
  const double wanted = fraction * static_cast<double>(groups.size());
  std::vector<bool> is_held_out(groups.size());
  double sum = 0;
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    const auto size = static_cast<double>(lists[order[i]]->size());
    // A group that would lead further away than it brings near is passed over, but the first is never.
    if (i > 0 && std::abs(sum + size - wanted) >= std::abs(sum - wanted)) continue;
    for (const size_t index : *lists[order[i]]) is_held_out[index] = true;
    sum += size;
  }
  return split_by(is_held_out);
}

}  // namespace albert
