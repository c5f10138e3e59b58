#include "labelled_files.h"

#include <albert/data/squad_json.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::file_of;
using ::testing::IsEmpty;
using testing::TemporaryFolder;
using testing::write_text;

struct SquadJson : ::testing::Test {
  TemporaryFolder folder;
  SquadData read(std::string_view text, AnswerUse use = AnswerUse::learn) const {
    return read_squad(file_of(write_text(folder / "a.json", text)), use);
  }
};

TEST_F(SquadJson, ReadsArticlesParagraphsAndQuestions) {
  const auto data = read(R"({"version": "v2.0", "data": [
    {"title": "A", "paragraphs": [{"context": "One film.", "qas": [
      {"id": "1", "question": "What?", "answers": [{"text": "film", "answer_start": 4}, {"text": "One", "answer_start": 0}]},
      {"id": "2", "question": "Who?", "is_impossible": true, "answers": [], "plausible_answers": [{"text": "One", "answer_start": 0}]}]}]},
    {"paragraphs": [{"context": "Two.", "qas": [{"id": 7, "question": "How many?", "answers": [{"text": "Two", "answer_start": 0}]}]}]}]})");
  EXPECT_EQ(data.version, "v2.0");
  EXPECT_EQ(data.num_articles, 2);
  EXPECT_EQ(data.num_paragraphs, 2);
  ASSERT_EQ(data.questions.size(), 3U);
  EXPECT_EQ(data.questions[0].title, "A");
  EXPECT_EQ(*data.questions[0].context, "One film.");
  EXPECT_EQ(data.questions[0].context, data.questions[1].context);
  EXPECT_THAT(data.questions[0].answers, ElementsAre(SquadAnswer{"film", 4, 4}, SquadAnswer{"One", 0, 0}));
  EXPECT_TRUE(data.questions[1].is_impossible);
  EXPECT_EQ(data.questions[2].article, 1);
  EXPECT_EQ(data.questions[2].id, "7");
  EXPECT_EQ(data.problems.num_misaligned_answers + data.problems.num_without_answer, 0);
}

TEST_F(SquadJson, CountsStartsInCodePoints) {
  const auto data = read(
      "{\"data\": [{\"paragraphs\": [{\"context\": \"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 e\\u0301nd\", \"qas\": "
      "[{\"id\": \"1\", \"question\": \"?\", \"answers\": [{\"text\": \"nd\", \"answer_start\": 6}, {\"text\": "
      "\"\xF0\x9F\x98\x80\", "
      "\"answer_start\": 2}]}]}]}]}");
  EXPECT_THAT(data.questions[0].answers, ElementsAre(SquadAnswer{"nd", 6, 13}, SquadAnswer{"\xF0\x9F\x98\x80", 2, 5}));
}

constexpr const char* kMisaligned = R"({"data": [{"paragraphs": [{"context": "A film.", "qas": [
  {"id": "shifted", "question": "?", "answers": [{"text": "film", "answer_start": 1}]},
  {"id": "beyond", "question": "?", "answers": [{"text": "film", "answer_start": 100}, {"text": "film", "answer_start": -2}]},
  {"id": "empty", "question": "?", "answers": [{"text": "", "answer_start": 0}]},
  {"id": "half", "question": "?", "answers": [{"text": "film", "answer_start": 3}, {"text": "film", "answer_start": 2}]},
  {"id": "end", "question": "?", "answers": [{"text": ".", "answer_start": 6}]},
  {"id": "none", "question": "?"},
  {"id": "both", "question": "?", "is_impossible": true, "answers": [{"text": "film", "answer_start": 2}]}]}]}]})";

TEST_F(SquadJson, DropsMisalignedAnswersAndSaysWhich) {
  const auto data = read(kMisaligned);
  std::vector<std::string> ids;
  for (const auto& question : data.questions) ids.push_back(question.id);
  EXPECT_THAT(ids, ElementsAre("half", "end", "both"));
  EXPECT_THAT(data.questions[0].answers, ElementsAre(SquadAnswer{"film", 2, 2}));
  EXPECT_THAT(data.questions[2].answers, IsEmpty());
  EXPECT_EQ(data.problems.num_misaligned_answers, 5);
  EXPECT_THAT(data.problems.misaligned, ElementsAre("shifted", "beyond", "empty", "half"));
  EXPECT_EQ(data.problems.num_without_answer, 4);
  EXPECT_THAT(data.problems.without_answer, ElementsAre("shifted", "beyond", "empty", "none"));
  EXPECT_EQ(data.problems.num_impossible_with_answers, 1);
}

std::vector<std::string> texts_of(const SquadQuestion& question) {
  std::vector<std::string> texts;
  for (const auto& answer : question.answers) texts.push_back(answer.text);
  return texts;
}

TEST_F(SquadJson, ScoresEveryQuestionByAllItsTexts) {
  const auto data = read(kMisaligned, AnswerUse::score);
  ASSERT_EQ(data.questions.size(), 7U);
  EXPECT_THAT(texts_of(data.questions[0]), ElementsAre("film"));
  EXPECT_EQ(data.questions[0].answers[0].start_byte, std::nullopt);
  EXPECT_THAT(texts_of(data.questions[1]), ElementsAre("film", "film"));
  EXPECT_THAT(texts_of(data.questions[2]), ElementsAre(""));
  EXPECT_THAT(texts_of(data.questions[3]), ElementsAre("film", "film"));
  EXPECT_EQ(data.questions[3].answers[1].start_byte, 2);
  EXPECT_THAT(texts_of(data.questions[5]), IsEmpty());
  EXPECT_THAT(texts_of(data.questions[6]), ElementsAre("film"));
  EXPECT_TRUE(data.questions[6].is_impossible);
  EXPECT_EQ(data.problems.num_misaligned_answers, 5);
  EXPECT_THAT(data.problems.without_answer, ElementsAre("none"));
  EXPECT_EQ(data.problems.num_impossible_with_answers, 1);
}

/// One question whose answer "film" has this answer_start, as JSON.
std::string with_start(const std::string& start) {
  return R"({"data": [{"paragraphs": [{"context": "A film.", "qas": [{"id": "1", "question": "?", "answers": [{"text": "film")" + start + "}]}]}]}]}";
}

TEST_F(SquadJson, ScoresAnswersWhateverTheirStartIs) {
  const std::vector<std::pair<std::string, std::string>> starts = {{"", "none"}, {"null", "null"}, {"\"2\"", "a string"}, {"[2]", "a list"}, {"true", "true or false"}};
  for (const auto& [value, got] : starts) {
    const std::string start = value.empty() ? "" : ", \"answer_start\": " + value;
    const auto data = read(with_start(start), AnswerUse::score);
    EXPECT_THAT(texts_of(data.questions[0]), ElementsAre("film"));
    EXPECT_EQ(data.problems.num_misaligned_answers, 1);
    EXPECT_THAT(data.problems.misaligned, ElementsAre("1"));
    for (const AnswerUse use : {AnswerUse::learn, AnswerUse::split}) {
      EXPECT_EQ(testing::error_text([&] { read(with_start(start), use); }),
                (folder / "a.json").string() + ": data[0].paragraphs[0].qas[0].answers[0].answer_start: expected a whole number, got " + got +
                    "; is this a file in SQuAD's format?");
    }
  }
  EXPECT_EQ(read(with_start(", \"answer_start\": 2.0"), AnswerUse::score).problems.num_misaligned_answers, 1);
}

TEST_F(SquadJson, ScoresQuestionsWhateverTheirMarkIs) {
  for (const std::string mark : {"\"no\"", "0", "null"}) {
    const std::string text = R"({"data": [{"paragraphs": [{"context": "A film.", "qas": [
      {"id": "1", "question": "?", "is_impossible": )" + mark + R"(, "answers": [{"text": "film", "answer_start": 2}]},
      {"id": "2", "question": "?", "is_impossible": false, "answers": []}]}]}]})";
    const auto data = read(text, AnswerUse::score);
    ASSERT_EQ(data.questions.size(), 2U);
    EXPECT_FALSE(data.questions[0].is_impossible);
    EXPECT_THAT(texts_of(data.questions[0]), ElementsAre("film"));
    EXPECT_EQ(data.problems.num_odd_marks, 1);
    EXPECT_THAT(data.problems.odd_marks, ElementsAre("1"));
    for (const AnswerUse use : {AnswerUse::learn, AnswerUse::split}) {
      EXPECT_THAT(testing::error_text([&] { read(text, use); }), ::testing::HasSubstr("qas[0].is_impossible: expected true or false, got "));
    }
  }
}

TEST_F(SquadJson, KeepsEveryQuestionForASplit) {
  const auto data = read(kMisaligned, AnswerUse::split);
  ASSERT_EQ(data.questions.size(), 7U);
  EXPECT_THAT(texts_of(data.questions[3]), ElementsAre("film", "film"));
  EXPECT_EQ(data.problems.num_odd_marks, 0);
}

TEST_F(SquadJson, TakesHugeStartsAsBeyondTheContext) {
  for (const std::string start : {"9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808"}) {
    EXPECT_EQ(read(with_start(", \"answer_start\": " + start), AnswerUse::score).problems.num_misaligned_answers, 1) << start;
  }
  EXPECT_EQ(read(with_start(", \"answer_start\": 100000000000000000000"), AnswerUse::score).problems.num_misaligned_answers, 1);
  EXPECT_EQ(testing::error_text([&] { read(with_start(", \"answer_start\": 100000000000000000000")); }),
            (folder / "a.json").string() + ": data[0].paragraphs[0].qas[0].answers[0].answer_start: expected a whole number, got 1e+20; correct the file");
}

TEST_F(SquadJson, ReadsNoAnswersForPrediction) {
  const auto data = read(kMisaligned, AnswerUse::ignore);
  ASSERT_EQ(data.questions.size(), 7U);
  for (const auto& question : data.questions) EXPECT_THAT(question.answers, IsEmpty());
  EXPECT_FALSE(data.questions[6].is_impossible);
  EXPECT_EQ(data.problems.num_misaligned_answers + data.problems.num_without_answer, 0);
  EXPECT_EQ(read(with_start(", \"answer_start\": \"4\""), AnswerUse::ignore).questions.size(), 1U);
}

}  // namespace
}  // namespace albert
