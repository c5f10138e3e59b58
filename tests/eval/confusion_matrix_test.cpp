#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/confusion_matrix.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::expect_golden;
using testing::golden_values;

TEST(ConfusionMatrix, CountsByExpectedAndPredictedClass) {
  ConfusionMatrix matrix(3);
  matrix.add(/*predicted=*/2, /*expected=*/0);
  matrix.add(2, 0);
  matrix.add(0, 0);
  matrix.add(1, 2);
  EXPECT_EQ(matrix.total(), 4);
  EXPECT_EQ(matrix.correct(), 1);
  EXPECT_EQ(matrix.count(/*expected=*/0, /*predicted=*/2), 2);
  EXPECT_EQ(matrix.count(2, 0), 0);
  EXPECT_THAT(matrix.row(0), ElementsAre(1, 0, 2));
  EXPECT_EQ(matrix.num_expected(0), 3);
  EXPECT_EQ(matrix.num_predicted(0), 1);
  EXPECT_EQ(matrix.num_expected(1), 0);
}

TEST(ConfusionMatrix, GivesTheScoresOfAHandComputedExample) {
  // 6 true positives, 1 false negative, 2 false positives, 3 true negatives.
  ConfusionMatrix matrix(2);
  for (int i = 0; i < 6; ++i) matrix.add(1, 1);
  matrix.add(0, 1);
  for (int i = 0; i < 2; ++i) matrix.add(1, 0);
  for (int i = 0; i < 3; ++i) matrix.add(0, 0);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 9.0 / 12);
  EXPECT_DOUBLE_EQ(matrix.precision(1), 6.0 / 8);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 6.0 / 7);
  EXPECT_DOUBLE_EQ(matrix.f1(1), 12.0 / 15);
  EXPECT_DOUBLE_EQ(matrix.macro_f1(), (12.0 / 15 + 6.0 / 9) / 2);
  EXPECT_DOUBLE_EQ(matrix.weighted_f1(), (12.0 / 15 * 7 + 6.0 / 9 * 5) / 12);
  EXPECT_DOUBLE_EQ(matrix.matthews(), (6.0 * 3 - 2.0 * 1) / std::sqrt(8.0 * 7.0 * 5.0 * 4.0));
}

TEST(ConfusionMatrix, EqualsScikitLearn) {
  for (const auto& golden : golden_values("classification")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const auto num_classes = golden["num_classes"].get<int64_t>();
    ConfusionMatrix matrix(num_classes);
    for (size_t i = 0; i < golden["expected"].size(); ++i) matrix.add(golden["predicted"][i], golden["expected"][i]);
    for (int64_t label = 0; label < num_classes; ++label) {
      const auto column = static_cast<size_t>(label);
      EXPECT_THAT(matrix.row(label), ::testing::ElementsAreArray(golden["confusion"][column].get<std::vector<int64_t>>()));
      expect_golden(matrix.precision(label), golden["precision"][column], "precision");
      expect_golden(matrix.recall(label), golden["recall"][column], "recall");
      expect_golden(matrix.f1(label), golden["f1"][column], "f1");
    }
    expect_golden(matrix.accuracy(), golden["accuracy"], "accuracy");
    expect_golden(matrix.macro_f1(), golden["macro_f1"], "macro F1");
    expect_golden(matrix.micro_f1(), golden["micro_f1"], "micro F1");
    expect_golden(matrix.weighted_f1(), golden["weighted_f1"], "weighted F1");
    expect_golden(matrix.matthews(), golden["matthews"], "Matthews");
  }
}

TEST(ConfusionMatrix, HasNoScoreWithoutExamples) {
  const ConfusionMatrix matrix(2);
  for (const double score : {matrix.accuracy(), matrix.precision(0), matrix.recall(0), matrix.f1(0), matrix.macro_f1(),
                             matrix.micro_f1(), matrix.weighted_f1(), matrix.matthews()}) {
    EXPECT_TRUE(std::isnan(score));
  }
}

TEST(ConfusionMatrix, KeepsItsDigitsWithManyExamples) {
  ConfusionMatrix matrix(2);
  constexpr int kThousands = 200;
  for (int i = 0; i < kThousands * 1000; ++i) matrix.add(i % 1000 < 900 ? 1 : 0, i % 1000 < 950 ? 1 : 0);
  EXPECT_NEAR(matrix.matthews(), (900.0 * 50) / std::sqrt(900.0 * 950.0 * 50.0 * 100.0), 1e-12);
}

TEST(ConfusionMatrix, RefusesClassesThatDoNotExist) {
  EXPECT_THROW(ConfusionMatrix(0), InternalError);
  ConfusionMatrix matrix(2);
  EXPECT_THROW(matrix.add(2, 0), InternalError);
  EXPECT_THROW(matrix.add(0, -1), InternalError);
  EXPECT_THROW(static_cast<void>(matrix.row(2)), InternalError);
  EXPECT_THROW(static_cast<void>(matrix.f1(2)), InternalError);
  EXPECT_EQ(matrix.total(), 0);
}

}  // namespace
}  // namespace albert
