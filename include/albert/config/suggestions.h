// "Did you mean": the known name nearest to one that is not known.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace albert::config {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (Damerau-Levenshtein, restricted form:
/// optimal string alignment). Bytes, not characters. Texts over 64 bytes count as far from everything.
size_t edit_distance(std::string_view a, std::string_view b);

/// edit_distance that ignores case, '-' and '_'; nullopt when that is more than a mistype of a name of this length.
std::optional<size_t> typing_distance(std::string_view typed, std::string_view known);

/// Index of the nearest of `known`: by typing_distance, else the only one that `typed` abbreviates ("lr" for "learning_rate",
/// "warm" for "warmup_steps"); nullopt when none is near. Ties go to the same first letter, then to the first.
std::optional<size_t> nearest_name(std::string_view typed, std::span<const std::string> known);

}  // namespace albert::config
