// Numbers of examples that a run passes over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace albert {

/// Examples first, first + 1, ... end - 1, counted from the start of a run.
struct ExampleRange {
  int64_t first = 0;
  int64_t end = 0;
  bool operator==(const ExampleRange&) const = default;
};

/// `number`, or the next one that is in none of the ranges (rising, without overlap).
inline int64_t skip_passed_over(int64_t number, const std::vector<ExampleRange>& passed_over) {
  for (const ExampleRange& range : passed_over) {
    if (number >= range.first && number < range.end) number = range.end;
  }
  return number;
}

/// The number behind `count` examples from `number` on, those passed over not counted.
inline int64_t advance(int64_t number, int64_t count, const std::vector<ExampleRange>& passed_over) {
  for (const ExampleRange& range : passed_over) {
    if (range.end <= number) continue;
    if (range.first >= number + count) break;
    count -= std::max<int64_t>(range.first - number, 0);
    number = range.end;
  }
  return number + count;
}

/// Adds a range where it belongs; ranges that touch become one.
inline void pass_over(std::vector<ExampleRange>& passed_over, ExampleRange added) {
  std::vector<ExampleRange> result;
  for (const ExampleRange& range : passed_over) {
    if (range.end < added.first || range.first > added.end) {
      result.push_back(range);
    } else {
      added = {std::min(added.first, range.first), std::max(added.end, range.end)};
    }
  }
  result.insert(std::upper_bound(result.begin(), result.end(), added, [](const auto& a, const auto& b) { return a.first < b.first; }), added);
  passed_over = std::move(result);
}

}  // namespace albert
