#include <albert/data/data_report.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;

TEST(DataReport, TellsTextsApart) {
  EXPECT_NE(text_hash("ab", "c"), text_hash("a", "bc"));
  EXPECT_NE(text_hash("ab"), text_hash("a", "b"));
  EXPECT_EQ(text_hash("a"), text_hash("a", ""));
}

TEST(DataReport, CountsClassesRepeatsAndOverlap) {
  const ReportPart train{
      .name = "train", .text_hashes = {1, 2, 2, 3, 3, 3, 4}, .classes = {0, 1, 1, 0, 1, 1, 0}, .lengths = {5, 5, 5, 5, 5, 5, 9}};
  const ReportPart dev{.name = "validation",
                       .text_hashes = {4, 5, 4},
                       .classes = {0, 0, -1},
                       .lengths = {9, 1, 9},
                       .num_blank = 1,
                       .num_skipped = 2};
  const DataReport report = make_data_report({train, dev}, {"no", "yes"}, 8);
  const PartReport& first = report.parts[0];
  EXPECT_EQ(first.num_examples, 7);
  EXPECT_EQ(first.classes[0].count, 3);
  EXPECT_EQ(first.classes[1].count, 4);
  EXPECT_DOUBLE_EQ(first.classes[1].share, 4.0 / 7);
  EXPECT_EQ(first.num_duplicates, 3);
  EXPECT_EQ(first.num_conflicting_texts, 1);
  EXPECT_EQ(first.num_in_train, 0);
  EXPECT_EQ(first.num_truncated, 1);
  const PartReport& second = report.parts[1];
  EXPECT_EQ(second.num_in_train, 2);
  EXPECT_EQ(second.num_duplicates, 1);
  EXPECT_EQ(second.num_conflicting_texts, 1);
  EXPECT_DOUBLE_EQ(second.share_truncated, 2.0 / 3);
  EXPECT_THAT(report.lines(),
              ElementsAre("train: 7 examples",                                                                   //
                          "train: 2 classes: no 3 (42.9 %), yes 4 (57.1 %)",                                     //
                          "train: pieces: 50 % 5, 90 % 9, 95 % 9, 99 % 9, longest 9; 1 (14.3 %) longer than 8",  //
                          "train: 3 repeated examples (42.9 %), 1 texts with more than one label",               //
                          "validation: 3 examples, 2 invalid rows left out, 1 without text",                     //
                          "validation: 2 classes: no 2 (66.7 %), yes 0 (0.0 %)",                                 //
                          "validation: pieces: 50 % 9, 90 % 9, 95 % 9, 99 % 9, longest 9; 2 (66.7 %) longer than 8",
                          "validation: 1 repeated examples (33.3 %), 1 texts with more than one label",
                          "validation: 2 examples (66.7 %) stand in train, too: its metrics are too good"));
}

TEST(DataReport, TakesNearestRankPercentiles) {
  ReportPart train{.name = "train"};
  for (int64_t i = 1; i <= 200; ++i) {
    train.text_hashes.push_back(static_cast<uint64_t>(i));
    train.lengths.push_back(201 - i);
  }
  const LengthSummary lengths = make_data_report({train}, {}, 512).parts[0].lengths;
  EXPECT_EQ(lengths.p50, 100);
  EXPECT_EQ(lengths.p90, 180);
  EXPECT_EQ(lengths.p95, 190);
  EXPECT_EQ(lengths.p99, 198);
  EXPECT_EQ(lengths.maximum, 200);
  EXPECT_DOUBLE_EQ(lengths.mean, 100.5);
}

TEST(DataReport, ShowsTheMostFrequentOfManyClasses) {
  const ReportPart train{
      .name = "train", .text_hashes = {1, 2, 3, 4, 5, 6}, .classes = {2, 2, 1, 1, 1, 0}, .lengths = {1, 1, 1, 1, 1, 1}};
  EXPECT_EQ(make_data_report({train}, {"a", "b", "c"}, 8).lines(2)[1],
            "train: 3 classes: b 3 (50.0 %), c 2 (33.3 %), 1 more, the smallest with 1");
}

TEST(DataReport, OfNothingIsEmpty) {
  EXPECT_THAT(make_data_report({{.name = "test"}}, {}, 8).lines(), ElementsAre("test: 0 examples"));
}

}  // namespace
}  // namespace albert
