// Parts of the training data that are held out where no validation file is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace albert {

/// Indices of examples, ascending; each example is in one of the two.
struct HeldOutSplit {
  std::vector<size_t> train{};
  std::vector<size_t> held_out{};
};

/// Holds out about `fraction` (in (0, 1)) of the examples of each class, those with the lowest priorities drawn from `seed`; of a
/// class of two or more at least one stands on each side, and one that stands alone stays in training. The sizes of the classes'
/// parts are rounded so that their sum is nearest to fraction * examples (largest remainders first). The result depends on the
/// arguments only. For regression give one class to all. Throws DataError for fewer than two examples, or where nothing can be
/// held out.
HeldOutSplit hold_out_by_class(std::span<const int64_t> classes, double fraction, uint64_t seed);

/// Holds out whole groups (articles, passages), in random order, until about `fraction` of the examples are held out; at least
/// one group on each side. Throws DataError for fewer than two groups.
HeldOutSplit hold_out_by_group(std::span<const int64_t> groups, double fraction, uint64_t seed);

}  // namespace albert
