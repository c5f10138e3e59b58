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
  const ReportPart train{.name = "train",
                         .text_hashes = {1, 2, 2, 3, 3, 3, 4},
                         .gold_hashes = {0, 1, 1, 0, 1, 1, 0},
                         .lengths = {5, 5, 5, 5, 5, 5, 9},
                         .classes = {.what = "classes", .names = {"no", "yes"}, .counts = {3, 4}, .total = 7}};
  const ReportPart dev{.name = "validation",
                       .role = ReportRole::evaluation,
                       .text_hashes = {4, 5, 4},
                       .gold_hashes = {0, 0, 1},
                       .lengths = {9, 1, 9},
                       .classes = {.what = "classes", .names = {"no", "yes"}, .counts = {2, 1}, .total = 3},
                       .num_blank = 1,
                       .num_skipped = 2};
  const DataReport report = make_data_report({train, dev}, 8);
  const PartReport& first = report.parts[0];
  EXPECT_EQ(first.num_examples, 7);
  EXPECT_EQ(first.num_duplicates, 3);
  EXPECT_EQ(first.num_conflicting_texts, 1);
  EXPECT_EQ(first.num_in_train, 0);
  EXPECT_EQ(first.num_long, 1);
  const PartReport& second = report.parts[1];
  EXPECT_EQ(second.num_in_train, 2);
  EXPECT_EQ(second.num_duplicates, 1);
  EXPECT_EQ(second.num_conflicting_texts, 1);
  EXPECT_DOUBLE_EQ(second.share_long, 2.0 / 3);
  EXPECT_THAT(report.lines(),
              ElementsAre("train: 7 examples",                                                                           //
                          "train: 2 classes: no 3 (42.9 %), yes 4 (57.1 %)",                                             //
                          "train: pieces: 50 % 5, 90 % 9, 95 % 9, 99 % 9, longest 9; 1 (14.3 %) longer than 8 and cut",  //
                          "train: 3 repeated examples (42.9 %), 1 texts with more than one answer",                      //
                          "validation: 3 examples, 2 invalid rows left out, 1 without text",                             //
                          "validation: 2 classes: no 2 (66.7 %), yes 1 (33.3 %)",                                        //
                          "validation: pieces: 50 % 9, 90 % 9, 95 % 9, 99 % 9, longest 9; 2 (66.7 %) longer than 8 and cut",
                          "validation: 1 repeated examples (33.3 %), 1 texts with more than one answer",
                          "validation: 2 examples (66.7 %) stand in the training data, too: its metrics are too good"));
}

TEST(DataReport, JudgesNothingWithoutTrainingDataOrGold) {
  // As for --evaluate: validation and test are measured, but not compared.
  const ReportPart validation{.name = "validation", .role = ReportRole::evaluation, .text_hashes = {1, 2}, .lengths = {5, 5}};
  const ReportPart test{.name = "test", .role = ReportRole::evaluation, .text_hashes = {1, 3}, .lengths = {5, 5}};
  EXPECT_EQ(make_data_report({validation, test}, 8).parts[1].num_in_train, 0);
  // A file to predict has no metrics, and its repeats no answers.
  const ReportPart train{.name = "train", .text_hashes = {1}, .gold_hashes = {0}, .lengths = {5}};
  const ReportPart predict{.name = "predict", .role = ReportRole::prediction, .text_hashes = {1, 1}, .lengths = {5, 5}};
  EXPECT_THAT(make_data_report({predict, train}, 8).lines(),
              ElementsAre("predict: 2 examples", "predict: pieces: 50 % 5, 90 % 5, 95 % 5, 99 % 5, longest 5; 0 (0.0 %) longer than 8",
                          "predict: 1 repeated examples (50.0 %)", "predict: 2 examples (100.0 %) stand in the training data, too",
                          "train: 1 examples", "train: pieces: 50 % 5, 90 % 5, 95 % 5, 99 % 5, longest 5; 0 (0.0 %) longer than 8"));
}

TEST(DataReport, DoesNotCallWindowsCut) {
  const ReportPart train{.name = "train", .text_hashes = {1}, .lengths = {9}, .long_inputs = LongInputs::windowed};
  EXPECT_EQ(make_data_report({train}, 8).lines()[1],
            "train: pieces: 50 % 9, 90 % 9, 95 % 9, 99 % 9, longest 9; 1 (100.0 %) longer than 8, read in windows");
}

TEST(DataReport, TellsAnswersApart) {
  EXPECT_EQ(gold_hash({1, 2}), gold_hash({1, 2}));
  EXPECT_NE(gold_hash({1, 2}), gold_hash({2, 1}));
  EXPECT_NE(gold_hash({}), gold_hash({0}));
}

TEST(DataReport, TakesNearestRankPercentiles) {
  ReportPart train{.name = "train"};
  for (int64_t i = 1; i <= 200; ++i) {
    train.text_hashes.push_back(static_cast<uint64_t>(i));
    train.lengths.push_back(201 - i);
  }
  const LengthSummary lengths = make_data_report({train}, 512).parts[0].lengths;
  EXPECT_EQ(lengths.p50, 100);
  EXPECT_EQ(lengths.p90, 180);
  EXPECT_EQ(lengths.p95, 190);
  EXPECT_EQ(lengths.p99, 198);
  EXPECT_EQ(lengths.maximum, 200);
  EXPECT_DOUBLE_EQ(lengths.mean, 100.5);
}

TEST(DataReport, ShowsTheMostFrequentOfManyClasses) {
  const ReportPart train{.name = "train",
                         .text_hashes = {1, 2, 3, 4, 5, 6},
                         .lengths = {1, 1, 1, 1, 1, 1},
                         .classes = {.what = "tags of 60 words", .names = {"a", "b", "c"}, .counts = {1, 30, 29}, .total = 60}};
  EXPECT_EQ(make_data_report({train}, 8).lines(2)[1], "train: 3 tags of 60 words: b 30 (50.0 %), c 29 (48.3 %), 1 more, the smallest with 1");
}

TEST(DataReport, OfNothingIsEmpty) {
  EXPECT_THAT(make_data_report({{.name = "test"}}, 8).lines(), ElementsAre("test: 0 examples"));
}

}  // namespace
}  // namespace albert
