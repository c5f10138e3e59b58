#include "tasks/task_fixture.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace albert {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::expect_metrics;
using testing::written;

constexpr const char* kDescribed = "{type: multiple-choice, columns: {id: id}}";
constexpr const char* kQuestions = R"({"id": "x1", "question": "the", "options": ["ab", "1"], "answer": 1}
{"id": "x2", "question": "ab _ 1", "options": ["the", "ab", "1"], "answer": 0}
)";

struct ChoiceTask : testing::TaskFixture {};

TEST_F(ChoiceTask, ReadsASequenceForEachOption) {
  const auto task = make(kDescribed);
  const auto set = task->read(file("x.jsonl", kQuestions), SetRole::train);
  ASSERT_THAT(set->instances(), SizeIs(2));
  const auto& first = set->instances()[0];
  ASSERT_THAT(first.sequences, SizeIs(2));
  EXPECT_THAT(first.sequences[0].ids, ElementsAre(2, 3, 14, 9, 3));  // [CLS] no passage [SEP] question and option [SEP]
  EXPECT_EQ(first.sequences[0].second_segment, 2);
  EXPECT_THAT(first.labels, ElementsAre(1));
  EXPECT_EQ(first.num_tokens(), 10);
  ASSERT_THAT(set->instances()[1].sequences, SizeIs(3));
  EXPECT_THAT(set->instances()[1].sequences[0].ids, ElementsAre(2, 3, 9, 14, 13, 3));  // "_" is filled in
  EXPECT_THAT(set->learnable(), ElementsAre(0, 1));
}

TEST_F(ChoiceTask, PutsThePassageFirstAndCutsIt) {
  max_length = 8;
  const auto task = make("{type: multiple-choice, columns: {context: passage}, multiple_choice: {max_question_length: 1}}");
  const auto set = task->read(file("x.jsonl", R"({"passage": "the the the the the the", "question": "ab", "options": ["1", "ab"], "answer": 0})"),
                              SetRole::train);
  EXPECT_THAT(set->instances().at(0).sequences.at(0).ids, ElementsAre(2, 14, 14, 14, 14, 3, 13, 3));
  EXPECT_THAT(set->report_part().lengths, ElementsAre(11));
}

TEST_F(ChoiceTask, ReportsPositionsOfTheRightOption) {
  const auto task = make(kDescribed);
  const auto part = task->read(file("x.jsonl", kQuestions), SetRole::evaluation)->report_part();
  EXPECT_EQ(part.classes.what, "positions of the right option");
  EXPECT_THAT(part.classes.names, ElementsAre("A", "B", "C"));
  EXPECT_THAT(part.classes.counts, ElementsAre(1, 1, 0));
  EXPECT_EQ(part.classes.total, 2);
  EXPECT_THAT(task->read(file("x.jsonl", kQuestions), SetRole::prediction)->report_part().classes.names, IsEmpty());
}

TEST_F(ChoiceTask, NeverPartsEqualQuestions) {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    const std::string option(static_cast<size_t>(i / 2 + 1), 'a');
    text += json{{"id", std::to_string(i)}, {"question", "the"}, {"options", {"ab", option}}, {"answer", 0}}.dump() + "\n";
  }
  const auto task = make("{type: multiple-choice, columns: {id: id, answer_form: from_0}}");
  const auto sets = task->read_and_split(file("x.jsonl", text), 0.2, 1);
  const auto held_out = sets.validation->report_part().text_hashes;
  ASSERT_THAT(held_out, SizeIs(4));
  const auto train = sets.train->report_part().text_hashes;
  for (const uint64_t hash : held_out) EXPECT_THAT(train, ::testing::Not(::testing::Contains(hash)));
}

TEST_F(ChoiceTask, MeasuresAccuracy) {
  const auto task = make(kDescribed);
  const auto set = task->read(file("x.jsonl", kQuestions), SetRole::evaluation);
  const auto answers = set->decode({{0, 1}, {0, 0, 1}});
  EXPECT_DOUBLE_EQ(answers->measure_all().at("accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(answers->measure(std::vector<int64_t>{0, 0}).at("accuracy"), 1);
  expect_metrics(*task, *answers, {"accuracy"});
}

TEST_F(ChoiceTask, HasCollapsedWhereOneOptionIsChosenForAll) {
  const auto task = make(kDescribed);
  const auto set = task->read(file("x.jsonl", kQuestions), SetRole::evaluation);
  EXPECT_EQ(set->decode({{0, 1}, {0, 1, 0}})->collapse(), "option B for every question");
  EXPECT_EQ(set->decode({{0, 1}, {0, 0, 1}})->collapse(), "");
}

TEST_F(ChoiceTask, WritesLettersAndProbabilities) {
  const auto task = make(kDescribed);
  const auto set = task->read(file("x.jsonl", kQuestions), SetRole::prediction);
  const auto answers = set->decode({{0, std::log(3.0F)}, {2, 1, 0}});
  EXPECT_EQ(written(*answers, PredictionFormat::submission), "x1\tB\nx2\tA\n");
  const std::string lines = written(*answers, PredictionFormat::jsonl);
  const auto first = json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["id"], "x1");
  EXPECT_EQ(first["answer"], 1);
  EXPECT_EQ(first["letter"], "B");
  EXPECT_NEAR(first["probabilities"][1].get<double>(), 0.75, 1e-7);
  EXPECT_THAT(written(*answers, PredictionFormat::null_odds), IsEmpty());
}

TEST_F(ChoiceTask, ReadsNoGoldForPrediction) {
  const auto task = make(kDescribed);
  const auto set = task->read(file("x.jsonl", R"({"id": "x", "question": "the", "options": ["ab", "1"]})"), SetRole::prediction);
  EXPECT_THAT(set->learnable(), IsEmpty());
  EXPECT_THROW((void)set->decode({{0, 1}})->measure_all(), InternalError);
}

TEST_F(ChoiceTask, LeavesNoQuestionOutOfPredictions) {
  const auto task = make(kDescribed);
  auto data = file("x.jsonl", R"({"id": "x", "question": "the", "options": ["ab", "1"]}
{"id": "y", "question": "the", "options": ["ab"]}
)");
  data.invalid_rows = InvalidRows::skip;
  EXPECT_THAT(error_of([&] { (void)task->read(data, SetRole::prediction); }),
              HasSubstr("FOLDER/x.jsonl: every row of a file to predict must be readable (invalid_rows: skip would leave out predictions), got 1"));
}

/// Passages of two questions each.
std::string race(int num_passages) {
  std::string text;
  for (int i = 0; i < num_passages; ++i) {
    text += json{{"id", (i % 2 == 0 ? "high" : "middle") + std::to_string(i) + ".txt"},
                 {"article", "the ab " + std::string(static_cast<size_t>(i), 'a')},
                 {"questions", {"the _", "ab ?"}},
                 {"options", json::array({json::array({"ab", "1", "the", "a"}), json::array({"a", "b", "1", "the"})})},
                 {"answers", {"A", "D"}}}
                .dump() + "\n";
  }
  return text;
}

TEST_F(ChoiceTask, ReadsRaceAndWritesItsLetters) {
  const auto task = make("{name: race}");
  const auto set = task->read(file("dev.jsonl", race(2)), SetRole::evaluation);
  ASSERT_THAT(set->instances(), SizeIs(4));
  EXPECT_THAT(set->instances()[1].labels, ElementsAre(3));
  const auto answers = set->decode(std::vector<InstanceScores>(4, {1, 0, 0, 0}));
  EXPECT_EQ(written(*answers, PredictionFormat::submission), "high0.txt#0\tA\nhigh0.txt#1\tA\nmiddle1.txt#0\tA\nmiddle1.txt#1\tA\n");
  EXPECT_DOUBLE_EQ(answers->measure_all().at("accuracy"), 0.5);
  const auto middle = make("{name: race, multiple_choice: {race_level: middle}}");
  EXPECT_EQ(middle->read(file("dev.jsonl", race(3)), SetRole::evaluation)->num_examples(), 2);
}

TEST_F(ChoiceTask, HoldsOutWholePassages) {
  const auto task = make("{name: race}");
  auto data = file("train.jsonl", race(10));
  const auto sets = task->read_and_split(data, 0.2, 1);
  EXPECT_EQ(sets.train->num_examples(), 16);
  EXPECT_EQ(sets.validation->num_examples(), 4);
}

}  // namespace
}  // namespace albert
