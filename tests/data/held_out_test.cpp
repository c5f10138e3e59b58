#include <albert/base/error.h>
#include <albert/data/held_out.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::map<int64_t, int64_t> counts(const std::vector<int64_t>& keys, const std::vector<size_t>& indices) {
  std::map<int64_t, int64_t> result;
  for (const size_t index : indices) ++result[keys[index]];
  return result;
}

/// Every index stands in one of the two, both ascending.
void expect_parts(const HeldOutSplit& split, size_t size) {
  std::vector<size_t> all = split.train;
  all.insert(all.end(), split.held_out.begin(), split.held_out.end());
  EXPECT_TRUE(std::ranges::is_sorted(split.train));
  EXPECT_TRUE(std::ranges::is_sorted(split.held_out));
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), size);
  for (size_t i = 0; i < size; ++i) EXPECT_EQ(all[i], i);
}

TEST(HeldOut, KeepsTheSharesOfTheClasses) {
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < 1000; ++i) classes.push_back(i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2);
  const auto split = hold_out_by_class(classes, 0.1, 1);
  expect_parts(split, 1000);
  EXPECT_THAT(counts(classes, split.held_out), ElementsAre(std::pair(0, 70), std::pair(1, 20), std::pair(2, 10)));
}

TEST(HeldOut, RoundsSoThatTheSumIsNearest) {
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < 30; ++i) classes.push_back(i % 3);  // 1.5 of each ten
  EXPECT_EQ(hold_out_by_class(classes, 0.15, 3).held_out.size(), 5U);
}

TEST(HeldOut, GivesBothSidesEveryClassOfTwo) {
  const std::vector<int64_t> classes = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
  for (const double fraction : {0.01, 0.1, 0.5, 0.99}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto split = hold_out_by_class(classes, fraction, seed);
      const auto held_out = counts(classes, split.held_out);
      const auto train = counts(classes, split.train);
      EXPECT_EQ(held_out.count(2), 0U);
      EXPECT_EQ(held_out.at(1), 1);
      EXPECT_EQ(train.at(1), 1);
      EXPECT_GE(held_out.at(0), 1);
      EXPECT_GE(train.at(0), 1);
    }
  }
}

TEST(HeldOut, DependsOnTheSeedOnly) {
  std::vector<int64_t> classes(500);
  for (size_t i = 0; i < classes.size(); ++i) classes[i] = static_cast<int64_t>(i % 2);
  const auto a = hold_out_by_class(classes, 0.2, 7);
  EXPECT_EQ(a.held_out, hold_out_by_class(classes, 0.2, 7).held_out);
  EXPECT_NE(a.held_out, hold_out_by_class(classes, 0.2, 8).held_out);
  EXPECT_NE(a.held_out.back(), a.held_out.size() - 1);  // not the first hundred
}

TEST(HeldOut, NeedsSomethingToHoldOut) {
  EXPECT_THROW(hold_out_by_class(std::vector<int64_t>{0}, 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_class(std::vector<int64_t>{0, 1, 2}, 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_group(std::vector<int64_t>{4, 4, 4}, 0.5, 1), DataError);
}

TEST(HeldOut, NeverCutsAGroup) {
  std::vector<int64_t> groups;
  for (int64_t group = 0; group < 40; ++group) groups.insert(groups.end(), static_cast<size_t>(1 + group % 7), group);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto split = hold_out_by_group(groups, 0.2, seed);
    expect_parts(split, groups.size());
    const auto train = counts(groups, split.train);
    for (const auto& [group, count] : counts(groups, split.held_out)) EXPECT_EQ(train.count(group), 0U);
    const double wanted = 0.2 * static_cast<double>(groups.size());
    EXPECT_NEAR(static_cast<double>(split.held_out.size()), wanted, 4.0);
  }
}

TEST(HeldOut, GivesBothSidesAGroup) {
  const std::vector<int64_t> groups = {1, 1, 1, 1, 1, 1, 9};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto split = hold_out_by_group(groups, 0.01, seed);
    EXPECT_FALSE(split.train.empty());
    EXPECT_FALSE(split.held_out.empty());
  }
}

}  // namespace
}  // namespace albert
