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

/// Holds out about `fraction` (in (0, 1)) of the examples of each class with two or more different texts; a class of one text has no say
/// (with one class an example it stays in training). The numbers of the classes whose share is half an example or more are rounded so
/// that their sum is nearest to fraction * sum, largest remainders first, and to at most all but one. The classes get their numbers one after
/// the other, the rarest first, from their texts in an order that is drawn from `seed`: at first texts of which no other class gets more
/// than its number, or than one; where these do not suffice, others of which no class loses its last text in training (iterative
/// stratification, Sechidis et al. 2011, with whole numbers). At last a class that has none gets its text with the fewest examples, if
/// no other class gets more than its number by that: with one class an example every class of two texts has one. With one class an
/// example, and no text twice, each class gets its number. The result depends on the arguments only. For regression give one class to
/// all. Throws DataError where no class has two different texts.
HeldOutSplit hold_out_by_class(std::span<const HeldOutExample> examples, double fraction, uint64_t seed);

/// Holds out whole groups (articles, passages), in random order, until about `fraction` of the examples are held out; at least
/// one group on each side. Groups that share one of `texts` (digests, one for each example) are one group. Throws DataError for
/// fewer than two groups.
HeldOutSplit hold_out_by_group(std::span<const int64_t> groups, std::span<const uint64_t> texts, double fraction, uint64_t seed);

}  // namespace albert
