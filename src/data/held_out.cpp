#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/held_out.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace albert {
namespace {

/// Members of each class or group, keys ascending.
std::map<int64_t, std::vector<size_t>> members_of(std::span<const int64_t> keys) {
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < keys.size(); ++i) members[keys[i]].push_back(i);
  return members;
}

void shuffle(std::vector<size_t>& items, uint64_t seed, std::string_view purpose, int64_t key) {
  RandomStream(seed, purpose, static_cast<uint64_t>(key)).shuffle(std::span(items));
}

HeldOutSplit split_by(const std::vector<bool>& is_held_out) {
  HeldOutSplit split;
  for (size_t i = 0; i < is_held_out.size(); ++i) (is_held_out[i] ? split.held_out : split.train).push_back(i);
  return split;
}

struct Quota {
  int64_t key = 0;
  size_t size = 0;
  size_t wanted = 0;
  double remainder = 0;
};

/// How many of each class are held out: largest remainders, then at least one and at most all but one of each class of two or
/// more.
std::vector<Quota> quotas_of(const std::map<int64_t, std::vector<size_t>>& members, double fraction, size_t num_examples) {
  std::vector<Quota> quotas;
  size_t sum = 0;
  for (const auto& [key, indices] : members) {
    const double share = fraction * static_cast<double>(indices.size());
    const auto whole = static_cast<size_t>(share);
    quotas.push_back({key, indices.size(), whole, share - static_cast<double>(whole)});
    sum += whole;
  }
  const auto wanted = static_cast<size_t>(std::llround(fraction * static_cast<double>(num_examples)));
  std::vector<size_t> order(quotas.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return quotas[a].remainder > quotas[b].remainder; });
  for (size_t i = 0; i < order.size() && sum < wanted; ++i, ++sum) ++quotas[order[i]].wanted;
  for (Quota& quota : quotas) quota.wanted = quota.size < 2 ? 0 : std::clamp<size_t>(quota.wanted, 1, quota.size - 1);
  return quotas;
}

void check_fraction(double fraction) { ALBERT_CHECK(fraction > 0 && fraction < 1, "fraction {}", fraction); }

}  // namespace

HeldOutSplit hold_out_by_class(std::span<const int64_t> classes, double fraction, uint64_t seed) {
  check_fraction(fraction);
  auto members = members_of(classes);
  std::vector<bool> is_held_out(classes.size());
  size_t num_held_out = 0;
  for (const Quota& quota : quotas_of(members, fraction, classes.size())) {
    auto& indices = members[quota.key];
    shuffle(indices, seed, "held-out", quota.key);
    for (size_t i = 0; i < quota.wanted; ++i) is_held_out[indices[i]] = true;
    num_held_out += quota.wanted;
  }
  if (num_held_out == 0) {
    throw DataError(fmt::format(
        "data.train: expected a class with at least two examples to hold some out, got {} examples; give data.validation",
        classes.size()));
  }
  return split_by(is_held_out);
}

HeldOutSplit hold_out_by_group(std::span<const int64_t> groups, double fraction, uint64_t seed) {
  check_fraction(fraction);
  const auto members = members_of(groups);
  if (members.size() < 2) {
    throw DataError(fmt::format(
        "data.train: expected at least two articles or passages to hold one out, got {}; give data.validation", members.size()));
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
