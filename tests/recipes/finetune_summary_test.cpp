#include "recipes/finetune_summary.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace albert {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

SeedSummary of_scores(const std::vector<double>& scores) { return summarize_seeds(scores); }

TEST(FinetuneSummary, StatesTheMedianOfTheFiniteRunsAndHowManyWereLeftOut) {
  const auto summary = of_scores({0.5, kNotANumber, 0.75, 0.625});
  const auto json = summary_json(summary);
  EXPECT_EQ(json.at("runs"), 4);
  EXPECT_EQ(json.at("left_out"), 1);
  EXPECT_EQ(json.at("median"), 0.625);
  EXPECT_EQ(json.at("minimum"), 0.5);
  EXPECT_EQ(json.at("maximum"), 0.75);
  EXPECT_EQ(summary_text(summary, "pearson"),
            "pearson over 3 seeds: median 0.6250, from 0.5000 to 0.7500, mean 0.6250 +- 0.3105 (95 %); 1 of 4 left out, where it is not finite");
  EXPECT_EQ(summary_text(of_scores({0.5, 0.75}), "f1"), "f1 over 2 seeds: median 0.6250, from 0.5000 to 0.7500, mean 0.6250 +- 1.5883 (95 %)");
}

TEST(FinetuneSummary, OfWhatIsLeftIsNullWhereThereIsNone) {
  const auto one = of_scores({kNotANumber, 0.5});
  EXPECT_EQ(summary_json(one).at("median"), 0.5);
  EXPECT_TRUE(summary_json(one).at("half_width_95").is_null());
  EXPECT_EQ(summary_text(one, "f1"), "f1 over 1 seed: median 0.5000, from 0.5000 to 0.5000; 1 of 2 left out, where it is not finite");
  const auto none = of_scores({kNotANumber, kNotANumber});
  EXPECT_TRUE(summary_json(none).at("median").is_null());
  EXPECT_EQ(summary_json(none).at("left_out"), 2);
  EXPECT_EQ(summary_text(none, "f1"), "f1 over 2 seeds: not finite for any");
}

}  // namespace
}  // namespace albert
