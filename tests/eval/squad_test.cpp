#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/squad.h>

#include <cstdlib>
#include <filesystem>
#include <limits>

namespace albert {
namespace {

using testing::expect_golden;
using testing::golden_values;
using Predictions = std::vector<SquadPrediction>;
using Gold = std::vector<SquadGold>;

template <typename Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(NormalizeAnswer, DropsCaseArticlesPunctuationAndSpace) {
  EXPECT_EQ(normalize_answer("  The\tU.S.\n"), "us");
  EXPECT_EQ(normalize_answer("an apple, a pear and THE plum!"), "apple pear and plum");
  EXPECT_EQ(normalize_answer("theatre banana lathe"), "theatre banana lathe");
  EXPECT_EQ(normalize_answer("the-end a_b"), "theend ab");  // punctuation goes first
  EXPECT_EQ(normalize_answer("the, a"), "");
  EXPECT_EQ(normalize_answer(""), "");
}

TEST(NormalizeAnswer, SeesWordsAsPythonDoes) {
  EXPECT_EQ(normalize_answer("\u201cthe\u201d"), "\u201c \u201d");  // quotation marks beyond ASCII stay, and bound a word
  EXPECT_EQ(normalize_answer("the\u4e2d"), "the\u4e2d");            // an ideograph is a letter
  EXPECT_EQ(normalize_answer("the\u0301"), "\u0301");               // a combining mark is none
  EXPECT_EQ(normalize_answer("A\u00a0the\u2003X"), "x");
  EXPECT_EQ(normalize_answer("\xFFthe\xFF"), "\xFF \xFF");  // not UTF-8
  EXPECT_EQ(normalize_answer("\u039f\u0394\u039f\u03a3"), "\u03bf\u03b4\u03bf\u03c2");
}

TEST(SquadAnswer, EqualsTheOfficialScripts) {
  const auto golden = golden_values("squad");
  for (const auto& pair : golden["normalized"]) {
    EXPECT_EQ(normalize_answer(pair[0].get<std::string>()), pair[1].get<std::string>());
  }
  for (const auto& pair : golden["pairs"]) {
    const auto prediction = pair["prediction"].get<std::string>();
    const auto answer = pair["answer"].get<std::string>();
    expect_golden(squad_exact_match(prediction, answer) ? 1 : 0, pair["exact"], prediction);
    expect_golden(squad_f1_v1(prediction, answer), pair["f1_v1"], prediction);
    expect_golden(squad_f1_v2(prediction, answer), pair["f1_v2"], prediction);
  }
}

TEST(SquadAnswer, CountsRepeatedWordsOnce) {
  EXPECT_DOUBLE_EQ(squad_f1_v1("x x y", "x y y"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(squad_f1_v1("x x x", "x"), 0.5);
}

TEST(SquadAnswer, WithoutWordsIsJudgedDifferentlyByTheTwoVersions) {
  EXPECT_EQ(squad_f1_v1("the", ""), 0);
  EXPECT_EQ(squad_f1_v2("the", ""), 1);
  EXPECT_EQ(squad_f1_v2("x", "the"), 0);
  EXPECT_TRUE(squad_exact_match("the", "?"));
}

Gold gold_of(const nlohmann::json& golden) {
  Gold gold;
  for (const auto& [id, answers] : golden["gold"].items()) gold.push_back({.id = id, .answers = answers});
  return gold;
}

TEST(SquadV1, EqualsTheOfficialScript) {
  const auto cases = golden_values("squad");
  for (const auto& golden : cases.at("v1")) {
    Predictions predictions;
    for (const auto& pair : golden["predictions"]) predictions.push_back({.id = pair[0], .text = pair[1]});
    const SquadV1Metrics metrics = evaluate_squad_v1(predictions, gold_of(golden));
    expect_golden(metrics.all.exact_match, golden["exact_match"], "exact match");
    expect_golden(metrics.all.f1, golden["f1"], "F1");
    EXPECT_EQ(metrics.all.total, golden["total"].get<int64_t>());
    EXPECT_EQ(metrics.missing, metrics.all.total - static_cast<int64_t>(predictions.size()));
    EXPECT_GT(metrics.missing, 0);
  }
}

void expect_scores(const std::optional<SquadScores>& scores, const nlohmann::json& golden, const std::string& kind) {
  ASSERT_EQ(scores.has_value(), golden.contains(kind)) << kind;
  if (!scores) return;
  expect_golden(scores->exact_match, golden[kind]["exact_match"], kind + " exact match");
  expect_golden(scores->f1, golden[kind]["f1"], kind + " F1");
  EXPECT_EQ(scores->total, golden[kind]["total"].get<int64_t>()) << kind;
}

TEST(SquadV2, EqualsTheOfficialScript) {
  const auto cases = golden_values("squad");
  for (const auto& golden : cases.at("v2")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    Predictions predictions;
    for (const auto& one : golden["predictions"]) {
      predictions.push_back({.id = one[0], .text = one[1], .no_answer_score = one[2]});
    }
    const SquadV2Metrics metrics = evaluate_squad_v2(predictions, gold_of(golden), golden["threshold"]);
    expect_scores(metrics.all, golden, "all");
    if (metrics.missing == 0) {  // else the official script has no breakdown
      expect_scores(metrics.has_answer, golden, "has_answer");
      expect_scores(metrics.no_answer, golden, "no_answer");
    }
    expect_golden(metrics.best_exact, golden["best_exact"], "best exact match");
    expect_golden(metrics.best_exact_threshold, golden["best_exact_threshold"], "its threshold");
    expect_golden(metrics.best_f1, golden["best_f1"], "best F1");
    expect_golden(metrics.best_f1_threshold, golden["best_f1_threshold"], "its threshold");
  }
}

const Gold kThreeQuestions{
    {.id = "a", .answers = {"one", "two"}}, {.id = "b", .answers = {}}, {.id = "c", .answers = {"three four"}}};

TEST(SquadV2, GivesTheScoresOfAHandComputedExample) {
  const Predictions predictions{{.id = "a", .text = "the Two", .no_answer_score = 0.1},
                                {.id = "b", .text = "five", .no_answer_score = 0.8},
                                {.id = "c", .text = "four", .no_answer_score = 0.3}};
  const SquadV2Metrics metrics = evaluate_squad_v2(predictions, kThreeQuestions);
  EXPECT_DOUBLE_EQ(metrics.all.exact_match, 100.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.all.f1, 100 * (1 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(metrics.has_answer->f1, 100 * (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(metrics.no_answer->f1, 0);
  EXPECT_DOUBLE_EQ(metrics.best_exact, 200.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.best_exact_threshold, 0.1);
  EXPECT_DOUBLE_EQ(metrics.best_f1, 100 * (2 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(metrics.best_f1_threshold, 0.3);
  EXPECT_DOUBLE_EQ(evaluate_squad_v2(predictions, kThreeQuestions, metrics.best_f1_threshold).all.f1, metrics.best_f1);
}

TEST(SquadV2, ThresholdTurnsAnAnswerIntoNoAnswer) {
  const Predictions predictions{{.id = "a", .text = "one", .no_answer_score = 0.9},
                                {.id = "b", .text = "x", .no_answer_score = 0.9}};
  const auto raw = squad_v2_question_scores(predictions, kThreeQuestions, std::nullopt);
  EXPECT_EQ(raw[0].f1, 1);
  EXPECT_EQ(raw[1].f1, 0);
  const auto at = squad_v2_question_scores(predictions, kThreeQuestions, 0.9);  // not above
  EXPECT_EQ(at[0].f1, 1);
  const auto below = squad_v2_question_scores(predictions, kThreeQuestions, 0.8);
  EXPECT_EQ(below[0].f1, 0);
  EXPECT_EQ(below[1].f1, 1);
  EXPECT_EQ(below[1].exact_match, 1);
  EXPECT_FALSE(below[1].has_answer);
  EXPECT_FALSE(below[2].predicted);
}

TEST(SquadV2, DropsGoldAnswersWithoutWords) {
  const Gold gold{{.id = "a", .answers = {"the", "x"}}, {.id = "b", .answers = {"?"}}};
  const auto scores = squad_v2_question_scores(Predictions{{.id = "a", .text = ""}, {.id = "b", .text = ""}}, gold);
  EXPECT_EQ(scores[0].f1, 0);  // "the" would have been equal to nothing
  EXPECT_EQ(scores[1].f1, 1);
  EXPECT_TRUE(scores[1].has_answer);
}

TEST(Squad, CountsMissingAndUnknownPredictions) {
  const Predictions predictions{{.id = "a", .text = "one"}, {.id = "z", .text = "x"}};
  const SquadV2Metrics v2 = evaluate_squad_v2(predictions, kThreeQuestions);
  EXPECT_EQ(v2.missing, 2);
  EXPECT_EQ(v2.unknown, 1);
  EXPECT_EQ(v2.all.total, 1);
  EXPECT_DOUBLE_EQ(v2.all.f1, 100);
  EXPECT_FALSE(v2.no_answer.has_value());
  const Gold answered{kThreeQuestions[0], kThreeQuestions[2]};
  const SquadV1Metrics v1 = evaluate_squad_v1(predictions, answered);
  EXPECT_EQ(v1.missing, 1);
  EXPECT_EQ(v1.unknown, 1);
  EXPECT_DOUBLE_EQ(v1.all.f1, 50);
}

TEST(Squad, IsUndefinedWithoutQuestions) {
  EXPECT_TRUE(std::isnan(evaluate_squad_v1({}, {}).all.f1));
  EXPECT_TRUE(std::isnan(evaluate_squad_v2({}, {}).all.f1));
  EXPECT_TRUE(std::isnan(evaluate_squad_v2({}, kThreeQuestions).best_f1));
}

TEST(Squad, SaysWhatIsWrongWithTheInput) {
  const Predictions twice{{.id = "a", .text = "one"}, {.id = "a", .text = "two"}};
  EXPECT_EQ(message_of([&] { evaluate_squad_v2(twice, kThreeQuestions); }),
            "question a: one prediction for each id, got two; make the ids unique");
  const Gold doubled{kThreeQuestions[0], kThreeQuestions[0]};
  EXPECT_EQ(message_of([&] { evaluate_squad_v1({}, doubled); }),
            "question a: one question for each id, got two; make the ids unique");
  EXPECT_EQ(message_of([&] { evaluate_squad_v1({}, kThreeQuestions); }),
            "question b: at least one gold answer, got none; score questions without an answer by the rules of SQuAD 2.0");
  const Predictions undefined{{.id = "a", .text = "one", .no_answer_score = std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_EQ(message_of([&] { evaluate_squad_v2(undefined, kThreeQuestions); }),
            "question a: the no-answer score must be a number, got nan");
}

struct RealSquad : ::testing::Test {
  Gold gold;

  void SetUp() override {
    const char* shared = std::getenv("ALBERT_SHARED_DATA");
    const std::filesystem::path root = shared != nullptr ? shared : ALBERT_SOURCE_DIR "/../shared/data";
    const std::filesystem::path path = root / "qa" / "squad2_dev_half_A.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no SQuAD 2.0";
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file);
    for (const auto& article : json["data"]) {
      for (const auto& paragraph : article["paragraphs"]) {
        for (const auto& question : paragraph["qas"]) {
          gold.push_back({.id = question["id"], .answers = {}});
          for (const auto& answer : question["answers"]) gold.back().answers.push_back(answer["text"]);
        }
      }
    }
  }

  template <typename Choose>
  SquadV2Metrics evaluate(const Choose& choose) {
    Predictions predictions;
    for (const SquadGold& question : gold) {
      predictions.push_back({.id = question.id, .text = question.answers.empty() ? "" : choose(question.answers)});
    }
    return evaluate_squad_v2(predictions, gold);
  }
};

TEST_F(RealSquad, GivesFullMarksToTheFirstAnnotator) {
  const SquadV2Metrics metrics = evaluate([](const auto& answers) { return answers.front(); });
  EXPECT_EQ(metrics.has_answer->total, 2910);
  EXPECT_EQ(metrics.no_answer->total, 3168);
  for (const double score : {metrics.all.exact_match, metrics.all.f1, metrics.has_answer->f1, metrics.no_answer->f1,
                             metrics.best_exact, metrics.best_f1}) {
    EXPECT_NEAR(score, 100, 1e-9);
  }
}

TEST_F(RealSquad, DropsTheFullStopThatOneAnnotatorGave) {
  // One of the last annotators answered "."; the official script gives the same 99.98354721948009 and 99.96563573883161.
  const SquadV2Metrics metrics = evaluate([](const auto& answers) { return answers.back(); });
  EXPECT_NEAR(metrics.all.f1, 100.0 * 6077 / 6078, 1e-9);
  EXPECT_NEAR(metrics.has_answer->exact_match, 100.0 * 2909 / 2910, 1e-9);
}

}  // namespace
}  // namespace albert
