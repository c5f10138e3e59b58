// One answer, normalised once for all comparisons.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// They differ in the F1 of answers without a word only.
enum class SquadVersion { v1, v2 };

struct NormalizedAnswer {
  explicit NormalizedAnswer(std::string_view answer);

  std::vector<std::string> sorted_words;
  std::string text;
};

double answer_f1(const NormalizedAnswer& prediction, const NormalizedAnswer& answer, SquadVersion version);

}  // namespace albert
