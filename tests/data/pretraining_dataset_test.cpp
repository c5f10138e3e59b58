// The examples that a model is given, on text whose tokens tell which sentence they are from.
#include "draw_statistics.h"
#include "toy.h"

#include <albert/data/pretraining_dataset.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace albert {
namespace {

using testing::sentence_of;
using testing::within_three_sigma;

constexpr int32_t kMaskId = 4;

/// The ids as they were before masking.
std::vector<int32_t> restored(const PretrainingExample& example) {
  auto ids = example.ids;
  for (size_t i = 0; i < example.masked.positions.size(); ++i) ids[static_cast<size_t>(example.masked.positions[i])] = example.masked.targets[i];
  return ids;
}

/// Sentences of the tokens [begin, end), special ones left out.
std::vector<int64_t> sentences(const std::vector<int32_t>& ids, size_t begin, size_t end) {
  std::vector<int64_t> result;
  for (size_t i = begin; i < end; ++i) {
    if (ids[i] >= 6) result.push_back(sentence_of(ids[i]));
  }
  return result;
}

struct DatasetExamples : ::testing::Test {
  testing::TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(testing::make_numbered_store(folder / "s"));
  DataConfig data;
  ObjectiveConfig objective;
  DatasetExamples() {
    data.max_length = 128;
    data.validation_fraction = 0;
  }
  PretrainingData make() const { return make_pretraining_data(store, testing::toy_vocabulary(2000), data, objective, 1); }
  static std::vector<PretrainingExample> epoch_of(const PretrainingDataset& dataset, int64_t epoch = 0) {
    std::vector<PretrainingExample> examples;
    for (int64_t i = 0; i < dataset.examples_per_epoch(epoch); ++i) examples.push_back(dataset.example(epoch, i));
    return examples;
  }
  double masked_share() const {
    double masked = 0;
    double tokens = 0;
    for (const auto& example : epoch_of(make().train)) {
      masked += static_cast<double>(example.masked.positions.size());
      tokens += static_cast<double>(example.ids.size());
    }
    return masked / tokens;
  }
};

TEST_F(DatasetExamples, AreEachChunkOfTheEpochOnceInAShuffledOrder) {
  const auto made = make();
  const auto spans = split_corpus(*store, 0, data.max_length, 0).train;
  const auto chunks = draw_chunks(*store, spans, {data.max_length, data.short_sequence_probability, SentenceOrder::sop}, {}, 1, 0);
  std::map<int64_t, size_t> chunk_of;
  for (size_t i = 0; i < chunks.size(); ++i) {
    for (uint32_t s = 0; s < chunks[i].num_first + chunks[i].num_second; ++s) chunk_of[static_cast<int64_t>(chunks[i].first_sentence) + s] = i;
  }
  std::vector<size_t> order;
  for (const auto& example : epoch_of(made.train)) {
    const auto ids = restored(example);
    const auto used = sentences(ids, 0, ids.size());
    ASSERT_FALSE(used.empty());
    for (const int64_t sentence : used) ASSERT_EQ(chunk_of.at(sentence), chunk_of.at(used.front())) << "text of two chunks";
    order.push_back(chunk_of.at(used.front()));
  }
  EXPECT_EQ(std::set<size_t>(order.begin(), order.end()).size(), chunks.size()) << "a chunk is missing";
  EXPECT_EQ(order.size(), chunks.size()) << "a chunk came twice";
  double rises = 0;
  for (size_t i = 1; i < order.size(); ++i) rises += order[i] > order[i - 1] ? 1 : 0;
  EXPECT_TRUE(within_three_sigma(rises, static_cast<double>(order.size() - 1), 0.5)) << "the order is not shuffled";
}

TEST_F(DatasetExamples, SayWhetherTheSegmentsAreSwapped) {
  const auto made = make();
  double swapped = 0;
  double pairs = 0;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    for (const auto& example : epoch_of(made.train, epoch)) {
      const auto ids = restored(example);
      const auto first = sentences(ids, 0, static_cast<size_t>(example.first_length));
      const auto second = sentences(ids, static_cast<size_t>(example.first_length), ids.size());
      ASSERT_EQ(ids.front(), 2);
      ASSERT_EQ(ids[static_cast<size_t>(example.first_length) - 1], 3);
      if (example.order_label == kOrderNotScored) {
        EXPECT_TRUE(second.empty());
        continue;
      }
      ASSERT_FALSE(first.empty());
      ASSERT_FALSE(second.empty());
      EXPECT_EQ(example.order_label, first.front() > second.front() ? 1 : 0);
      ++pairs;
      swapped += example.order_label;
    }
  }
  EXPECT_TRUE(within_three_sigma(swapped, pairs, 0.5));
}

TEST_F(DatasetExamples, AreMaskedAsTheConfigurationSays) {
  EXPECT_NEAR(masked_share(), 0.15, 0.01);
  objective.masking.probability = 0.3;
  EXPECT_NEAR(masked_share(), 0.3, 0.01);
  objective.masking.replace = 0;
  objective.masking.keep = 1;
  objective.masking.random = 0;
  for (const auto& example : epoch_of(make().train)) {
    EXPECT_EQ(std::count(example.ids.begin(), example.ids.end(), kMaskId), 0);
    EXPECT_EQ(restored(example), example.ids);
  }
}

TEST_F(DatasetExamples, AreShortAsOftenAsTheConfigurationSays) {
  const auto mean = [&](double probability) {
    data.short_sequence_probability = probability;
    double tokens = 0;
    const auto examples = epoch_of(make().train);
    for (const auto& example : examples) tokens += static_cast<double>(example.ids.size());
    return tokens / static_cast<double>(examples.size());
  };
  EXPECT_GT(mean(0), 1.3 * mean(1));
}

TEST_F(DatasetExamples, VisitSourcesByTheirWeight) {
  data.sources.resize(2);
  data.sources[0].weight = 3;
  std::map<int64_t, double> by_source;
  const auto made = make();
  for (const auto& example : epoch_of(made.train)) {
    const auto ids = restored(example);
    ++by_source[sentences(ids, 0, ids.size()).front() / 40 % 2];
  }
  EXPECT_NEAR(by_source[0] / by_source[1], 3, 0.3);
}

TEST_F(DatasetExamples, HoldOutOtherTextForAnotherValidationSeed) {
  data.validation_fraction = 0.1;
  const auto held_out = [&] {
    std::set<int64_t> result;
    const auto made = make();
    for (const auto& example : epoch_of(*made.validation)) {
      const auto ids = restored(example);
      for (const int64_t sentence : sentences(ids, 0, ids.size())) result.insert(sentence);
    }
    return result;
  };
  const auto first = held_out();
  EXPECT_EQ(held_out(), first);
  data.validation_seed = 1;
  EXPECT_NE(held_out(), first);
}

}  // namespace
}  // namespace albert
