#include "draw_statistics.h"
#include "reference_masking.h"
#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/masking.h>

#include <gmock/gmock.h>

#include <array>
#include <cmath>

namespace albert {
namespace {

using testing::reference_masks;
using testing::toy_vocabulary;
using testing::within_three_sigma;
using ::testing::ElementsAre;

constexpr int64_t kExamples = 100000;

/// [CLS] words [SEP] words [SEP] of the toy vocabulary.
std::vector<int32_t> make_ids(int64_t length, double starts, RandomStream& random) {
  const SpecialTokens special;
  std::vector<int32_t> ids{special.cls};
  while (static_cast<int64_t>(ids.size()) + 1 < length) {
    if (static_cast<int64_t>(ids.size()) == length / 2) {
      ids.push_back(special.sep);
    } else {
      ids.push_back(6 + 2 * static_cast<int32_t>(random.below(490)) + (random.uniform() < starts ? 1 : 0));
    }
  }
  ids.push_back(special.sep);
  return ids;
}

/// Whether two counts of equally many trials come from one distribution.
::testing::AssertionResult alike(double a, double b, double trials) {
  const double p = (a + b) / (2 * trials);
  const double sigma = std::sqrt(2 * trials * p * (1 - p));
  if (sigma == 0 || std::abs(a - b) <= 3 * sigma) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << a << " and " << b << " of " << trials << ", z = " << (a - b) / sigma;
}

TEST(Masking, BudgetRoundsHalfToEven) {
  MaskingConfig config;
  EXPECT_EQ(masking_budget(config, 512), 77);
  EXPECT_EQ(masking_budget(config, 10), 2);  // 1.5
  EXPECT_EQ(masking_budget(config, 30), 4);  // 4.5
  EXPECT_EQ(masking_budget(config, 3), 1);
  config.max_predictions = 20;
  EXPECT_EQ(masking_budget(config, 512), 20);
  EXPECT_EQ(masking_budget(config, 128), 19);
}

TEST(Masking, FirstRunHasTheProbabilitiesOneOverN) {
  // Words of one piece and room for three: the first run that is drawn is always taken, unless it would pass the end.
  MaskingConfig config;
  config.probability = 3.0 / 1000;
  const Masker masker(config, toy_vocabulary());
  RandomStream words(1, "words");
  const auto text = make_ids(1000, 1.0, words);
  std::array<double, 4> runs{};
  double counted = 0;
  for (int64_t i = 0; i < kExamples; ++i) {
    auto ids = text;
    RandomStream random(5, "masking", 0, static_cast<uint64_t>(i));
    const auto masked = masker.mask(ids, random);
    ASSERT_EQ(masked.positions.size(), 3U);
    const auto& p = masked.positions;
    const int first_gap = p[1] - p[0];
    const int second_gap = p[2] - p[1];
    ++counted;
    if (first_gap == 1 && second_gap == 1) ++runs[3];
    else if (first_gap == 1 || second_gap == 1) ++runs[2];
    else ++runs[1];
  }
  // A first run has n words with p(n) = 6/11, 3/11, 2/11, but fewer where it would pass the end. After one of two words there is room
  // for one; after a single word the next run has one with p(1), else two. `q` is the chance that a run starts at a given one of
  // the 997 words: runs meet by chance, and one that crosses the [SEP] in the middle has a gap.
  const double q = 1.0 / 997;
  const double p1 = 6.0 / 11;
  const double first3 = 2.0 / 11 * (1 - 2 * q);
  const double first2 = 3.0 / 11 * (1 - q) + 2.0 / 11 * q;
  const double first1 = p1 + 5.0 / 11 * q;
  const double three = first3 * (1 - 2 * q) + first2 * 2 * q + first1 * (1 - p1) * 2 * q;
  const double two = first3 * 2 * q + first2 * (1 - q) * (1 - 2 * q) + first1 * (1 - p1) * (1 - 3 * q) + first1 * p1 * 6 * q;
  EXPECT_TRUE(within_three_sigma(runs[3], counted, three));
  EXPECT_TRUE(within_three_sigma(runs[2], counted, two));
  EXPECT_TRUE(within_three_sigma(runs[1], counted, 1 - three - two));
}

/// What the reference and ours are compared by.
struct Summary {
  double masked = 0;
  std::array<double, 12> runs{};     // maximal runs of neighbouring masked pieces, by length
  double num_runs = 0;
  std::array<double, 8> by_place{};  // masked pieces by eighth of the sequence
  double exactly_full = 0;           // sequences whose budget is used up

  void add(const std::vector<int32_t>& positions, size_t length, int64_t budget) {
    masked += static_cast<double>(positions.size());
    exactly_full += static_cast<int64_t>(positions.size()) == budget ? 1 : 0;
    size_t run = 0;
    for (size_t i = 0; i < positions.size(); ++i) {
      ++by_place[static_cast<size_t>(positions[i]) * by_place.size() / length];
      ++run;
      if (i + 1 < positions.size() && positions[i + 1] == positions[i] + 1) continue;
      ++runs[std::min(run, runs.size() - 1)];
      ++num_runs;
      run = 0;
    }
  }
};

TEST(Masking, HasTheStatisticsOfTheReleasedCode) {
  for (const int64_t cap : {int64_t{20}, int64_t{0}}) {
    MaskingConfig config;
    if (cap > 0) config.max_predictions = cap;
    const auto vocabulary = toy_vocabulary();
    const Masker masker(config, vocabulary);
    RandomStream words(2, "words");
    std::mt19937_64 reference_random(3);
    Summary ours;
    Summary reference;
    for (int64_t i = 0; i < kExamples; ++i) {
      auto ids = make_ids(128, 0.67, words);
      std::vector<bool> starts;
      std::vector<bool> special;
      for (const int32_t id : ids) {
        starts.push_back(vocabulary.word_roles[static_cast<size_t>(id)] == WordRole::starts);
        special.push_back(id < 5);
      }
      const auto expected = reference_masks(starts, special, config.probability, 3, cap > 0 ? 20 : 1 << 20, reference_random);
      RandomStream random(9, "masking", 0, static_cast<uint64_t>(i));
      const int64_t budget = masking_budget(config, 128);
      ours.add(masker.mask(ids, random).positions, 128, budget);
      reference.add({expected.positions.begin(), expected.positions.end()}, 128, budget);
    }
    const auto trials = static_cast<double>(kExamples);
    EXPECT_TRUE(alike(ours.exactly_full, reference.exactly_full, trials));
    EXPECT_TRUE(alike(ours.masked, reference.masked, trials * 128));
    for (size_t i = 1; i < ours.runs.size(); ++i) {
      EXPECT_TRUE(alike(ours.runs[i], reference.runs[i] * ours.num_runs / reference.num_runs, ours.num_runs)) << "runs of " << i;
    }
    for (size_t i = 0; i < ours.by_place.size(); ++i) EXPECT_TRUE(alike(ours.by_place[i], reference.by_place[i], trials * 16)) << i;
  }
}

TEST(Masking, ReplacesKeepsAndRandomisesInTheirShares) {
  const int32_t vocab_size = 1000;
  const Masker masker({}, toy_vocabulary(vocab_size));
  RandomStream words(4, "words");
  double total = 0;
  double masks = 0;
  double same = 0;
  double other = 0;
  std::array<double, 5> specials{};
  double random_ids = 0;
  for (int64_t i = 0; i < kExamples; ++i) {
    auto ids = make_ids(64, 0.67, words);
    RandomStream random(6, "masking", 0, static_cast<uint64_t>(i));
    const auto masked = masker.mask(ids, random);
    for (size_t k = 0; k < masked.positions.size(); ++k) {
      const int32_t id = ids[static_cast<size_t>(masked.positions[k])];
      ++total;
      if (id == SpecialTokens().mask) ++masks;
      else if (id == masked.targets[k]) ++same;
      else ++other;
      if (id < 4) ++specials[static_cast<size_t>(id)];
      if (id != SpecialTokens().mask && id != masked.targets[k]) ++random_ids;
    }
  }
  // A random id is [MASK], or the piece itself, once in vocab_size.
  EXPECT_TRUE(within_three_sigma(masks, total, 0.8 + 0.1 / vocab_size));
  EXPECT_TRUE(within_three_sigma(same, total, 0.1 + 0.1 / vocab_size));
  EXPECT_TRUE(within_three_sigma(other, total, 0.1 * (1 - 2.0 / vocab_size)));
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(within_three_sigma(specials[i], random_ids, 1.0 / (vocab_size - 2))) << i;
}

TEST(Masking, FillsTheBudgetWithWholeWordsAndNeverTouchesSpecials) {
  const auto vocabulary = toy_vocabulary();
  const Masker masker({}, vocabulary);
  RandomStream words(4, "words");
  for (int64_t i = 0; i < 2000; ++i) {
    const auto original = make_ids(128, 0.5, words);
    auto ids = original;
    RandomStream random(6, "masking", 0, static_cast<uint64_t>(i));
    const auto masked = masker.mask(ids, random);
    EXPECT_LE(masked.positions.size(), 19U);
    EXPECT_GE(masked.positions.size(), 17U);
    EXPECT_TRUE(std::is_sorted(masked.positions.begin(), masked.positions.end()));
    std::vector<bool> is_masked(ids.size());
    for (size_t k = 0; k < masked.positions.size(); ++k) {
      const auto p = static_cast<size_t>(masked.positions[k]);
      is_masked[p] = true;
      EXPECT_EQ(masked.targets[k], original[p]);
      EXPECT_GE(original[p], 5);
    }
    for (size_t p = 1; p < ids.size(); ++p) {
      if (!is_masked[p]) {
        EXPECT_EQ(ids[p], original[p]);
      }
      const bool continues = original[p] >= 5 && original[p - 1] >= 5 && vocabulary.word_roles[static_cast<size_t>(original[p])] == WordRole::continues;
      if (continues) {
        EXPECT_EQ(is_masked[p], is_masked[p - 1]) << "half a word";
      }
    }
  }
}

TEST(Masking, MasksSinglePiecesWithoutWholeWords) {
  MaskingConfig config;
  config.whole_word = false;
  config.max_ngram = 1;
  const Masker masker(config, toy_vocabulary());
  std::vector<int32_t> ids{2, 9, 10, 12, 14, 16, 18, 20, 22, 3};  // one long word
  RandomStream random(1, "x");
  EXPECT_EQ(masker.mask(ids, random).positions.size(), 2U);
}

TEST(Masking, PassesOverAWordThatDoesNotFit) {
  const Masker masker({}, toy_vocabulary());
  std::vector<int32_t> ids{2, 9, 10, 12, 14, 16, 18, 20, 22, 3};  // nine pieces in one word, budget 2
  RandomStream random(1, "x");
  EXPECT_THAT(masker.mask(ids, random).positions, ElementsAre());
}

TEST(Masking, GivesTheSameBitsForTheSameStream) {
  const Masker masker({}, toy_vocabulary());
  RandomStream words(4, "words");
  const auto original = make_ids(512, 0.67, words);
  auto a = original;
  auto b = original;
  auto c = original;
  RandomStream first(1, "m", 2, 3);
  RandomStream second(1, "m", 2, 3);
  RandomStream third(1, "m", 2, 4);
  EXPECT_EQ(masker.mask(a, first).positions, masker.mask(b, second).positions);
  masker.mask(c, third);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Masking, RefusesSharesThatDoNotAddUp) {
  MaskingConfig config;
  config.keep = 0.3;
  EXPECT_THROW(Masker(config, toy_vocabulary()), ConfigError);
}

/// Symbols: 5 separates words, 6 is punctuation, 7 to 49 are phonemes.
Vocabulary symbol_vocabulary() {
  Vocabulary vocabulary;
  vocabulary.size = 50;
  vocabulary.word_roles.assign(50, WordRole::continues);
  vocabulary.word_roles[5] = WordRole::separates;
  vocabulary.word_roles[6] = WordRole::alone;
  for (int32_t id = 6; id < 50; ++id) vocabulary.replacements.push_back(id);
  return vocabulary;
}

/// [CLS] words of 1 to 6 phonemes, each with a separator in front, some with punctuation behind [SEP].
std::vector<int32_t> make_phonemes(RandomStream& random) {
  std::vector<int32_t> ids{2};
  for (int word = 0; word < 20; ++word) {
    ids.push_back(5);
    for (int64_t n = random.between(1, 6); n > 0; --n) ids.push_back(static_cast<int32_t>(random.between(7, 49)));
    if (random.below(4) == 0) ids.push_back(6);
  }
  ids.push_back(3);
  return ids;
}

TEST(Masking, OfSymbolsTakesAllOfAWordAndNeverASeparator) {
  const Masker masker({}, symbol_vocabulary());
  RandomStream random(3, "phonemes");
  int64_t words = 0;
  int64_t punctuation = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto original = make_phonemes(random);
    auto ids = original;
    const auto masked = masker.mask(ids, random);
    ASSERT_FALSE(masked.positions.empty());
    std::vector<bool> is_masked(ids.size());
    for (const int32_t position : masked.positions) is_masked[static_cast<size_t>(position)] = true;
    for (size_t i = 1; i + 1 < ids.size(); ++i) {
      const bool is_phoneme = original[i] > 6;
      ASSERT_FALSE(original[i] == 5 && is_masked[i]) << "a separator is never predicted";
      ASSERT_TRUE(is_masked[i] || ids[i] == original[i]) << "what is not predicted stays";
      ASSERT_TRUE(!is_phoneme || original[i + 1] <= 6 || is_masked[i] == is_masked[i + 1]) << "a word is masked as a whole";
      ASSERT_TRUE(!is_masked[i] || ids[i] == 4 || ids[i] >= 6) << "no special piece and no separator by chance: " << ids[i];
      words += is_phoneme && is_masked[i] ? 1 : 0;
      punctuation += original[i] == 6 && is_masked[i] && !is_masked[i - 1] ? 1 : 0;
    }
  }
  EXPECT_GT(words, 10000);
  EXPECT_GT(punctuation, 100) << "punctuation is a word by itself";
}

}  // namespace
}  // namespace albert
