#include <albert/base/random.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace albert {
namespace {

TEST(RandomStream, IsAFunctionOfItsArguments) {
  RandomStream a(7, "masking", 3, 4);
  RandomStream b(7, "masking", 3, 4);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(RandomStream, EveryArgumentMatters) {
  std::set<uint64_t> first;
  for (const uint64_t seed : {0U, 1U}) {
    for (const char* purpose : {"masking", "segments"}) {
      for (const uint64_t a : {0U, 1U}) {
        for (const uint64_t b : {0U, 1U}) first.insert(RandomStream(seed, purpose, a, b).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 16U);
}

TEST(RandomStream, BelowIsUniform) {
  RandomStream random(1, "test");
  std::vector<int> counts(7);
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 7.0, 2) / (kDraws / 7.0);
  EXPECT_LT(chi_square, 22.5) << "0.1 % point of chi-square with 6 degrees of freedom";
}

TEST(RandomStream, BetweenIncludesBothEnds) {
  RandomStream random(1, "test");
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.between(-1, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-1, 0, 1, 2}));
}

TEST(RandomStream, NormalHasItsMoments) {
  RandomStream random(2, "test");
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.013);        // 4 sigma
  EXPECT_NEAR(squares / kDraws, 1, 0.018);
}

TEST(RandomStream, ShuffleIsAPermutation) {
  RandomStream random(3, "test");
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  auto shuffled = items;
  random.shuffle(std::span(shuffled));
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace albert
