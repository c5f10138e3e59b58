#include <albert/base/error.h>
#include <albert/tasks/pair_truncation.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using Pieces = std::vector<int32_t>;

constexpr SpecialTokens kSpecial{};  // [CLS] 2, [SEP] 3

Pieces count_up(int32_t from, int32_t count) {
  Pieces result;
  for (int32_t i = 0; i < count; ++i) result.push_back(from + i);
  return result;
}

TEST(PairTruncation, TakesFromTheLongerAndOnEqualLengthFromTheSecond) {
  Pieces a = count_up(10, 4);
  Pieces b = count_up(20, 6);
  truncate_pair(a, b, 7);
  EXPECT_THAT(a, ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(b, ElementsAre(20, 21, 22));
  truncate_pair(a, b, 4);
  EXPECT_THAT(a, ElementsAre(10, 11));
  EXPECT_THAT(b, ElementsAre(20, 21));
  truncate_pair(a, b, 0);
  EXPECT_TRUE(a.empty() && b.empty());
}

TEST(PairTruncation, LeavesAPairThatFits) {
  Pieces a = count_up(10, 4);
  Pieces b;
  truncate_pair(a, b, 4);
  EXPECT_EQ(a.size(), 4U);
}

TEST(PairTruncation, JoinsOneText) {
  const InputSequence fits = join_single({10, 11}, kSpecial, 4);
  EXPECT_THAT(fits.ids, ElementsAre(2, 10, 11, 3));
  EXPECT_EQ(fits.second_segment_begin, 4);
  EXPECT_EQ(fits.num_cut, 0);
  const InputSequence cut = join_single(count_up(10, 7), kSpecial, 5);
  EXPECT_THAT(cut.ids, ElementsAre(2, 10, 11, 12, 3));
  EXPECT_EQ(cut.num_cut, 4);
  EXPECT_THAT(join_single({}, kSpecial, 2).ids, ElementsAre(2, 3));
}

TEST(PairTruncation, JoinsTwoTextsWithTheSecondAsSegmentOne) {
  const InputSequence input = join_pair({10, 11, 12}, {20, 21}, kSpecial, 7);
  EXPECT_THAT(input.ids, ElementsAre(2, 10, 11, 3, 20, 21, 3));
  EXPECT_EQ(input.second_segment_begin, 4);
  EXPECT_EQ(input.num_cut, 1);
  EXPECT_THAT(join_pair({10}, {}, kSpecial, 8).ids, ElementsAre(2, 10, 3, 3));
}

TEST(PairTruncation, RefusesALengthWithoutRoomForTheSpecialTokens) {
  try {
    (void)join_pair({10}, {20}, kSpecial, 2);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "max_length: must leave room for the 3 special tokens of a sequence, got 2");
  }
  EXPECT_THROW((void)join_single({10}, kSpecial, 1), ConfigError);
}

TEST(Choice, KeepsTheEndOfTheChoiceAndTheBeginOfThePassage) {
  const InputSequence input =
      join_choice(count_up(100, 9), count_up(20, 6), kSpecial, /*max_length=*/10, /*max_choice_pieces=*/4);
  EXPECT_THAT(input.ids, ElementsAre(2, 100, 101, 102, 3, 22, 23, 24, 25, 3));
  EXPECT_EQ(input.second_segment_begin, 5);
  EXPECT_EQ(input.num_cut, 8);
}

TEST(Choice, OfRaceKeepsItsLast128Pieces) {
  const InputSequence input = join_choice(count_up(1000, 600), count_up(20, 200), kSpecial, 512);
  EXPECT_EQ(input.ids.size(), 512U);
  EXPECT_EQ(input.second_segment_begin, 512 - 129);
  EXPECT_EQ(input.ids[static_cast<size_t>(input.second_segment_begin)], 20 + 72);
}

TEST(Choice, IsCutAtItsHeadWhereItDoesNotFitByItself) {
  EXPECT_THAT(join_choice({100}, count_up(20, 9), kSpecial, 5, 8).ids, ElementsAre(2, 3, 27, 28, 3));
}

TEST(Choice, PutsTheOptionIntoEveryBlank) {
  EXPECT_EQ(question_with_option("He is a _ and a _.", "cook"), "He is a cook and a cook.");
  EXPECT_EQ(question_with_option("Why?", "Because"), "Why? Because");
  EXPECT_EQ(question_with_option("A \uff3f.", "b"), "A b.");
  EXPECT_EQ(question_with_option("_", ""), "");
}

}  // namespace
}  // namespace albert
