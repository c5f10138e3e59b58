#include "tasks/task_fixture.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace albert {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::expect_metrics;
using testing::written;

/// A question of a document in SQuAD's format. Without an answer it is impossible.
json question(const std::string& id, const std::string& text, const std::string& answer, int64_t start) {
  json result{{"id", id}, {"question", text}, {"answers", json::array()}, {"is_impossible", answer.empty()}};
  if (!answer.empty()) result["answers"].push_back({{"text", answer}, {"answer_start", start}});
  return result;
}
std::string squad(const std::vector<std::pair<std::string, std::vector<json>>>& articles) {
  json data = json::array();
  for (const auto& [context, questions] : articles) {
    const json paragraph{{"context", context}, {"qas", questions}};
    data.push_back(json{{"title", "t"}, {"paragraphs", json::array({paragraph})}});
  }
  return json{{"version", "x"}, {"data", data}}.dump();
}

constexpr const char* kContext = "the ab 1 the";
/// [CLS] ab 1 [SEP] the ab 1 the [SEP]: the document begins at position 4.
const json kAnswerable = question("q1", "ab 1", "ab", 4);
const json kImpossible = question("q2", "the 1", "", 0);

/// Scores of the linear head for a sequence of 9 that prefer a span; `none` is the score of [CLS].
InstanceScores span_scores(size_t start, size_t end, float best = 5, float none = 0) {
  InstanceScores scores(18, 0.0F);
  scores[start] += best;
  scores[9 + end] += best;
  scores[0] += none;
  return scores;
}

/// The beam head's scores with one candidate; what remains is as a sequence with too few tokens has it.
InstanceScores beam_scores(float start, float end, float log_probability, float no_answer) {
  constexpr float kNothing = -std::numeric_limits<float>::infinity();
  constexpr auto kStarts = static_cast<size_t>(kBeamStarts);
  constexpr size_t kEnds = kStarts * static_cast<size_t>(kBeamEnds);
  InstanceScores scores;
  const auto add = [&](size_t count, float first, float rest) {
    scores.push_back(first);
    scores.insert(scores.end(), count - 1, rest);
  };
  add(kStarts, log_probability, kNothing);
  add(kStarts, start, -1);
  add(kEnds, log_probability, kNothing);
  add(kEnds, end, -1);
  scores.push_back(no_answer);
  return scores;
}

struct QuestionTask : testing::TaskFixture {
  QuestionTask() { max_length = 80; }
  std::unique_ptr<Task> squad1() const { return make("{name: squad}"); }
  std::unique_ptr<Task> squad2(const std::string& more = "") const { return make("{name: squad2, question_answering: {" + more + "}}"); }
};

TEST_F(QuestionTask, ReadsWindowsWithTargets) {
  const auto set = squad1()->read(file("x.json", squad({{kContext, {kAnswerable}}})), SetRole::train);
  ASSERT_THAT(set->instances(), SizeIs(1));
  EXPECT_THAT(set->instances()[0].sequences.at(0).ids, ElementsAre(2, 9, 13, 3, 14, 9, 13, 14, 3));
  EXPECT_EQ(set->instances()[0].sequences[0].second_segment, 4);
  EXPECT_THAT(set->instances()[0].labels, ElementsAre(5, 5, 0));
  EXPECT_THAT(set->report_part().lengths, ElementsAre(9));
}

TEST_F(QuestionTask, MeasuresAnswers) {
  const auto task = squad1();
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable, question("q3", "the 1", "1 the", 7)}}})), SetRole::evaluation);
  const auto answers = set->decode({span_scores(5, 5), span_scores(7, 7)});  // "ab" is right, "the" is an article and matches nothing of "1"
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("exact_match"), 50);
  EXPECT_DOUBLE_EQ(metrics.at("f1"), 50);
  EXPECT_DOUBLE_EQ(answers->measure(std::vector<int64_t>{0, 0, 1}).at("exact_match"), 200.0 / 3);
  expect_metrics(*task, *answers, {"exact_match", "f1"});
  EXPECT_EQ(json::parse(written(*answers, PredictionFormat::submission)), json({{"q1", "ab"}, {"q3", "the"}}));
  EXPECT_THAT(written(*answers, PredictionFormat::null_odds), IsEmpty());
}

TEST_F(QuestionTask, HasCollapsedWhereOneAnswerIsGivenToAll) {
  const auto task = squad1();
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable, question("q3", "the 1", "1 the", 7)}}})), SetRole::evaluation);
  EXPECT_EQ(set->decode({span_scores(5, 5), span_scores(5, 5)})->collapse(), "the same answer to every question");
  EXPECT_EQ(set->decode({span_scores(5, 5), span_scores(5, 6)})->collapse(), "an answer at the same place of every text");
  EXPECT_EQ(set->decode({span_scores(5, 5), span_scores(6, 6)})->collapse(), "");
  const auto alike = task->read(file("y.json", squad({{kContext, {kAnswerable, question("q3", "the 1", "ab 1", 4)}}})), SetRole::evaluation);
  EXPECT_EQ(alike->decode({span_scores(5, 5), span_scores(5, 6)})->collapse(), "") << "all answers are at that place";
  EXPECT_EQ(alike->decode({span_scores(5, 5), span_scores(5, 7)})->collapse(), "");
}

TEST_F(QuestionTask, HasCollapsedWhereNoQuestionIsAnswered) {
  const auto task = squad2("no_answer_threshold: -100");
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable, kImpossible}}})), SetRole::evaluation);
  EXPECT_EQ(set->decode({span_scores(5, 5), span_scores(6, 6)})->collapse(), "no answer to any question");
  const auto none = task->read(file("y.json", squad({{kContext, {kImpossible, question("q3", "ab 1", "", 0)}}})), SetRole::evaluation);
  EXPECT_EQ(none->decode({span_scores(5, 5), span_scores(6, 6)})->collapse(), "") << "there is none";
}

TEST_F(QuestionTask, WritesTheBestAnswersAsJsonLines) {
  const auto task = squad1();
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable}}})), SetRole::evaluation);
  const auto record = json::parse(written(*set->decode({span_scores(5, 6)}), PredictionFormat::jsonl));
  EXPECT_EQ(record["id"], "q1");
  EXPECT_EQ(record["answer"], "ab 1");
  EXPECT_FALSE(record.contains("no_answer_score"));
  EXPECT_EQ(record["n_best"][0]["text"], "ab 1");
  EXPECT_EQ(record["n_best"][0]["start"], 4);
  EXPECT_EQ(record["n_best"][0]["end"], 8);
  double sum = 0;
  for (const auto& candidate : record["n_best"]) sum += candidate["probability"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST_F(QuestionTask, ChoosesTheThresholdOnEvaluatedDataOnly) {
  const auto text = squad({{kContext, {kAnswerable, kImpossible}}});
  // Null odds: 3 - 10 and 8 - 2; no answer from 6 on would be best between them.
  const std::vector<InstanceScores> scores{span_scores(5, 5, 5, 3), span_scores(5, 5, 1, 8)};
  const auto task = squad2();
  const auto set = task->read(file("x.json", text), SetRole::evaluation);
  const auto answers = set->decode(scores);
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("f1"), 100);
  EXPECT_DOUBLE_EQ(metrics.at("best_f1"), 100);
  EXPECT_DOUBLE_EQ(metrics.at("best_f1_threshold"), -7);  // the official script takes the last score that it lets answer
  EXPECT_DOUBLE_EQ(metrics.at("has_answer_f1"), 100);
  EXPECT_DOUBLE_EQ(metrics.at("no_answer_f1"), 100);
  expect_metrics(*task, *answers, {"exact_match", "f1"});
  EXPECT_EQ(json::parse(written(*answers, PredictionFormat::submission)), json({{"q1", "ab"}, {"q2", ""}}));
  EXPECT_EQ(json::parse(written(*answers, PredictionFormat::null_odds)), json({{"q1", -7.0}, {"q2", 6.0}}));

  const auto strict = squad2("no_answer_threshold: -10");
  const auto strict_set = strict->read(file("x.json", text), SetRole::evaluation);
  EXPECT_DOUBLE_EQ(strict_set->decode(scores)->measure_all().at("f1"), 50);
}

TEST_F(QuestionTask, ReadsNoGoldForPrediction) {
  const auto task = squad2();
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable, kImpossible, question("q4", "ab", "xx", 0)}}})), SetRole::prediction);
  ASSERT_THAT(set->instances(), SizeIs(3));
  EXPECT_THAT(set->learnable(), IsEmpty());
  EXPECT_THAT(set->notes(), IsEmpty());
  // The best threshold of the gold would be below -7.
  const auto answers = set->decode({span_scores(5, 5, 5, 20), span_scores(5, 5, 5, 3), InstanceScores(16, 0.0F)});
  EXPECT_THROW((void)answers->measure_all(), InternalError);
  const auto predictions = json::parse(written(*answers, PredictionFormat::submission));
  EXPECT_EQ(predictions["q1"], "");
  EXPECT_EQ(predictions["q2"], "ab");
}

TEST_F(QuestionTask, DecodesBeamsWithFewerCandidatesThanPlaces) {
  const auto task = squad2("head: beam");
  EXPECT_EQ(task->description().objective, TaskObjective::beam_span);
  const auto set = task->read(file("x.json", squad({{kContext, {kAnswerable, kImpossible}}})), SetRole::evaluation);
  const auto answers = set->decode({beam_scores(5, 6, -0.1F, -2), beam_scores(-1, -1, -std::numeric_limits<float>::infinity(), 3)});
  const auto record = json::parse(written(*answers, PredictionFormat::submission));
  EXPECT_EQ(record, json({{"q1", "ab 1"}, {"q2", ""}}));
  EXPECT_EQ(json::parse(written(*answers, PredictionFormat::null_odds)), json({{"q1", -2.0}, {"q2", 3.0}}));
  EXPECT_NEAR(answers->measure_all().at("no_answer_f1"), 100, 1e-9);
}

TEST_F(QuestionTask, JoinsTheWindowsOfALongDocument) {
  max_length = 12;
  const auto task = make("{name: squad, question_answering: {windows: {max_question_length: 2, stride: 3}}}");
  const auto set = task->read(file("x.json", squad({{"the ab 1 the ab the 1 1 the ab 1 the", {question("q1", "ab 1", "ab 1", 28)}}})),
                              SetRole::evaluation);
  ASSERT_GT(set->instances().size(), 2U);
  EXPECT_EQ(set->num_examples(), 1);
  std::vector<InstanceScores> scores;
  for (const auto& instance : set->instances()) {
    scores.emplace_back(static_cast<size_t>(2 * instance.num_tokens()), 0.0F);
    if (instance.labels.at(2) != 0) continue;  // without the whole answer
    scores.back()[static_cast<size_t>(instance.labels[0])] = 5;
    scores.back()[static_cast<size_t>(instance.num_tokens() + instance.labels[1])] = 5;
  }
  EXPECT_DOUBLE_EQ(set->decode(scores)->measure_all().at("exact_match"), 100);
}

TEST_F(QuestionTask, RefusesImpossibleQuestionsUnlessTheyAreExpected) {
  EXPECT_EQ(error_of([&] { (void)squad1()->read(file("x.json", squad({{kContext, {kAnswerable, kImpossible}}})), SetRole::train); }),
            "FOLDER/x.json: question q2: must have an answer, is marked as impossible; set task.question_answering.unanswerable: true, or "
            "task.name: squad2");
  EXPECT_EQ(make("{name: squad, question_answering: {unanswerable: true}}")
                ->read(file("x.json", squad({{kContext, {kAnswerable, kImpossible}}})), SetRole::train)
                ->num_examples(), 2);
}

/// "xx" stands nowhere; the second question has no list of answers.
std::string unaligned() {
  json without = question("q6", "ab", "", 0);
  without.erase("answers");
  without.erase("is_impossible");
  return squad({{kContext, {kAnswerable, question("q5", "the", "xx", 0), without}}});
}

TEST_F(QuestionTask, CountsWhatItCannotLearnFrom) {
  const auto set = squad1()->read(file("x.json", unaligned()), SetRole::train);
  EXPECT_EQ(set->num_examples(), 1);
  EXPECT_THAT(set->notes(),
              ElementsAre("1 answers do not stand where the file says and are dropped: q5", "2 questions have no answer and are left out: q5, q6"));
}

TEST_F(QuestionTask, ScoresEveryQuestionWhateverItsOffsets) {
  const auto text = squad({{kContext, {kAnswerable, question("q5", "the", "1", 99)}}});
  const auto task = squad1();
  const auto set = task->read(file("x.json", text), SetRole::evaluation);
  EXPECT_THAT(set->notes(), ElementsAre("1 answers do not stand where the file says; they count in the metrics, but not in the loss: q5",
                                        "1 questions have an answer that cannot be aligned with pieces and are left out of the loss: q5"));
  EXPECT_THAT(set->learnable(), ElementsAre(0));
  const auto answers = set->decode({span_scores(5, 5), InstanceScores{0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0}});
  EXPECT_EQ(json::parse(written(*answers, PredictionFormat::submission)), json({{"q1", "ab"}, {"q5", "1"}}));
  EXPECT_DOUBLE_EQ(answers->measure_all().at("exact_match"), 100);
}

TEST_F(QuestionTask, ScoresQuestionsWithAnOddMarkOrStartButDoesNotSplitThem) {
  json marked = kAnswerable;
  marked["is_impossible"] = "no";
  json started = question("q5", "the", "1", 7);
  started["answers"][0]["answer_start"] = "7";
  const auto data = file("x.json", squad({{kContext, {marked, started}}, {kContext, {kImpossible}}}));
  const auto task = squad2();
  const auto set = task->read(data, SetRole::evaluation);
  EXPECT_EQ(set->num_examples(), 3);
  EXPECT_THAT(set->notes(), ElementsAre("1 answers do not stand where the file says; they count in the metrics, but not in the loss: q5",
                                        "1 questions have an is_impossible that is neither true nor false; their answers count: q1",
                                        "1 questions have an answer that cannot be aligned with pieces and are left out of the loss: q5"));
  EXPECT_EQ(error_of([&] { (void)task->read_and_split(data, 0.5, 1); }),
            "FOLDER/x.json: data[0].paragraphs[0].qas[0].is_impossible: expected true or false, got a string; is this a file in SQuAD's format?");
}

TEST_F(QuestionTask, TakesAnswersNotMarksForGold) {
  // has_answer = bool(answers) in evaluate-v2.0.py: one is marked as impossible, but has an answer, the other is not, and has none.
  json marked = kAnswerable;
  marked["is_impossible"] = true;
  json unmarked = kImpossible;
  unmarked.erase("is_impossible");
  const auto task = squad2();
  const auto set = task->read(file("x.json", squad({{kContext, {marked, unmarked}}})), SetRole::evaluation);
  EXPECT_THAT(set->notes(), ElementsAre("1 questions have no answer and count as unanswerable: q2",
                                        "1 questions are marked as impossible, but have answers, by which they are scored"));
  const auto metrics = set->decode({span_scores(5, 5, 5, -9), span_scores(5, 5, 1, 9)})->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("has_answer_f1"), 100);
  EXPECT_DOUBLE_EQ(metrics.at("no_answer_f1"), 100);
  EXPECT_THAT(set->instances()[0].labels, ElementsAre(5, 5, 0));
  EXPECT_THAT(set->instances()[1].labels, ElementsAre(0, 0, 1));
}

TEST_F(QuestionTask, CannotScoreAQuestionWithoutAnswersBySquad1) {
  EXPECT_EQ(error_of([&] { (void)squad1()->read(file("x.json", unaligned()), SetRole::evaluation); }),
            "FOLDER/x.json: question q6: must have an answer, has none to be scored by; set task.question_answering.unanswerable: true, or "
            "task.name: squad2");
}

TEST_F(QuestionTask, ReportsKindsOfQuestionsAndWindows) {
  const auto data = file("x.json", squad({{kContext, {kAnswerable, kImpossible, question("q3", "1", "1", 7)}}}));
  const auto part = squad2()->read(data, SetRole::evaluation)->report_part();
  EXPECT_EQ(part.classes.what, "kinds of questions");
  EXPECT_THAT(part.classes.names, ElementsAre("answerable", "unanswerable"));
  EXPECT_THAT(part.classes.counts, ElementsAre(2, 1));
  EXPECT_EQ(part.classes.total, 3);
  EXPECT_EQ(part.long_inputs, LongInputs::windowed);
  EXPECT_THAT(squad2()->read(data, SetRole::prediction)->report_part().classes.names, IsEmpty());
  EXPECT_THAT(squad2()->read(data, SetRole::prediction)->report_part().gold_hashes, IsEmpty());
}

TEST_F(QuestionTask, HoldsOutWholeArticles) {
  std::vector<std::pair<std::string, std::vector<json>>> articles;
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    articles.push_back({kContext + (" " + id), {question(id + "a", "ab 1", "ab", 4), question(id + "b", "the", "1", 7)}});
  }
  const auto task = squad1();
  const auto sets = task->read_and_split(file("x.json", squad(articles)), 0.2, 1);
  EXPECT_EQ(sets.train->num_examples(), 16);
  EXPECT_EQ(sets.validation->num_examples(), 4);
}

TEST_F(QuestionTask, ScoresWhatItHoldsOutAndLearnsFromWhatIsAligned) {
  std::vector<std::pair<std::string, std::vector<json>>> articles;
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    articles.push_back({kContext + (" " + id), {question(id + "a", "ab 1", "ab", 4), question(id + "b", "the", "1", 99)}});
  }
  const auto sets = squad1()->read_and_split(file("x.json", squad(articles)), 0.2, 1);
  EXPECT_EQ(sets.validation->num_examples(), 4);
  EXPECT_EQ(sets.train->num_examples(), 8);
  EXPECT_THAT(sets.train->notes(), ElementsAre(HasSubstr("8 answers do not stand where the file says and are dropped"),
                                               HasSubstr("8 questions have no answer and are left out")));
  EXPECT_THAT(sets.validation->notes(), ElementsAre(HasSubstr("2 answers do not stand where the file says; they count"),
                                                    HasSubstr("2 questions have an answer")));
}

TEST_F(QuestionTask, NeverPartsArticlesWithTheSameText) {
  std::vector<std::pair<std::string, std::vector<json>>> articles;
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    articles.push_back({kContext + (" " + std::to_string(i / 2)), {question(id, "ab 1", "ab", 4)}});
  }
  const auto sets = squad1()->read_and_split(file("x.json", squad(articles)), 0.2, 1);
  const auto held_out = sets.validation->report_part().text_hashes;
  ASSERT_THAT(held_out, SizeIs(2));
  EXPECT_EQ(held_out[0], held_out[1]);
}

}  // namespace
}  // namespace albert
