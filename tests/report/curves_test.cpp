#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/report/curves.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kMetrics =
    R"({"split": "train", "step": 10, "loss": 9.5, "mlm_accuracy": 0.1, "sop_accuracy": 0.5, "learning_rate": 0.001, "tokens": 5000}
{"split": "train", "step": 20, "loss": null, "mlm_accuracy": 0.2, "sop_accuracy": 0.55, "learning_rate": 0.002, "tokens": 10000, "non_finite": ["loss"]}
{"split": "validation", "step": 20, "loss": 8.5, "mlm_accuracy": 0.15}
)";

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST(Curves, ReadsEachQuantityAndLeavesOutWhatIsNotFinite) {
  const RunCurves curves = parse_metrics(kMetrics, "metrics.jsonl");
  EXPECT_EQ(curves.at("train").at("loss"), (Curve{{10, 9.5}}));
  EXPECT_EQ(curves.at("train").at("learning_rate"), (Curve{{10, 0.001}, {20, 0.002}}));
  EXPECT_EQ(curves.at("validation").at("mlm_accuracy"), (Curve{{20, 0.15}}));
  EXPECT_FALSE(curves.at("train").contains("split"));
}

TEST(Curves, LeavesOutALastLineWithoutItsEnd) {
  const RunCurves curves = parse_metrics(fmt::format("{}{}", kMetrics, R"({"split": "train", "st)"), "metrics.jsonl");
  EXPECT_EQ(curves.at("train").at("learning_rate").size(), 2U);
}

TEST(Curves, NamesALineThatIsNoMetrics) {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      (void)parse_metrics(text, "metrics.jsonl");
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(fmt::format("{}oops\n", kMetrics)), ::testing::StartsWith("metrics.jsonl:4: wanted a line of metrics"));
  EXPECT_THAT(error_of("{\"step\": 1}\n"), HasSubstr("metrics.jsonl:1: "));
  EXPECT_THAT(error_of("[]\n"), HasSubstr("metrics.jsonl:1: "));
}

TEST(Curves, DrawsAPanelForEachQuantityThatIsThere) {
  const std::string svg = render_curves(parse_metrics(kMetrics, "metrics.jsonl"), "small");
  EXPECT_EQ(count(svg, "<g transform="), 4U);
  for (const char* title : {">Loss<", ">Masked-token accuracy<", ">Sentence-order accuracy<", ">Learning rate<"})
    EXPECT_THAT(svg, HasSubstr(title));
  EXPECT_THAT(svg, Not(HasSubstr("Masked-token loss")));
  EXPECT_THAT(svg, HasSubstr(">chance<"));
  EXPECT_THAT(svg, HasSubstr("20 steps, 10k tokens"));
}

TEST(Curves, DrawsTheResultsOfAnyTask) {
  const std::string svg = render_curves(
      parse_metrics("{\"split\": \"validation\", \"step\": 5, \"loss\": 0.5, \"matthews_correlation\": -0.1}\n", "metrics.jsonl"),
      "cola");
  EXPECT_THAT(svg, HasSubstr(">Matthews correlation<"));
}

TEST(Curves, HoldTheMaskedTokenLossAgainstFrequencies) {
  const std::string svg = render_curves({{"validation", {{"mlm_loss", {{1, 5.6}, {2, 5.5}}}, {"unigram_entropy", {{1, 6.3}, {2, 6.3}}}}}}, "run");
  EXPECT_THAT(svg, HasSubstr(">by frequency alone<"));
  EXPECT_EQ(count(svg, "<g transform="), 1U);
}

TEST(Curves, ShowScoresThatAreInPercentAsTheyAre) {
  const std::string shares = render_curves({{"validation", {{"f1", {{1, 0.2}, {2, 0.8}}}}}}, "run");
  const std::string percents = render_curves({{"validation", {{"f1", {{1, 20}, {2, 80}}}}}}, "run");
  EXPECT_THAT(shares, HasSubstr("80.0 %"));
  EXPECT_THAT(percents, Not(HasSubstr("%")));
}

TEST(Curves, LeaveOutCountsAndBounds) {
  const std::string svg = render_curves({{"validation",
                                          {{"accuracy", {{1, 0.5}}},
                                           {"accuracy_low", {{1, 0.4}}},
                                           {"accuracy_high", {{1, 0.6}}},
                                           {"mlm_targets", {{1, 100}}},
                                           {"unigram_entropy", {{1, 6}}}}}},
                                        "small");
  EXPECT_EQ(count(svg, "<g transform="), 1U);
}

TEST(Curves, EscapesText) {
  const std::string svg = render_curves({{"validation", {{"a<b", {{1, 1}}}}}}, "R&D <script>\"\n");
  EXPECT_THAT(svg, HasSubstr("<title>R&amp;D &lt;script&gt;&quot; </title>"));
  EXPECT_THAT(svg, HasSubstr(">A&lt;b<"));
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
}

TEST(Curves, StayReadableAndSmallForALongRun) {
  RunCurves curves;
  for (int step = 1; step <= 20000; ++step) curves["train"]["loss"].push_back({step * 10.0, 10.0 / step});
  const std::string svg = render_curves(curves, "long");
  EXPECT_LT(svg.size(), 40000U);
  EXPECT_EQ(count(svg, "<polyline"), 2U);  // as measured, and smoothed
  EXPECT_THAT(svg, HasSubstr(">200k<"));
}

TEST(Curves, SayThatThereIsNothingYet) { EXPECT_THAT(render_curves({}, "new"), HasSubstr("no metrics yet")); }

TEST(Curves, AreWrittenBesideTheMetrics) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "metrics.jsonl", kMetrics);
  write_curves(folder / "metrics.jsonl", folder / "curves.svg", "small");
  EXPECT_EQ(read_file(folder / "curves.svg"), render_curves(parse_metrics(kMetrics, "metrics.jsonl"), "small"));
}

}  // namespace
}  // namespace albert
