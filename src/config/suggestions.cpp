#include <albert/config/suggestions.h>

#include <algorithm>
#include <array>
#include <limits>

namespace albert::config {
namespace {

constexpr size_t kLongestName = 64;

std::string simplify(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, 2 * kLongestName)) {
    if (c == '-' || c == '_') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

/// Mistypes that a name of this length may hold and still be recognised.
size_t allowance(size_t length) {
  if (length <= 2) return 0;
  if (length <= 4) return 1;
  return length <= 7 ? 2 : length <= 13 ? 3 : 4;
}

/// "lr" of "learning_rate".
std::string initials(std::string_view name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    if (i == 0 || name[i - 1] == '_' || name[i - 1] == '-') result += name[i];
  }
  return result;
}

bool abbreviates(std::string_view typed, std::string_view known) {
  if (typed.size() < 2) return false;
  if (typed == initials(known)) return true;
  return typed.size() >= 3 && (simplify(known).starts_with(typed) || simplify(known).ends_with(typed));
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kLongestName || b.size() > kLongestName) return std::max(a.size(), b.size());
  using Row = std::array<size_t, kLongestName + 1>;
  Row before_last{};
  Row last{};
  Row current{};
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = current;
  }
  return last[b.size()];
}

std::optional<size_t> typing_distance(std::string_view typed, std::string_view known) {
  const auto a = simplify(typed);
  const auto b = simplify(known);
  if (a.empty() || a.size() > kLongestName) return std::nullopt;
  const auto distance = edit_distance(a, b);
  // As many mistypes as letters that are right would fit any short word.
  if (distance > allowance(std::max(a.size(), b.size())) || 2 * distance > std::max(a.size(), b.size())) return std::nullopt;
  return distance;
}

std::optional<size_t> nearest_name(std::string_view typed, std::span<const std::string> known) {
  std::optional<size_t> nearest;
  size_t nearest_score = std::numeric_limits<size_t>::max();
  for (size_t i = 0; i < known.size(); ++i) {
    const auto distance = typing_distance(typed, known[i]);
    if (!distance) continue;
    const bool same_start = !typed.empty() && !known[i].empty() && typed.front() == known[i].front();
    const size_t score = 2 * *distance + (same_start ? 0 : 1);
    if (score < nearest_score) {
      nearest = i;
      nearest_score = score;
    }
  }
  if (nearest) return nearest;
  const auto lower = simplify(typed);
  for (size_t i = 0; i < known.size(); ++i) {
    if (!abbreviates(lower, known[i])) continue;
    if (nearest) return std::nullopt;  // of several names: none is better than a guess
    nearest = i;
  }
  return nearest;
}

}  // namespace albert::config
