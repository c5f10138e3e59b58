// Parts of the training data that are held out where no validation file is given. Equal texts are never parted: what is measured on
// them would be too good.
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

/// An example as the split sees it.
struct HeldOutExample {
  uint64_t text = 0;                ///< digest (text_hash): examples with the same one stay together
  std::vector<int64_t> classes{};   ///< each once: its class, its labels, the tags of its words; none: a class of its own
};

/// Holds out about `fraction` (in (0, 1)) of the examples of each class. The numbers of the classes are rounded so that their sum is
/// nearest to fraction * sum (largest remainders first), then to at least one and at most all but one of a class with two or more
/// different texts; a class of one text stays in training. The classes get their numbers one after the other, the rarest first, from
/// their texts in an order that is drawn from `seed`; a text is taken if none of its classes gets more than its number (the
/// rarest-label-first rule of iterative stratification, Sechidis et al. 2011, with whole numbers). With one class an example, and
/// no text twice, each class gets its number; with several the frequent ones may stay below it by a few, and where each text of a
/// class is longer than its number, the class gets the one with the fewest examples. The result depends on the arguments only. For
/// regression give one class to all. Throws DataError where nothing can be held out.
HeldOutSplit hold_out_by_class(std::span<const HeldOutExample> examples, double fraction, uint64_t seed);

/// Holds out whole groups (articles, passages), in random order, until about `fraction` of the examples are held out; at least
/// one group on each side. Groups that share one of `texts` (digests, one for each example) are one group. Throws DataError for
/// fewer than two groups.
HeldOutSplit hold_out_by_group(std::span<const int64_t> groups, std::span<const uint64_t> texts, double fraction, uint64_t seed);

}  // namespace albert
