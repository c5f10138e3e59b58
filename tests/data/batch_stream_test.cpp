#include "toy.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/batch_stream.h>
#include <albert/data/pretraining_dataset.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <chrono>
#include <cstring>
#include <ctime>
#include <iostream>
#include <numeric>
#include <set>
#include <thread>

namespace albert {
namespace {

using testing::make_store;
using testing::TemporaryFolder;
using testing::toy_vocabulary;

struct Stream : ::testing::Test {
  TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(make_store(folder / "s", 150, 20, 20));
  DataConfig data;
  ObjectiveConfig objective;
  Stream() {
    data.max_length = 64;
    data.validation_fraction = 0.1;
  }
  PretrainingData make(uint64_t seed = 1) const { return make_pretraining_data(store, toy_vocabulary(), data, objective, seed); }
};

bool same(const PretrainingExample& a, const PretrainingExample& b) {
  return a.ids == b.ids && a.first_length == b.first_length && a.masked.positions == b.masked.positions && a.masked.targets == b.masked.targets &&
         a.order_label == b.order_label;
}

/// Hash of everything that a model would see, in order.
void update(Xxh3Stream& hash, const PretrainingBatch& batch) {
  for (int64_t i = 0; i < batch.num_sequences(); ++i) {
    const int64_t begin = batch.sequence_offsets[i].item<int64_t>();
    const int64_t end = batch.sequence_offsets[i + 1].item<int64_t>();
    for (const auto* tensor : {&batch.ids, &batch.segments, &batch.positions}) {
      const auto part = tensor->slice(0, begin, end).contiguous();
      hash.update({static_cast<const std::byte*>(part.data_ptr()), static_cast<size_t>(part.nbytes())});
    }
  }
  for (const auto* tensor : {&batch.masked_targets, &batch.sentence_order_labels}) {
    hash.update({static_cast<const std::byte*>(tensor->data_ptr()), static_cast<size_t>(tensor->nbytes())});
  }
}

TEST(Permutation, IsABijectionAndMixes) {
  for (const uint64_t size : {1ULL, 2ULL, 3ULL, 64ULL, 1000ULL, 65537ULL}) {
    const KeyedPermutation permutation(size, 5);
    std::vector<bool> seen(size);
    double displacement = 0;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t p = permutation(i);
      ASSERT_LT(p, size);
      ASSERT_FALSE(seen[p]);
      seen[p] = true;
      displacement += std::abs(static_cast<double>(p) - static_cast<double>(i));
    }
    // The mean displacement of a random permutation is size / 3.
    if (size >= 1000) {
      EXPECT_NEAR(displacement / static_cast<double>(size), static_cast<double>(size) / 3, static_cast<double>(size) * 0.03);
    }
  }
  EXPECT_THROW((void)KeyedPermutation(10, 1)(10), InternalError);
}

TEST_F(Stream, AnExampleIsAFunctionOfSeedEpochAndIndex) {
  const auto a = make();
  const auto b = make();
  const auto c = make(2);
  int64_t different = 0;
  for (const int64_t index : {5, 3, 17}) {
    (void)b.train.example(7, index);  // another order of calls
    EXPECT_TRUE(same(a.train.example(2, index), b.train.example(2, index)));
    different += same(a.train.example(2, index), c.train.example(2, index)) ? 0 : 1;
    different += same(a.train.example(2, index), a.train.example(3, index)) ? 0 : 1;
  }
  EXPECT_EQ(different, 6);
}

TEST_F(Stream, ExamplesAreWellFormed) {
  for (const auto order : {SentenceOrder::sop, SentenceOrder::google, SentenceOrder::nsp, SentenceOrder::none}) {
    objective.sentence_order = order;
    const auto made = make();
    const SpecialTokens special;
    for (int64_t i = 0; i < made.train.examples_per_epoch(0); ++i) {
      auto example = made.train.example(0, i);
      ASSERT_LE(example.ids.size(), 64U);
      for (size_t k = 0; k < example.masked.positions.size(); ++k) {
        example.ids[static_cast<size_t>(example.masked.positions[k])] = example.masked.targets[k];
      }
      EXPECT_EQ(example.ids.front(), special.cls);
      EXPECT_EQ(example.ids.back(), special.sep);
      EXPECT_EQ(example.ids[static_cast<size_t>(example.first_length) - 1], special.sep);
      const bool is_pair = static_cast<size_t>(example.first_length) < example.ids.size();
      EXPECT_EQ(std::count(example.ids.begin(), example.ids.end(), special.sep), is_pair ? 2 : 1);
      EXPECT_EQ(example.order_label != kOrderNotScored, is_pair);
      if (order == SentenceOrder::none) {
        EXPECT_FALSE(is_pair);
      } else if (order != SentenceOrder::sop) {
        EXPECT_TRUE(is_pair);
      }
    }
  }
}

TEST_F(Stream, TheOrderDoesNotDependOnThreadsRanksOrMicroBatches) {
  const auto made = make();
  const int64_t steps = 2 * made.train.examples_per_epoch(0) / 24 + 1;  // past the end of an epoch, twice
  std::set<std::string> hashes;
  for (const auto& [threads, micro_batch, ranks] :
       {std::tuple{1, 24, 1}, std::tuple{4, 24, 1}, std::tuple{2, 5, 1}, std::tuple{3, 7, 2}, std::tuple{2, 24, 5}}) {
    std::vector<std::unique_ptr<PretrainingStream>> streams;
    for (int rank = 0; rank < ranks; ++rank) {
      streams.push_back(std::make_unique<PretrainingStream>(
          made.train, StreamOptions{.batch_size = 24, .micro_batch = micro_batch, .rank = rank, .world_size = ranks, .num_threads = threads}));
    }
    Xxh3Stream hash;
    for (int64_t s = 0; s < steps; ++s) {
      int64_t sequences = 0;
      std::vector<PretrainingBatch> batches;
      for (auto& stream : streams) {
        PretrainingStep step = stream->next();
        EXPECT_EQ(step.cursor, (s + 1) * 24);
        for (auto& batch : step.micro_batches) batches.push_back(std::move(batch));
      }
      for (const auto& batch : batches) {
        EXPECT_LE(batch.num_sequences(), micro_batch);
        sequences += batch.num_sequences();
        for (int64_t i = 0; i < batch.num_sequences(); ++i) {
          PretrainingBatch one;
          const auto begin = batch.sequence_offsets[i].item<int64_t>();
          const auto end = batch.sequence_offsets[i + 1].item<int64_t>();
          const auto inside = batch.masked_positions.ge(begin).logical_and(batch.masked_positions.lt(end));
          one.ids = batch.ids.slice(0, begin, end).contiguous();
          one.segments = batch.segments.slice(0, begin, end).contiguous();
          one.positions = batch.positions.slice(0, begin, end).contiguous();
          one.sequence_offsets = at::tensor({int64_t{0}, end - begin}, at::kLong);
          one.masked_targets = batch.masked_targets.masked_select(inside);
          one.sentence_order_labels = batch.sentence_order_labels.slice(0, i, i + 1).contiguous();
          update(hash, one);
        }
      }
      EXPECT_EQ(sequences, 24);
    }
    hashes.insert(to_hex(hash.digest()));
  }
  EXPECT_EQ(hashes.size(), 1U);
}

TEST_F(Stream, ContinuesAtACursorAsIfUnbroken) {
  const auto made = make();
  PretrainingStream unbroken(made.train, {.batch_size = 16, .micro_batch = 16, .num_threads = 2});
  for (int s = 0; s < 40; ++s) unbroken.next();
  PretrainingStream resumed(made.train, {.batch_size = 16, .micro_batch = 16, .cursor = unbroken.cursor()});
  PretrainingStream sought(made.train, {.batch_size = 16, .micro_batch = 16, .num_threads = 3});
  sought.next();
  sought.seek(640);
  EXPECT_EQ(sought.cursor(), 640);
  for (int s = 0; s < 5; ++s) {
    const auto expected = unbroken.next();
    for (auto* stream : {&resumed, &sought}) {
      const auto step = stream->next();
      EXPECT_TRUE(at::equal(step.micro_batches[0].ids, expected.micro_batches[0].ids));
      EXPECT_EQ(step.epoch, expected.epoch);
    }
  }
}

TEST_F(Stream, VisitsEveryExampleOfAnEpochOnce) {
  const auto made = make();
  const int64_t count = made.train.examples_per_epoch(0);
  EXPECT_EQ(made.train.place(count - 1), (PretrainingDataset::Place{0, count - 1}));
  EXPECT_EQ(made.train.place(count), (PretrainingDataset::Place{1, 0}));
  EXPECT_EQ(made.train.place(count + made.train.examples_per_epoch(1) + 3), (PretrainingDataset::Place{2, 3}));
}

TEST_F(Stream, NamesTheExampleOfAnErrorAndEndsWithoutAHang) {
  // One id of a document is out of range, and the store is opened without looking.
  std::string bytes = read_file(folder / "s");
  constexpr size_t kFirstIds = 320;
  for (size_t i = 0; i < 40; ++i) bytes[kFirstIds + i] = '\xFF';
  data.validation_fraction = 0;
  store = std::make_shared<TokenStore>(TokenStore::open(testing::write_text(folder / "bad", bytes), TokenStore::Verification::header));
  const auto made = make();
  PretrainingStream stream(made.train, {.batch_size = 4, .micro_batch = 4, .num_threads = 3});
  std::string message;
  try {
    for (int64_t i = 0; i <= made.train.examples_per_epoch(0) / 4; ++i) (void)stream.next();
  } catch (const DataError& error) {
    message = error.what();
  }
  EXPECT_THAT(message, ::testing::MatchesRegex("example [0-9]+ of epoch 0: expected piece ids below 1000, got 65535; the token store is damaged, "
                                               "or of another tokenizer"));
}

TEST_F(Stream, StopsWhileWorkIsUnderWay) {
  const auto made = make();
  for (int i = 0; i < 20; ++i) PretrainingStream stream(made.train, {.batch_size = 500, .micro_batch = 8, .num_threads = 4, .prefetch_steps = 50});
}

TEST_F(Stream, MeasuresWaitingForStepsThatAreNotReady) {
  const auto made = make();
  PretrainingStream stream(made.train, {.batch_size = 20000, .micro_batch = 100, .num_threads = 1, .prefetch_steps = 1});
  stream.next();  // nothing of it was drawn when it was asked for
  const double first = stream.last_waiting_seconds();
  EXPECT_GT(first, 1e-3);
  std::this_thread::sleep_for(std::chrono::duration<double>(10 * first + 0.2));  // the work of a step
  stream.next();
  EXPECT_LT(stream.last_waiting_seconds(), first / 4);
  EXPECT_DOUBLE_EQ(stream.total_waiting_seconds(), first + stream.last_waiting_seconds());
}

TEST_F(Stream, PacksExamplesWithoutPadding) {
  PretrainingExample a;
  a.ids = {2, 10, 4, 3, 12, 3};
  a.first_length = 4;
  a.masked = {{2}, {11}};
  a.order_label = 1;
  PretrainingExample b;
  b.ids = {2, 4, 3};
  b.first_length = 3;
  b.masked = {{1}, {20}};
  const std::vector<PretrainingExample> examples{a, b};
  const PretrainingBatch batch = collate(examples);
  const auto is = [](const at::Tensor& tensor, std::vector<int64_t> expected) { return at::equal(tensor, at::tensor(expected, at::kLong)); };
  EXPECT_TRUE(is(batch.ids, {2, 10, 4, 3, 12, 3, 2, 4, 3}));
  EXPECT_TRUE(is(batch.segments, {0, 0, 0, 0, 1, 1, 0, 0, 0}));
  EXPECT_TRUE(is(batch.positions, {0, 1, 2, 3, 4, 5, 0, 1, 2}));
  EXPECT_TRUE(is(batch.sequence_offsets, {0, 6, 9}));
  EXPECT_TRUE(is(batch.masked_positions, {2, 7}));
  EXPECT_TRUE(is(batch.masked_targets, {11, 20}));
  EXPECT_TRUE(is(batch.sentence_order_labels, {1, -100}));
  EXPECT_EQ(batch.max_length, 6);
  EXPECT_EQ(batch.num_ordered(), 1);
  EXPECT_EQ(batch.num_sequences(), 2);
  EXPECT_EQ(batch.to(at::Device("cpu")).num_masked(), 2);
  EXPECT_EQ(collate({}).num_sequences(), 0);
}

TEST_F(Stream, ValidationDoesNotDependOnTheSeedOfTheRun) {
  const auto a = make(1);
  const auto b = make(2);
  ASSERT_TRUE(a.validation.has_value());
  EXPECT_TRUE(at::equal(make_batch(*a.validation, 0, 0, 8).ids, make_batch(*b.validation, 0, 0, 8).ids));
  data.validation_fraction = 0;
  EXPECT_FALSE(make().validation.has_value());
}

TEST_F(Stream, RefusesDocumentsThatAreTooShortForTheObjective) {
  const auto single = std::make_shared<TokenStore>(make_store(folder / "single", 200, 1, 20));
  try {
    make_pretraining_data(single, toy_vocabulary(), data, objective, 1);
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder / "single").string() + ": no document is long enough: objective.sentence_order sop needs one of at least 2 sentences, the "
                                             "longest has 1; check format and document_boundary of data.sources");
  }
  const auto mostly_long = [&] {
    TokenStoreWriter writer(folder / "mixed", toy_vocabulary());
    for (int i = 0; i < 100; ++i) {
      writer.begin_document(0);
      for (int sentence = 0; sentence < 2; ++sentence) writer.append_sentence(std::vector<int32_t>{7, 8, 9});
    }
    writer.begin_document(0);
    writer.append_sentence(std::vector<int32_t>{7});
    writer.finish("{}");
    return std::make_shared<const TokenStore>(TokenStore::open(folder / "mixed"));
  }();
  // Some seed holds out the one document that is too short, and nothing else.
  data.validation_fraction = 0.01;
  std::string held_out;
  for (data.validation_seed = 0; data.validation_seed < 1000 && held_out.empty(); ++data.validation_seed) {
    try {
      make_pretraining_data(mostly_long, toy_vocabulary(), data, objective, 1);
    } catch (const DataError& error) {
      held_out = error.what();
    }
  }
  EXPECT_THAT(held_out, ::testing::EndsWith("; this is the part that is held out: raise data.validation_fraction, now 0.01"));
  objective.sentence_order = SentenceOrder::none;
  EXPECT_GT(make_pretraining_data(single, toy_vocabulary(), data, objective, 1).train.examples_per_epoch(0), 0);
}

TEST_F(Stream, DrawsExamplesFasterThanAnyModelTakesThem) {
  data.max_length = 512;
  const auto large = std::make_shared<TokenStore>(make_store(folder / "large", 200, 300, 40, 30000));
  const auto made = make_pretraining_data(large, toy_vocabulary(30000), data, objective, 1);
  const int64_t count = made.train.examples_per_epoch(0);
  const std::clock_t start = std::clock();  // of the processor: a loaded machine does not count
  int64_t tokens = 0;
  for (int64_t i = 0; i < count; ++i) tokens += static_cast<int64_t>(made.train.example(0, i).ids.size());
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::cout << "examples of 512 per second and core: " << static_cast<int64_t>(static_cast<double>(count) / seconds) << ", tokens: " << tokens << "\n";
  // A base model on an H100 takes about 1,500 a second.
  EXPECT_GT(static_cast<double>(count) / seconds, 15000);
}

}  // namespace
}  // namespace albert
