// create_masked_lm_predictions of google-research/albert, as literally as C++ allows: the yardstick of the statistics. It shares no
// code with src/data/masking.cpp and draws from the standard library.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace albert::testing {

struct ReferenceMasks {
  std::set<int32_t> positions;
};

/// `starts` tells for each position whether a word begins there; `special` whether it is [CLS] or [SEP].
inline ReferenceMasks reference_masks(const std::vector<bool>& starts, const std::vector<bool>& special, double probability, int max_ngram,
                                      int max_predictions, std::mt19937_64& random) {
  std::vector<std::vector<int32_t>> cand_indexes;
  bool after_special = true;
  for (size_t i = 0; i < starts.size(); ++i) {
    if (special[i]) {
      after_special = true;
      continue;
    }
    if (!starts[i] && !after_special) cand_indexes.back().push_back(static_cast<int32_t>(i));
    else cand_indexes.push_back({static_cast<int32_t>(i)});
    after_special = false;
  }
  const auto num_to_predict = static_cast<size_t>(
      std::min<double>(max_predictions, std::max(1.0, std::nearbyint(static_cast<double>(starts.size()) * probability))));
  std::vector<double> pvals;
  for (int n = 1; n <= max_ngram; ++n) pvals.push_back(1.0 / n);
  std::vector<size_t> order(cand_indexes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);

  ReferenceMasks result;
  std::set<int32_t>& covered = result.positions;
  for (const size_t idx : order) {
    if (covered.size() >= num_to_predict) break;
    std::discrete_distribution<int> choice(pvals.begin(), pvals.end());
    int n = choice(random) + 1;
    const auto index_set_of = [&](int length) {
      std::vector<int32_t> set;
      for (size_t k = idx; k < std::min(cand_indexes.size(), idx + static_cast<size_t>(length)); ++k) {
        set.insert(set.end(), cand_indexes[k].begin(), cand_indexes[k].end());
      }
      return set;
    };
    std::vector<int32_t> index_set = index_set_of(n);
    n -= 1;
    while (covered.size() + index_set.size() > num_to_predict) {
      if (n == 0) break;
      index_set = index_set_of(n);
      n -= 1;
    }
    if (covered.size() + index_set.size() > num_to_predict) continue;
    bool is_any_covered = false;
    for (const int32_t index : index_set) is_any_covered = is_any_covered || covered.contains(index);
    if (is_any_covered) continue;
    covered.insert(index_set.begin(), index_set.end());
  }
  return result;
}

}  // namespace albert::testing
