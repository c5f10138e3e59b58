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
constexpr double kSmallestShare = 0.5;  // of an example, that is rounded to a number

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
  bool is_held_out = false;
};

struct ClassPart {
  int64_t key = 0;
  std::vector<size_t> units{};  // those with a member of the class, by first member
  size_t size = 0;              // members
  size_t wanted = 0;
  size_t held_out = 0;

  /// One text cannot be shared out: it goes where its other classes want it.
  [[nodiscard]] bool can_be_split() const { return units.size() > 1; }
};

/// What holding out a text may do to its classes, beside the one that it is held out for.
enum class Care {
  shares,    // none gets more than its number, or than one
  training,  // none is lost to training
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
    for (auto& [key, part] : classes_) {
      if (part.can_be_split()) order.push_back(&part);
    }
    std::ranges::stable_sort(order, {}, [](const ClassPart* part) { return part->size; });
    for (ClassPart* part : order) {
      shuffle(part->units, seed, "held-out", part->key);
      fill(*part, Care::shares);
      fill(*part, Care::training);
    }
    for (ClassPart* part : order) give_one(*part, Care::shares);
    const bool is_empty = std::ranges::none_of(units_, &Unit::is_held_out);
    if (is_empty && !order.empty()) give_one(*order.front(), Care::training);
  }

  [[nodiscard]] HeldOutSplit result(size_t num_examples) const {
    std::vector<bool> is_held_out(num_examples);
    for (const Unit& unit : units_) {
      for (const size_t member : unit.members) is_held_out[member] = unit.is_held_out;
    }
    return split_by(is_held_out);
  }

 private:
  /// Largest remainders first. Smaller shares are left to chance: were some of many rounded up, their texts would be drawn on purpose,
  /// and those of the rest with texts of other classes, and so too many in all.
  void set_wanted(double fraction) {
    std::vector<std::pair<double, ClassPart*>> remainders;
    size_t total = 0;
    size_t sum = 0;
    for (auto& [key, part] : classes_) {
      const double share = fraction * static_cast<double>(part.size);
      if (share < kSmallestShare || !part.can_be_split()) continue;
      part.wanted = static_cast<size_t>(share);
      remainders.emplace_back(share - static_cast<double>(part.wanted), &part);
      total += part.size;
      sum += part.wanted;
    }
    const auto wanted = static_cast<size_t>(std::llround(fraction * static_cast<double>(total)));
    std::ranges::stable_sort(remainders, std::greater{}, &std::pair<double, ClassPart*>::first);
    for (size_t i = 0; i < remainders.size() && sum < wanted; ++i, ++sum) ++remainders[i].second->wanted;
    for (auto& [key, part] : classes_) part.wanted = std::min(part.wanted, part.size - 1);
  }

  /// What holding out `unit` for `part` does to its other classes.
  [[nodiscard]] bool spares_others(const Unit& unit, const ClassPart& part, Care care) const {
    return std::ranges::all_of(unit.classes, [&](const auto& entry) {
      const ClassPart& other = classes_.at(entry.first);
      if (&other == &part || !other.can_be_split()) return true;
      const size_t limit = care == Care::shares ? std::max<size_t>(other.wanted, 1) : other.size - 1;
      return other.held_out + entry.second <= limit;
    });
  }

  void hold_out(Unit& unit) {
    unit.is_held_out = true;
    for (const auto& [key, count] : unit.classes) classes_.at(key).held_out += count;
  }

  /// Holds out texts of the class as long as they fit into its number.
  void fill(ClassPart& part, Care care) {
    for (const size_t index : part.units) {
      if (part.held_out >= part.wanted) return;
      Unit& unit = units_[index];
      if (unit.is_held_out || part.held_out + unit.classes.at(part.key) > part.wanted) continue;
      if (spares_others(unit, part, care)) hold_out(unit);
    }
  }

  /// The smallest text for a class that has none: its share is below one, or below the size of its texts.
  void give_one(const ClassPart& part, Care care) {
    if (part.held_out > 0) return;
    Unit* smallest = nullptr;
    for (const size_t index : part.units) {
      Unit& unit = units_[index];
      const bool is_smaller = smallest == nullptr || unit.members.size() < smallest->members.size();
      if (is_smaller && spares_others(unit, part, care)) smallest = &unit;
    }
    if (smallest != nullptr) hold_out(*smallest);
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
