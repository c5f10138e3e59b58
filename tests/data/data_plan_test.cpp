// Steps whose length, batch size and masking change on the way, against examples that are fetched one by one.
#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/batch_stream.h>
#include <albert/data/data_plan.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <algorithm>
#include <memory>

namespace albert {
namespace {

using ::testing::ElementsAre;

/// Two steps of 12 short sequences at 30 %, two of 6 short ones, then 4 long ones at 15 %.
struct Plan : ::testing::Test {
  testing::TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(testing::make_store(folder / "s", 150, 20, 20));
  PretrainingData data = make_data();
  PretrainingDataset short_ones = data.train.with_length(16);
  DataPlan plan{{{.first_step = 0, .dataset = &short_ones, .batch_size = 12, .micro_batch = 5, .masking_probability = 0.3},
                 {.first_step = 2, .dataset = &short_ones, .batch_size = 6, .micro_batch = 6},
                 {.first_step = 4, .dataset = &data.train, .batch_size = 4, .micro_batch = 3, .masking_probability = 0.15}}};

  PretrainingData make_data() const {
    DataConfig options;
    options.max_length = 64;
    options.validation_fraction = 0.1;
    return make_pretraining_data(store, testing::toy_vocabulary(), options, {}, 1);
  }
  static PretrainingBatch joined(const PretrainingStep& step) {
    std::vector<at::Tensor> ids;
    std::vector<at::Tensor> targets;
    for (const auto& batch : step.micro_batches) {
      ids.push_back(batch.ids);
      targets.push_back(batch.masked_targets);
    }
    return {.ids = at::cat(ids), .segments = {}, .positions = {}, .sequence_offsets = {}, .masked_positions = {}, .masked_targets = at::cat(targets),
            .sentence_order_labels = {}};
  }
  /// Examples `numbers` of the run, one by one.
  static PretrainingBatch fetch(const PretrainingDataset& dataset, const std::vector<int64_t>& numbers, std::optional<double> masking) {
    std::vector<PretrainingExample> examples;
    for (const int64_t number : numbers) {
      const auto place = dataset.place(number);
      examples.push_back(dataset.example(place.epoch, place.index, masking));
    }
    return collate(examples);
  }
  static void expect_equal(const PretrainingBatch& a, const PretrainingBatch& b, const std::string& what) {
    EXPECT_TRUE(at::equal(a.ids, b.ids)) << what;
    EXPECT_TRUE(at::equal(a.masked_targets, b.masked_targets)) << what;
  }
  static std::vector<int64_t> count_from(int64_t first, int64_t count) {
    std::vector<int64_t> numbers;
    for (int64_t i = first; i < first + count; ++i) numbers.push_back(i);
    return numbers;
  }
};

TEST_F(Plan, EachStepHoldsTheNextExamplesOfTheLengthOfItsPhase) {
  PretrainingStream stream(plan, {.num_threads = 3});
  int64_t number = 0;
  for (int64_t s = 0; s < 8; ++s) {
    const auto& dataset = s < 4 ? short_ones : data.train;
    const int64_t size = s < 2 ? 12 : s < 4 ? 6 : 4;
    const auto masking = s < 2 ? std::optional(0.3) : s < 4 ? std::nullopt : std::optional(0.15);
    const auto step = stream.next();
    expect_equal(joined(step), fetch(dataset, count_from(number, size), masking), fmt::format("step {}", s));
    number += size;
    EXPECT_EQ(step.cursor, number);
    EXPECT_EQ(step.places.size(), static_cast<size_t>(size));
    for (const auto& batch : step.micro_batches) {
      EXPECT_LE(batch.max_length, s < 4 ? 16 : 64);
      EXPECT_LE(batch.num_sequences(), s < 2 ? 5 : s < 4 ? 6 : 3);
    }
  }
  EXPECT_GT(fetch(data.train, count_from(0, 40), {}).max_length, 16) << "the phases differ";
}

TEST_F(Plan, ContinuesInsideAPhaseAndAtItsBorder) {
  for (const int64_t stop : {1, 2, 3, 4, 5, 7}) {
    PretrainingStream unbroken(plan, {.num_threads = 2});
    for (int64_t s = 0; s < stop; ++s) unbroken.next();
    PretrainingStream resumed(plan, {.num_threads = 1});
    resumed.seek(unbroken.cursor(), stop);
    for (int64_t s = stop; s < 9; ++s) expect_equal(joined(resumed.next()), joined(unbroken.next()), fmt::format("step {} after {}", s, stop));
  }
}

TEST_F(Plan, AHigherMaskingProbabilityMasksMoreOfTheSameText) {
  const auto low = data.train.example(0, 3, 0.15);
  const auto high = data.train.example(0, 3, 0.3);
  EXPECT_EQ(data.train.example(0, 3).masked.targets, low.masked.targets) << "15 % is the default";
  const auto length = static_cast<int64_t>(low.ids.size());
  ASSERT_GT(length, 30);
  MaskingConfig doubled;
  doubled.probability = 0.3;
  EXPECT_LE(static_cast<int64_t>(high.masked.targets.size()), masking_budget(doubled, length));
  EXPECT_GE(static_cast<int64_t>(high.masked.targets.size()), masking_budget(doubled, length) - 2);
  const auto unmasked = [](PretrainingExample example) {
    for (size_t i = 0; i < example.masked.positions.size(); ++i) example.ids[static_cast<size_t>(example.masked.positions[i])] = example.masked.targets[i];
    return example.ids;
  };
  EXPECT_EQ(unmasked(low), unmasked(high));
}

TEST_F(Plan, MaskingFallsLinearlyAndAPhaseMayFixIt) {
  const MaskingRamp ramp{.first = 0.30, .last = 0.15, .total_steps = 101};
  EXPECT_DOUBLE_EQ(ramp.at(0), 0.30);
  EXPECT_DOUBLE_EQ(ramp.at(20), 0.27);
  EXPECT_DOUBLE_EQ(ramp.at(50), 0.225);
  EXPECT_DOUBLE_EQ(ramp.at(100), 0.15);
  EXPECT_DOUBLE_EQ(ramp.at(500), 0.15);
  EXPECT_DOUBLE_EQ((MaskingRamp{.first = 0.3, .last = 0.1, .total_steps = 1}.at(0)), 0.3);
  const DataPlan ramped({{.dataset = &short_ones}, {.first_step = 50, .dataset = &short_ones, .masking_probability = 0.4}}, ramp);
  EXPECT_DOUBLE_EQ(*ramped.masking_probability(20), 0.27);
  EXPECT_DOUBLE_EQ(*ramped.masking_probability(50), 0.4);
  EXPECT_FALSE(ramped.is_uniform());
  const DataPlan uniform({{.dataset = &short_ones}});
  EXPECT_EQ(uniform.masking_probability(9), std::nullopt);
  EXPECT_TRUE(uniform.is_uniform());
}

TEST_F(Plan, EpochsAddUpOverTheLengths) {
  const auto short_epoch = static_cast<double>(short_ones.examples_per_epoch(0));
  const auto long_epoch = static_cast<double>(data.train.examples_per_epoch(0));
  EXPECT_DOUBLE_EQ(plan.epochs(0, 0), 0);
  EXPECT_DOUBLE_EQ(plan.epochs(1, 12), 12 / short_epoch);
  EXPECT_DOUBLE_EQ(plan.epochs(4, 36), 36 / short_epoch);
  EXPECT_DOUBLE_EQ(plan.epochs(9, 56), 36 / short_epoch + 20 / long_epoch);
  EXPECT_GT(short_epoch, 2 * long_epoch);
}

TEST_F(Plan, WhatIsPassedOverIsInNoStepOnAnyRank) {
  const std::vector<ExampleRange> holes{{.first = 5, .end = 7}, {.first = 12, .end = 24}, {.first = 43, .end = 44}};
  const std::vector<std::vector<int64_t>> expected{{0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 24, 25},
                                                   {26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37},
                                                   {38, 39, 40, 41, 42, 44}};
  for (const int64_t ranks : {1, 2, 5}) {
    std::vector<std::unique_ptr<PretrainingStream>> streams;
    for (int64_t rank = 0; rank < ranks; ++rank) {
      streams.push_back(std::make_unique<PretrainingStream>(plan, StreamOptions{.rank = rank, .world_size = ranks}));
      streams.back()->seek(0, 0, holes);
    }
    for (size_t s = 0; s < expected.size(); ++s) {
      PretrainingStep whole;
      for (auto& stream : streams) {
        auto step = stream->next();
        EXPECT_EQ(step.cursor, expected[s].back() + 1);
        std::move(step.micro_batches.begin(), step.micro_batches.end(), std::back_inserter(whole.micro_batches));
      }
      expect_equal(joined(whole), fetch(short_ones, expected[s], s < 2 ? std::optional(0.3) : std::nullopt), fmt::format("step {} of {} ranks", s, ranks));
    }
  }
}

TEST(ExampleRanges, GrowTogetherAndAreSteppedOver) {
  std::vector<ExampleRange> ranges;
  pass_over(ranges, {.first = 20, .end = 30});
  pass_over(ranges, {.first = 0, .end = 5});
  pass_over(ranges, {.first = 40, .end = 50});
  EXPECT_THAT(ranges, ElementsAre(ExampleRange{0, 5}, ExampleRange{20, 30}, ExampleRange{40, 50}));
  pass_over(ranges, {.first = 30, .end = 41});
  EXPECT_THAT(ranges, ElementsAre(ExampleRange{0, 5}, ExampleRange{20, 50}));
  EXPECT_EQ(skip_passed_over(4, ranges), 5);
  EXPECT_EQ(skip_passed_over(5, ranges), 5);
  EXPECT_EQ(skip_passed_over(20, ranges), 50);
  EXPECT_EQ(advance(5, 15, ranges), 20) << "the range behind them is not yet reached";
  EXPECT_EQ(advance(5, 16, ranges), 51);
  EXPECT_EQ(advance(3, 1, ranges), 6);
  EXPECT_EQ(advance(60, 2, ranges), 62);
}

TEST_F(Plan, RefusesPhasesThatDoNotRise) {
  EXPECT_THROW(DataPlan({}), InternalError);
  EXPECT_THROW(DataPlan({{.first_step = 1, .dataset = &short_ones}}), InternalError);
  EXPECT_THROW(DataPlan({{.dataset = &short_ones}, {.dataset = &short_ones}}), InternalError);
}

}  // namespace
}  // namespace albert
