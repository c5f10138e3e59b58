#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/multilabel.h>

namespace albert {
namespace {

using testing::expect_golden;
using testing::golden_values;

std::vector<uint8_t> row_of(const std::string& digits) {
  std::vector<uint8_t> row;
  for (const char digit : digits) row.push_back(digit == '1' ? 1 : 0);
  return row;
}

TEST(Multilabel, GivesTheScoresOfAHandComputedExample) {
  MultilabelCounts counts(3);
  counts.add(row_of("110"), row_of("100"));
  counts.add(row_of("010"), row_of("010"));
  counts.add(row_of("000"), row_of("100"));
  EXPECT_EQ(counts.total(), 3);
  EXPECT_DOUBLE_EQ(counts.exact_match(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(counts.precision(1), 1.0 / 2);
  EXPECT_DOUBLE_EQ(counts.recall(0), 1.0 / 2);
  EXPECT_DOUBLE_EQ(counts.f1(2), 0.0);
  EXPECT_DOUBLE_EQ(counts.micro_f1(), 4.0 / 6);
  EXPECT_DOUBLE_EQ(counts.macro_f1(), (2.0 / 3 + 2.0 / 3 + 0) / 3);
}

TEST(Multilabel, EqualsScikitLearn) {
  for (const auto& golden : golden_values("multilabel")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    MultilabelCounts counts(static_cast<int64_t>(golden["f1"].size()));
    for (size_t i = 0; i < golden["expected"].size(); ++i) {
      counts.add(row_of(golden["predicted"][i]), row_of(golden["expected"][i]));
    }
    for (int64_t label = 0; label < counts.num_labels(); ++label) {
      const auto column = static_cast<size_t>(label);
      expect_golden(counts.precision(label), golden["precision"][column], "precision");
      expect_golden(counts.recall(label), golden["recall"][column], "recall");
      expect_golden(counts.f1(label), golden["f1"][column], "f1");
    }
    expect_golden(counts.exact_match(), golden["exact_match"], "exact match");
    expect_golden(counts.micro_f1(), golden["micro_f1"], "micro F1");
    expect_golden(counts.macro_f1(), golden["macro_f1"], "macro F1");
  }
}

TEST(Multilabel, HasNoScoreWithoutExamples) {
  const MultilabelCounts counts(2);
  for (const double score :
       {counts.exact_match(), counts.precision(0), counts.recall(0), counts.f1(0), counts.micro_f1(), counts.macro_f1()}) {
    EXPECT_TRUE(std::isnan(score));
  }
}

TEST(Multilabel, RefusesRowsThatAreNotZerosAndOnes) {
  EXPECT_THROW(MultilabelCounts(0), InternalError);
  MultilabelCounts counts(2);
  EXPECT_THROW(counts.add(row_of("1"), row_of("10")), InternalError);
  EXPECT_THROW(counts.add(row_of("10"), row_of("100")), InternalError);
  const std::vector<uint8_t> two{0, 2};
  EXPECT_THROW(counts.add(two, row_of("10")), InternalError);
  EXPECT_EQ(counts.total(), 0);
}

}  // namespace
}  // namespace albert
