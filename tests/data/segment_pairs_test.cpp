#include "draw_statistics.h"
#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/data_split.h>
#include <albert/data/segment_pairs.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <cmath>
#include <numeric>
#include <set>

namespace albert {
namespace {

using testing::evenly_spread;
using testing::make_numbered_store;
using testing::make_store;
using testing::TemporaryFolder;
using testing::within_three_sigma;

SpanList all_of(const TokenStore& store) { return split_corpus(store, 0, 128, 0).train; }

struct Segments : ::testing::Test {
  TemporaryFolder folder;
  TokenStore store = make_store(folder / "s", 2000, 40, 30);
  SpanList spans = all_of(store);
  SegmentOptions options{.max_length = 128, .short_probability = 0.1, .order = SentenceOrder::sop};
};

TEST_F(Segments, CoverEverySentenceOnceInOrder) {
  for (const auto order : {SentenceOrder::sop, SentenceOrder::none}) {
    options.order = order;
    int64_t next = 0;
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, 0)) {
      EXPECT_EQ(static_cast<int64_t>(chunk.first_sentence), next);
      next += int64_t{chunk.num_first} + int64_t{chunk.num_second};
    }
    EXPECT_EQ(next, store.num_sentences());
  }
}

TEST_F(Segments, FillChunksToTheTargetOfTheDocument) {
  for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, 0)) {
    const auto first = static_cast<int64_t>(chunk.first_sentence);
    const int64_t end = first + chunk.num_first + chunk.num_second;
    const int64_t tokens = store.sentence_begin(end) - store.sentence_begin(first);
    const auto target = static_cast<int64_t>(chunk.target_length);
    EXPECT_LT(store.sentence_begin(end - 1) - store.sentence_begin(first), target) << "a sentence too many";
    const bool ends_document = end % 40 == 0;
    if (!ends_document) {
      EXPECT_GE(tokens, target);
    }
  }
}

TEST_F(Segments, AreShortInTheirShareOfDocuments) {
  double short_documents = 0;
  double documents = 0;
  for (uint64_t epoch = 0; epoch < 50; ++epoch) {
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, epoch)) {
      if (chunk.first_sentence % 40 != 0) continue;
      ++documents;
      if (chunk.target_length != 125) ++short_documents;
    }
  }
  ASSERT_EQ(documents, 100000);
  EXPECT_TRUE(within_three_sigma(short_documents, documents, 0.1 * (1 - 1.0 / 124)));  // randint(2, 125) may give 125
}

TEST_F(Segments, OfShortDocumentsHaveAnyTargetFromTwoOnEquallyOften) {
  options.short_probability = 1;
  std::vector<double> counts(124);  // randint(2, 125)
  for (uint64_t epoch = 0; epoch < 50; ++epoch) {
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, epoch)) {
      if (chunk.first_sentence % 40 != 0) continue;
      ASSERT_GE(chunk.target_length, 2U);
      ASSERT_LE(chunk.target_length, 125U);
      ++counts[chunk.target_length - 2];
    }
  }
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0.0), 100000);
  EXPECT_TRUE(evenly_spread(counts));
}

TEST_F(Segments, AreSwappedHalfOfTheTimeAndCutAnywhere) {
  double swapped = 0;
  double pairs = 0;
  double first_cut = 0;
  double expected_first_cut = 0;
  double variance = 0;
  for (uint64_t epoch = 0; pairs < 100000; ++epoch) {
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, epoch)) {
      const double sentences = chunk.num_first + chunk.num_second;
      if (sentences == 1) {
        EXPECT_EQ(chunk.kind(), Chunk::Kind::single);
        continue;
      }
      ASSERT_GT(chunk.num_second, 0U);
      ++pairs;
      swapped += chunk.kind() == Chunk::Kind::swapped ? 1 : 0;
      first_cut += chunk.num_first == 1 ? 1 : 0;
      const double p = 1 / (sentences - 1);
      expected_first_cut += p;
      variance += p * (1 - p);
    }
  }
  EXPECT_TRUE(within_three_sigma(swapped, pairs, 0.5));
  EXPECT_LE(std::abs(first_cut - expected_first_cut), 3 * std::sqrt(variance));
}

TEST_F(Segments, OfBertHaveARandomSecondHalfOfTheTime) {
  options.order = SentenceOrder::nsp;
  double random_next = 0;
  double many = 0;
  for (uint64_t epoch = 0; many < 100000; ++epoch) {
    int64_t next = 0;
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, epoch)) {
      EXPECT_NE(chunk.kind(), Chunk::Kind::swapped);
      EXPECT_EQ(static_cast<int64_t>(chunk.first_sentence), next) << "unused sentences are put back";
      next += int64_t{chunk.num_first} + int64_t{chunk.num_second};
      const bool is_random = chunk.kind() == Chunk::Kind::random_next;
      if (is_random && chunk.num_first == 1) continue;  // may have been a chunk of one sentence
      if (!is_random && chunk.num_first == 1) continue;
      ++many;
      random_next += is_random ? 1 : 0;
    }
  }
  EXPECT_TRUE(within_three_sigma(random_next, many, 0.5));
}

TEST_F(Segments, OfTheReleasedCodeGiveSingleSentencesARandomSecond) {
  options.order = SentenceOrder::google;
  int64_t singles = 0;
  const auto chunks = draw_chunks(store, spans, options, {}, 1, 0);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].num_second != 0) continue;
    ++singles;
    EXPECT_EQ(chunks[i].kind(), Chunk::Kind::random_next);
    EXPECT_EQ(chunks[i].num_first, 1U);
    RandomStream random(1, "x", 0, i);
    const SegmentPair pair = draw_segments(store, spans, chunks[i], options, random);
    EXPECT_EQ(pair.order_label, 1);
    EXPECT_FALSE(pair.second.empty());
  }
  EXPECT_GT(singles, 50);
}

TEST(RandomSecondSegments, AreTextFromAnyPlaceOfAnotherDocumentFilledToTheTarget) {
  TemporaryFolder folder;
  const auto store = make_numbered_store(folder / "s");
  const SpanList spans = all_of(store);
  const auto length_of = [&](int64_t sentence) { return store.sentence_begin(sentence + 1) - store.sentence_begin(sentence); };
  for (const auto order : {SentenceOrder::google, SentenceOrder::nsp}) {
    const SegmentOptions options{.max_length = 128, .short_probability = 0.1, .order = order};
    SegmentOptions uncut = options;
    uncut.max_length = 512;  // the chunks are those of 128 tokens; what the draw would cut stays visible
    std::vector<double> documents_away(20);
    std::vector<double> starts(40);
    double draws = 0;
    for (uint64_t epoch = 0; draws < 100000; ++epoch) {
      for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 1, epoch)) {
        if (chunk.kind() != Chunk::Kind::random_next) continue;
        ++draws;
        RandomStream random(1, "x", epoch, chunk.first_sentence);
        const SegmentPair pair = draw_segments(store, spans, chunk, uncut, random);
        ASSERT_FALSE(pair.second.empty());
        const int64_t first = testing::sentence_of(pair.second.front());
        const int64_t last = testing::sentence_of(pair.second.back());
        std::vector<int32_t> whole;
        store.append_ids(store.sentence_begin(first), store.sentence_begin(last + 1) - store.sentence_begin(first), whole);
        ASSERT_EQ(pair.second, whole) << "whole sentences in a row";
        ASSERT_EQ(first / 40, last / 40) << "of one document";
        const auto own = static_cast<int64_t>(chunk.first_sentence) / 40;
        ++documents_away[static_cast<size_t>((first / 40 - own + 20) % 20)];
        ++starts[static_cast<size_t>(first % 40)];
        const int64_t wanted = static_cast<int64_t>(chunk.target_length) - static_cast<int64_t>(pair.first.size());
        const auto length = static_cast<int64_t>(whole.size());
        if (last > first) {
          ASSERT_LT(length - length_of(last), wanted) << "a sentence too many";
        }
        if (last % 40 != 39) {
          ASSERT_GE(length, wanted) << "a sentence too few";
        }
      }
    }
    EXPECT_EQ(documents_away.front(), 0) << "its own document";
    documents_away.erase(documents_away.begin());
    EXPECT_TRUE(evenly_spread(documents_away));
    EXPECT_TRUE(evenly_spread(starts));
  }
}

TEST_F(Segments, SwapTheTokensAndLabelThem) {
  for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 3, 0)) {
    const auto first = static_cast<int64_t>(chunk.first_sentence);
    const int64_t middle = store.sentence_begin(first + chunk.num_first);
    const int64_t begin = store.sentence_begin(first);
    const int64_t end = store.sentence_begin(first + chunk.num_first + chunk.num_second);
    if (end - begin > 125) continue;  // cut
    std::vector<int32_t> a;
    std::vector<int32_t> b;
    store.append_ids(begin, middle - begin, a);
    store.append_ids(middle, end - middle, b);
    RandomStream random(1, "x", 0, chunk.first_sentence);
    const SegmentPair pair = draw_segments(store, spans, chunk, options, random);
    const bool swapped = chunk.kind() == Chunk::Kind::swapped;
    EXPECT_EQ(pair.first, swapped ? b : a);
    EXPECT_EQ(pair.second, swapped ? a : b);
    EXPECT_EQ(pair.order_label, chunk.num_second == 0 ? kOrderNotScored : (swapped ? 1 : 0));
  }
}

TEST_F(Segments, AreCutFromTheLongerSideAtBothEnds) {
  double front = 0;
  double popped = 0;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    for (const Chunk& chunk : draw_chunks(store, spans, options, {}, 3, epoch)) {
      const auto sentence = static_cast<int64_t>(chunk.first_sentence);
      const int64_t begin = store.sentence_begin(sentence);
      const int64_t middle = store.sentence_begin(sentence + chunk.num_first);
      const int64_t end = store.sentence_begin(sentence + chunk.num_first + chunk.num_second);
      if (chunk.num_second == 0 || end - begin <= 125) continue;
      RandomStream random(1, "x", epoch, chunk.first_sentence);
      const SegmentPair pair = draw_segments(store, spans, chunk, options, random);
      EXPECT_EQ(pair.first.size() + pair.second.size(), 125U);
      const bool swapped = chunk.kind() == Chunk::Kind::swapped;
      const auto long_side = static_cast<double>(std::max(middle - begin, end - middle));
      const auto other = static_cast<double>(std::min(middle - begin, end - middle));
      if (long_side - other < static_cast<double>(end - begin - 125)) continue;  // both sides were cut
      // Only the longer side lost pieces: how many at its front?
      const bool longer_is_a = middle - begin > end - middle;
      std::vector<int32_t> whole;
      store.append_ids(longer_is_a ? begin : middle, longer_is_a ? middle - begin : end - middle, whole);
      const auto& kept = longer_is_a != swapped ? pair.first : pair.second;
      const auto found = std::search(whole.begin(), whole.end(), kept.begin(), kept.end());
      ASSERT_NE(found, whole.end());
      front += static_cast<double>(found - whole.begin());
      popped += static_cast<double>(whole.size() - kept.size());
    }
  }
  ASSERT_GT(popped, 50000);
  EXPECT_TRUE(within_three_sigma(front, popped, 0.5));
}

TEST_F(Segments, AreCountedWithoutBeingKept) {
  for (const auto order : {SentenceOrder::sop, SentenceOrder::google, SentenceOrder::nsp, SentenceOrder::none}) {
    options.order = order;
    EXPECT_EQ(count_chunks(store, spans, options, {}, 1, 4), static_cast<int64_t>(draw_chunks(store, spans, options, {}, 1, 4).size()));
  }
}

TEST_F(Segments, VisitDocumentsByWeight) {
  options.short_probability = 0;
  const std::vector<double> visits{2.5, 0.25};  // even and odd documents
  std::vector<double> seen(2);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    for (const Chunk& chunk : draw_chunks(store, spans, options, visits, 1, epoch)) {
      if (chunk.first_sentence % 40 == 0) ++seen[chunk.first_sentence / 40 % 2];
    }
  }
  EXPECT_TRUE(within_three_sigma(seen[0] - 2.0 * 20000, 20000, 0.5));
  EXPECT_TRUE(within_three_sigma(seen[1], 20000, 0.25));
}

std::set<int64_t> sentences_of(const SpanList& spans) {
  std::set<int64_t> all;
  for (size_t i = 0; i < spans.size(); ++i) {
    const SentenceSpan span = spans[i];
    for (int64_t s = span.first_sentence; s < span.first_sentence + span.num_sentences; ++s) EXPECT_TRUE(all.insert(s).second);
    EXPECT_EQ(spans.find(span.first_sentence), i);
    EXPECT_EQ(spans.find(span.first_sentence + span.num_sentences - 1), i);
  }
  return all;
}

void expect_partition(const CorpusSplit& split, const TokenStore& store) {
  auto all = sentences_of(split.train);
  const auto held_out = sentences_of(split.validation);
  EXPECT_FALSE(held_out.empty());
  EXPECT_FALSE(all.empty());
  for (const int64_t sentence : held_out) EXPECT_TRUE(all.insert(sentence).second) << "in both parts";
  EXPECT_EQ(static_cast<int64_t>(all.size()), store.num_sentences());
}

TEST(DataSplit, HoldsOutDocumentsWhereThereAreMany) {
  TemporaryFolder folder;
  const auto store = make_store(folder / "s", 500, 10, 20);
  const auto split = split_corpus(store, 0.02, 128, 0);
  EXPECT_EQ(split.rule, SplitRule::by_document);
  EXPECT_EQ(split.validation.size(), 10U);
  expect_partition(split, store);
  EXPECT_EQ(sentences_of(split.validation), sentences_of(split_corpus(store, 0.02, 512, 0).validation));
  EXPECT_NE(sentences_of(split.validation), sentences_of(split_corpus(store, 0.02, 128, 1).validation));
}

TEST(DataSplit, HoldsOutBlocksWhereDocumentsAreFew) {
  TemporaryFolder folder;
  for (const int64_t documents : {1, 3, 99}) {
    const auto store = make_store(folder / "s", documents, 30000 / documents, 20);
    const auto split = split_corpus(store, 0.1, 64, 0);
    EXPECT_EQ(split.rule, SplitRule::by_block);
    expect_partition(split, store);
    const auto share = static_cast<double>(sentences_of(split.validation).size()) / static_cast<double>(store.num_sentences());
    EXPECT_NEAR(share, 0.1, 0.02) << documents;
    EXPECT_GE(split.validation.size(), documents == 99 ? 5U : 10U);
  }
}

TEST(DataSplit, HoldsOutBlocksWhereOneDocumentDominates) {
  TemporaryFolder folder;
  TokenStoreWriter writer(folder / "s", testing::toy_vocabulary());
  for (int d = 0; d < 200; ++d) {
    writer.begin_document(0);
    for (int s = 0; s < (d == 7 ? 3000 : 2); ++s) writer.append_sentence(std::vector<int32_t>(10, 9));
  }
  writer.finish("{}");
  const auto store = TokenStore::open(folder / "s");
  const auto split = split_corpus(store, 0.1, 64, 0);
  EXPECT_EQ(split.rule, SplitRule::by_block);
  expect_partition(split, store);
}

TEST(DataSplit, RefusesTextThatCannotBeParted) {
  TemporaryFolder folder;
  const auto store = make_store(folder / "s", 1, 10, 10);
  try {
    split_corpus(store, 0.1, 512, 0);
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder / "s").string() + ": expected at least two documents or blocks of 2048 tokens to hold one out, got " +
                  std::to_string(store.num_tokens()) + " tokens; add text, or set data.validation_fraction to 0");
  }
}

}  // namespace
}  // namespace albert
