#include <albert/base/error.h>
#include <albert/tasks/batch_sampler.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

namespace albert {
namespace {

using Batch = std::vector<int64_t>;
using ::testing::ElementsAre;

/// 103 instances of 3 to 39 tokens.
std::vector<int64_t> some_lengths() {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < 103; ++i) lengths.push_back(3 + i * 17 % 37);
  return lengths;
}

int64_t tokens_of(const Batch& batch) {
  const auto lengths = some_lengths();
  int64_t tokens = 0;
  for (const int64_t index : batch) tokens += lengths[static_cast<size_t>(index)];
  return tokens;
}

/// The steps of an epoch.
std::vector<Batch> epoch_of(BatchSampler& sampler, int64_t epoch) {
  std::vector<Batch> steps;
  for (int64_t consumed = epoch * sampler.size(); consumed < (epoch + 1) * sampler.size();) {
    consumed += static_cast<int64_t>(steps.emplace_back(sampler.batch(consumed)).size());
  }
  return steps;
}

Batch joined(const std::vector<Batch>& steps) {
  Batch all;
  for (const auto& step : steps) all.insert(all.end(), step.begin(), step.end());
  return all;
}

std::vector<BatchSamplerOptions> all_options() {
  std::vector<BatchSamplerOptions> all;
  for (const int64_t tokens : {int64_t{0}, int64_t{200}}) {
    for (const bool shuffle : {false, true}) {
      for (const bool group : {false, true}) {
        all.push_back({.batch_size = 8, .batch_tokens = tokens, .shuffle = shuffle, .group_by_length = group, .seed = 5});
      }
    }
  }
  return all;
}

TEST(BatchSampler, TakesEveryInstanceOnceAnEpoch) {
  for (const auto& options : all_options()) {
    BatchSampler sampler(some_lengths(), options);
    for (const int64_t epoch : {int64_t{0}, int64_t{1}, int64_t{7}}) {
      Batch all = joined(epoch_of(sampler, epoch));
      std::sort(all.begin(), all.end());
      Batch expected(some_lengths().size());
      std::iota(expected.begin(), expected.end(), int64_t{0});
      EXPECT_EQ(all, expected) << "epoch " << epoch;
    }
  }
}

TEST(BatchSampler, IsAFunctionOfThePosition) {
  for (const auto& options : all_options()) {
    BatchSampler walked(some_lengths(), options);
    int64_t consumed = 0;
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      for (const auto& step : epoch_of(walked, epoch)) {
        BatchSampler jumped(some_lengths(), options);
        EXPECT_EQ(jumped.batch(consumed), step) << "after " << consumed;
        consumed += static_cast<int64_t>(step.size());
      }
    }
    const auto last = epoch_of(walked, 2);
    EXPECT_EQ(epoch_of(walked, 0).front(), BatchSampler(some_lengths(), options).batch(0)) << "back from epoch 2";
    EXPECT_EQ(epoch_of(walked, 2), last);
  }
}

TEST(BatchSampler, ShufflesByEpochAndSeed) {
  const auto order = [](uint64_t seed, int64_t epoch) {
    BatchSampler sampler(some_lengths(), {.batch_size = 8, .seed = seed});
    return joined(epoch_of(sampler, epoch));
  };
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_EQ(order(1, 1), order(1, 1));
}

TEST(BatchSampler, KeepsTheOrderWithoutShuffling) {
  BatchSampler sampler({5, 5, 5, 5, 5}, {.batch_size = 2, .shuffle = false});
  EXPECT_THAT(epoch_of(sampler, 0), ElementsAre(Batch{0, 1}, Batch{2, 3}, Batch{4}));
  EXPECT_EQ(epoch_of(sampler, 3), epoch_of(sampler, 0));
  EXPECT_EQ(sampler.steps_per_epoch(), 3);
}

TEST(BatchSampler, EndsAnEpochWithASmallerBatch) {
  BatchSampler sampler(some_lengths(), {.batch_size = 10, .seed = 2});
  const auto steps = epoch_of(sampler, 1);
  ASSERT_EQ(steps.size(), 11U);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(steps[i].size(), 10U);
  EXPECT_EQ(steps.back().size(), 3U);
}

TEST(BatchSampler, KeepsTheBudgetOfTokens) {
  for (const bool group : {false, true}) {
    BatchSampler sampler(some_lengths(), {.batch_size = 2, .batch_tokens = 100, .group_by_length = group, .seed = 3});
    for (const auto& step : epoch_of(sampler, 0)) EXPECT_LE(tokens_of(step), 100);
    EXPECT_EQ(sampler.steps_per_epoch(), static_cast<int64_t>(epoch_of(sampler, 0).size()));
  }
  BatchSampler exact({4, 4, 4, 5}, {.batch_tokens = 8, .shuffle = false});
  EXPECT_THAT(epoch_of(exact, 0), ElementsAre(Batch{0, 1}, Batch{2}, Batch{3}));
}

TEST(BatchSampler, TakesAnInstanceThatIsLongerThanTheBudgetAlone) {
  BatchSampler sampler({4, 50, 4, 60, 70}, {.batch_tokens = 10, .shuffle = false});
  EXPECT_THAT(epoch_of(sampler, 0), ElementsAre(Batch{0}, Batch{1}, Batch{2}, Batch{3}, Batch{4}));
}

TEST(BatchSampler, GroupsInstancesOfLikeLength) {
  const auto lengths = some_lengths();
  const auto spread = [&](bool group) {
    BatchSampler sampler(lengths, {.batch_size = 8, .group_by_length = group, .seed = 4});
    int64_t sum = 0;
    for (const auto& step : epoch_of(sampler, 0)) {
      const auto [low, high] = std::minmax_element(step.begin(), step.end(), [&](int64_t a, int64_t b) {
        return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
      });
      sum += lengths[static_cast<size_t>(*high)] - lengths[static_cast<size_t>(*low)];
    }
    return sum;
  };
  EXPECT_LT(spread(true), 14 * 4);  // 14 steps; the lengths are 37 values
  EXPECT_GT(spread(false), 14 * 15);
}

TEST(BatchSampler, PutsGroupedStepsInRandomOrder) {
  BatchSampler sampler(some_lengths(), {.batch_size = 8, .group_by_length = true, .seed = 4});
  std::vector<int64_t> tokens;
  for (const auto& step : epoch_of(sampler, 0)) tokens.push_back(tokens_of(step));
  EXPECT_FALSE(std::is_sorted(tokens.begin(), tokens.end()));
  EXPECT_FALSE(std::is_sorted(tokens.rbegin(), tokens.rend()));
}

TEST(BatchSampler, RefusesWhatIsNoPlace) {
  BatchSampler sampler({1, 1, 1}, {.batch_size = 2, .shuffle = false});
  EXPECT_THROW((void)sampler.batch(1), InternalError);
  EXPECT_THROW(BatchSampler({}, {}), InternalError);
  EXPECT_THROW(BatchSampler({1}, {.batch_size = 0}), InternalError);
}

TEST(CutByTokens, GivesPartsOfLikeLengthThatKeepTheBudget) {
  const auto lengths = some_lengths();
  const auto parts = cut_by_tokens(lengths, 90);
  Batch all = joined(parts);
  int64_t longest = lengths[static_cast<size_t>(all.front())];
  for (const int64_t index : all) {
    EXPECT_LE(lengths[static_cast<size_t>(index)], longest);
    longest = lengths[static_cast<size_t>(index)];
  }
  for (const auto& part : parts) EXPECT_LE(tokens_of(part), 90);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), lengths.size());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(CutByTokens, TakesALongInstanceAlone) {
  EXPECT_THAT(cut_by_tokens({5, 30, 5}, 10), ElementsAre(Batch{1}, Batch{0, 2}));
  EXPECT_THAT(cut_by_tokens({5, 5}, 1), ElementsAre(Batch{0}, Batch{1}));
  EXPECT_TRUE(cut_by_tokens({}, 10).empty());
}

}  // namespace
}  // namespace albert
