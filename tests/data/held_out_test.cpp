#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/held_out.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
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

/// Each example with a text of its own.
std::vector<HeldOutExample> of_classes(const std::vector<int64_t>& classes) {
  std::vector<HeldOutExample> examples;
  for (const int64_t key : classes) examples.push_back({.text = examples.size(), .classes = {key}});
  return examples;
}
std::vector<uint64_t> own_texts(size_t size) {
  std::vector<uint64_t> texts(size);
  std::ranges::generate(texts, [next = uint64_t{0}]() mutable { return next++; });
  return texts;
}

/// No text stands on both sides.
void expect_whole_texts(const std::vector<HeldOutExample>& examples, const HeldOutSplit& split) {
  std::set<uint64_t> train;
  for (const size_t index : split.train) train.insert(examples[index].text);
  for (const size_t index : split.held_out) EXPECT_FALSE(train.contains(examples[index].text)) << index;
}

/// How many examples of a part have each class.
std::map<int64_t, int64_t> class_counts(const std::vector<HeldOutExample>& examples, const std::vector<size_t>& indices) {
  std::map<int64_t, int64_t> result;
  for (const size_t index : indices) {
    for (const int64_t key : examples[index].classes) ++result[key];
  }
  return result;
}

std::map<int64_t, int64_t> counts_of_whole(const std::vector<HeldOutExample>& examples) {
  std::vector<size_t> all(examples.size());
  std::ranges::generate(all, [next = size_t{0}]() mutable { return next++; });
  return class_counts(examples, all);
}

TEST(HeldOut, KeepsTheSharesOfTheClasses) {
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < 1000; ++i) classes.push_back(i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2);
  const auto split = hold_out_by_class(of_classes(classes), 0.1, 1);
  expect_parts(split, 1000);
  EXPECT_THAT(counts(classes, split.held_out), ElementsAre(std::pair(0, 70), std::pair(1, 20), std::pair(2, 10)));
}

TEST(HeldOut, RoundsSoThatTheSumIsNearest) {
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < 30; ++i) classes.push_back(i % 3);  // 1.5 of each ten
  EXPECT_EQ(hold_out_by_class(of_classes(classes), 0.15, 3).held_out.size(), 5U);
}

TEST(HeldOut, GivesBothSidesEveryClassOfTwo) {
  const std::vector<int64_t> classes = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
  for (const double fraction : {0.01, 0.1, 0.5, 0.99}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto split = hold_out_by_class(of_classes(classes), fraction, seed);
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
  const auto a = hold_out_by_class(of_classes(classes), 0.2, 7);
  EXPECT_EQ(a.held_out, hold_out_by_class(of_classes(classes), 0.2, 7).held_out);
  EXPECT_NE(a.held_out, hold_out_by_class(of_classes(classes), 0.2, 8).held_out);
  EXPECT_NE(a.held_out.back(), a.held_out.size() - 1);  // not the first hundred
}

TEST(HeldOut, NeedsSomethingToHoldOut) {
  EXPECT_THROW(hold_out_by_class(of_classes({0}), 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_class(of_classes({0, 1, 2}), 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_class(std::vector<HeldOutExample>{{.text = 7, .classes = {0}}, {.text = 7, .classes = {0}}}, 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_group(std::vector<int64_t>{4, 4, 4}, own_texts(3), 0.5, 1), DataError);
  EXPECT_THROW(hold_out_by_group(std::vector<int64_t>{4, 5}, std::vector<uint64_t>{1, 1}, 0.5, 1), DataError);
}

TEST(HeldOut, NeverCutsAGroup) {
  std::vector<int64_t> groups;
  for (int64_t group = 0; group < 40; ++group) groups.insert(groups.end(), static_cast<size_t>(1 + group % 7), group);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto split = hold_out_by_group(groups, own_texts(groups.size()), 0.2, seed);
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
    const auto split = hold_out_by_group(groups, own_texts(groups.size()), 0.01, seed);
    EXPECT_FALSE(split.train.empty());
    EXPECT_FALSE(split.held_out.empty());
  }
}

TEST(HeldOut, KeepsEqualTextsTogetherAndTheShares) {
  std::vector<HeldOutExample> examples;  // three tenths of them repeat a text, one of them fifty times
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t text = i % 10 >= 3 ? i : i < 500 && i % 10 == 0 ? 0 : 1000 + i % 97;
    examples.push_back({.text = text, .classes = {i % 10 == 0 || text % 3 != 0 ? 0 : 1}});
  }
  const auto all = counts_of_whole(examples);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto split = hold_out_by_class(examples, 0.1, seed);
    expect_parts(split, examples.size());
    expect_whole_texts(examples, split);
    const auto held_out = class_counts(examples, split.held_out);
    for (const auto& [key, count] : all) EXPECT_NEAR(static_cast<double>(held_out.at(key)), 0.1 * static_cast<double>(count), 0.51) << key;
  }
}

TEST(HeldOut, KeepsATextOfSeveralClassesTogether) {
  std::vector<HeldOutExample> examples;
  for (uint64_t i = 0; i < 100; ++i) {
    for (const int64_t key : {0, 1, 0}) examples.push_back({.text = i, .classes = {key}});
  }
  const auto split = hold_out_by_class(examples, 0.2, 5);
  expect_whole_texts(examples, split);
  EXPECT_THAT(class_counts(examples, split.held_out), ElementsAre(std::pair(0, 40), std::pair(1, 20)));
}

TEST(HeldOut, HoldsOutTheSmallestTextWhereAllAreTooLarge) {
  std::vector<HeldOutExample> examples;
  for (uint64_t text = 0; text < 4; ++text) examples.insert(examples.end(), 10 + text, {.text = text, .classes = {0}});
  for (uint64_t seed = 0; seed < 5; ++seed) EXPECT_EQ(hold_out_by_class(examples, 0.1, seed).held_out.size(), 10U);
}

TEST(HeldOut, KeepsTheSharesOfEachOfSeveralLabels) {
  std::vector<HeldOutExample> examples;
  RandomStream random(1, "labels", 0);
  for (uint64_t i = 0; i < 2000; ++i) {  // from every second example to every 128th, and some without
    HeldOutExample example{.text = i};
    for (int64_t label = 0; label < 7; ++label) {
      if (random.uniform() < std::pow(0.5, label + 1)) example.classes.push_back(label);
    }
    examples.push_back(std::move(example));
  }
  const auto all = counts_of_whole(examples);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto split = hold_out_by_class(examples, 0.1, seed);
    expect_parts(split, examples.size());
    EXPECT_NEAR(static_cast<double>(split.held_out.size()), 200, 20);
    const auto held_out = class_counts(examples, split.held_out);
    for (const auto& [label, count] : all) {
      const double wanted = 0.1 * static_cast<double>(count);
      EXPECT_NEAR(static_cast<double>(held_out.at(label)), wanted, std::max(1.0, 0.03 * wanted)) << label;
    }
  }
}

/// Part of the chosen examples that have a label beside label 0.
double share_of_further_labels(const std::vector<HeldOutExample>& examples, const std::vector<size_t>& indices) {
  const auto count = std::ranges::count_if(indices, [&](size_t index) { return examples[index].classes.size() > 1; });
  return static_cast<double>(count) / static_cast<double>(indices.size());
}

TEST(HeldOut, IsNotCrowdedByManyRareLabels) {
  std::vector<HeldOutExample> examples;  // label 0 everywhere, at 40 of 100 texts one of 20 others, each of which has two texts
  for (uint64_t i = 0; i < 100; ++i) {
    examples.push_back({.text = i, .classes = {0}});
    if (i < 40) examples.back().classes.push_back(1 + static_cast<int64_t>(i / 2));
  }
  double share = 0;
  constexpr uint64_t kSeeds = 50;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto split = hold_out_by_class(examples, 0.1, seed);
    expect_parts(split, examples.size());
    EXPECT_EQ(split.held_out.size(), 10U);
    for (const auto& [label, count] : class_counts(examples, split.held_out)) EXPECT_LE(count, label == 0 ? 10 : 1) << label;
    share += share_of_further_labels(examples, split.held_out) / kSeeds;
  }
  EXPECT_NEAR(share, 0.4, 0.05);
}

TEST(HeldOut, IsNotBlockedByLabelsOfOneText) {
  for (const uint64_t num_own : {50U, 100U}) {  // texts that have label 0 and one that stands nowhere else
    std::vector<HeldOutExample> examples;
    for (uint64_t i = 0; i < 100; ++i) {
      examples.push_back({.text = i, .classes = {0}});
      if (i < num_own) examples.back().classes.push_back(1 + static_cast<int64_t>(i));
    }
    double share = 0;
    constexpr uint64_t kSeeds = 50;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      const auto split = hold_out_by_class(examples, 0.1, seed);
      EXPECT_EQ(split.held_out.size(), 10U);
      share += share_of_further_labels(examples, split.held_out) / kSeeds;
    }
    EXPECT_NEAR(share, static_cast<double>(num_own) / 100, 0.06);
  }
}

TEST(HeldOut, KeepsALongTailOfLabelsInProportion) {
  std::vector<HeldOutExample> examples;  // 60 labels at 3,000 texts, from every second one to every 120th, on average 2.7 of them
  RandomStream random(2, "labels", 0);
  for (uint64_t i = 0; i < 3000; ++i) {
    HeldOutExample example{.text = i};
    for (int64_t label = 0; label < 60; ++label) {
      if (random.uniform() < 0.5 / static_cast<double>(label + 1)) example.classes.push_back(label);
    }
    examples.push_back(std::move(example));
  }
  const auto all = counts_of_whole(examples);
  const auto num_labels = [&](const std::vector<size_t>& indices) {
    double sum = 0;
    for (const size_t index : indices) sum += static_cast<double>(examples[index].classes.size());
    return sum / static_cast<double>(indices.size());
  };
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto split = hold_out_by_class(examples, 0.1, seed);
    EXPECT_NEAR(static_cast<double>(split.held_out.size()), 300, 30);
    EXPECT_NEAR(num_labels(split.held_out), num_labels(split.train), 0.3);
    const auto held_out = class_counts(examples, split.held_out);
    for (const auto& [label, count] : all) {
      const double wanted = 0.1 * static_cast<double>(count);
      EXPECT_NEAR(static_cast<double>(held_out.at(label)), wanted, std::max(1.0, 0.05 * wanted)) << label;
    }
  }
}

TEST(HeldOut, LeavesEachLabelOfTwoTextsOneInTraining) {
  std::vector<HeldOutExample> examples;
  for (uint64_t i = 0; i < 60; ++i) examples.push_back({.text = i, .classes = {static_cast<int64_t>(i / 2), 100 + static_cast<int64_t>(i % 7)}});
  const auto all = counts_of_whole(examples);
  for (const double fraction : {0.1, 0.5, 0.9}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const auto split = hold_out_by_class(examples, fraction, seed);
      EXPECT_FALSE(split.held_out.empty());
      EXPECT_EQ(class_counts(examples, split.train).size(), all.size());
    }
  }
}

TEST(HeldOut, HoldsOutTextsWhereAllLabelsAreRare) {
  std::vector<HeldOutExample> examples;  // ten times each text, with labels that stand at two texts
  for (uint64_t i = 0; i < 40; ++i) examples.push_back({.text = i / 10, .classes = {static_cast<int64_t>(i / 20), 7}});
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto split = hold_out_by_class(examples, 0.01, seed);
    expect_whole_texts(examples, split);
    EXPECT_EQ(split.held_out.size(), 10U);
  }
}

TEST(HeldOut, JoinsGroupsThatShareAText) {
  // 0 and 1 share a text, 1 and 4 another: three groups of four, two and two examples.
  const std::vector<int64_t> groups = {0, 1, 1, 2, 2, 3, 3, 4};
  const std::vector<uint64_t> texts = {10, 10, 11, 12, 13, 14, 15, 11};
  bool is_large_held_out = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto split = hold_out_by_group(groups, texts, 0.25, seed);
    expect_parts(split, groups.size());
    std::set<size_t> held_out(split.held_out.begin(), split.held_out.end());
    for (const size_t index : {1U, 2U, 7U}) EXPECT_EQ(held_out.contains(index), held_out.contains(0));
    is_large_held_out = is_large_held_out || held_out.contains(0);
  }
  EXPECT_TRUE(is_large_held_out);
}

}  // namespace
}  // namespace albert
