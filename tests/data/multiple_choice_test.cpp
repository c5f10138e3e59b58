#include "labelled_files.h"

#include <albert/data/multiple_choice.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::write_text;

constexpr const char* kHigh =
    R"({"answers": ["B", "A"], "options": [["a", "b", "c", "d"], ["e", "f", "g", "h"]], "questions": ["Who _ ?", "Why?"], "article": "Text.", "id": "high1.txt"})";
constexpr const char* kMiddle =
    R"({"answers": ["D"], "options": [["a", "b", "c", "d"]], "questions": ["When?"], "article": "More.", "id": "middle7.txt"})";

struct Choices : ::testing::Test {
  TemporaryFolder folder;
  DataFileConfig write(const std::string& name, std::string_view content, FileFormat format = FileFormat::automatic) const {
    std::filesystem::create_directories((folder / name).parent_path());
    return file_of(write_text(folder / name, content), format);
  }
  /// Ids with the index of the answer behind.
  static std::vector<std::string> answers_of(const ChoiceQuestions& read) {
    std::vector<std::string> result;
    for (const auto& question : read.questions)
      result.push_back(question.id + "=" + std::to_string(question.answer.value_or(-1)));
    return result;
  }
};

TEST_F(Choices, OfRaceComeFromItsFolders) {
  write("train/high/1.txt", kHigh);
  write("train/middle/7.txt", kMiddle);
  const auto file = file_of(folder / "train", FileFormat::race);
  const auto all = read_race(file, AnswerColumn::read);
  EXPECT_THAT(answers_of(all), ElementsAre("high1.txt#0=1", "high1.txt#1=0", "middle7.txt#0=3"));
  EXPECT_EQ(all.questions[0].question, "Who _ ?");
  EXPECT_THAT(all.questions[1].options, ElementsAre("e", "f", "g", "h"));
  EXPECT_EQ(all.questions[0].context, all.questions[1].context);
  EXPECT_EQ(*all.questions[2].context, "More.");
  EXPECT_EQ(all.questions[1].group, 0);
  EXPECT_EQ(all.questions[2].group, 1);
  EXPECT_THAT(answers_of(read_race(file, AnswerColumn::read, RaceLevel::middle)), ElementsAre("middle7.txt#0=3"));
  EXPECT_THAT(answers_of(read_race(file, AnswerColumn::ignore, RaceLevel::high)),
              ElementsAre("high1.txt#0=-1", "high1.txt#1=-1"));
}

TEST_F(Choices, OfRaceComeFromAllTxt) {
  write("high/all.txt", std::string(kHigh) + "\n" + kHigh + "\n");
  write("high/1.txt", "not read");
  const auto read = read_race(file_of(folder.path(), FileFormat::race), AnswerColumn::read);
  EXPECT_EQ(read.questions.size(), 4U);
  EXPECT_EQ(read.questions[3].line, 2);
  const auto file = write("all.txt", std::string(kHigh) + "\n" + kMiddle + "\n", FileFormat::race);
  EXPECT_THAT(answers_of(read_race(file, AnswerColumn::read, RaceLevel::middle)), ElementsAre("middle7.txt#0=3"));
}

TEST_F(Choices, OfRaceMayBeOneQuestionALine) {
  const auto file =
      write("a.jsonl", R"({"example_id": "high9.txt", "article": "T.", "question": "Q?", "options": ["a", "b"], "answer": "B"})",
            FileFormat::race);
  EXPECT_THAT(answers_of(read_choice_questions(file, {}, AnswerColumn::read)), ElementsAre("high9.txt=1"));
}

TEST_F(Choices, OfRaceAreLeftOutOneByOne) {
  auto file = write(
      "all.txt",
      R"({"answers": ["E", "A"], "options": [["a", "b"], ["e", "f"]], "questions": ["1", "2"], "article": "T.", "id": "x"})",
      FileFormat::race);
  file.invalid_rows = InvalidRows::skip;
  const auto read = read_race(file, AnswerColumn::read);
  EXPECT_THAT(answers_of(read), ElementsAre("x#1=0"));
  EXPECT_EQ(read.skipped.count, 1);
  EXPECT_THAT(error_text([&] { read_race(file, AnswerColumn::read, RaceLevel::high); }),
              HasSubstr("expected at least one good question, got 1 passages of other levels"));
}

TEST_F(Choices, OfATableHaveContextAndId) {
  const auto file = write("a.tsv", "key\tpassage\tq\ta\tb\tc\tgold\nk\tText.\tWho?\tme\tyou\t\tB\n");
  const ColumnMap columns{.id = "key", .context = "passage", .question = "q", .options = {"a", "b", "c"}, .answer = "gold"};
  const auto read = read_choice_table(file, columns, AnswerColumn::read);
  ASSERT_EQ(read.questions.size(), 1U);
  EXPECT_EQ(read.questions[0].id, "k");
  EXPECT_EQ(*read.questions[0].context, "Text.");
  EXPECT_THAT(read.questions[0].options, ElementsAre("me", "you"));
  EXPECT_EQ(read.questions[0].answer, 1);
  EXPECT_EQ(read.questions[0].line, 2);
}

TEST_F(Choices, AnswersAreUnderstoodByTheFormOfMostRows) {
  const ColumnMap columns{.question = "1", .options = {"2", "3", "4"}, .answer = "5"};
  const auto answers = [&](const std::string& text, ColumnMap map) {
    return answers_of(read_choice_table(write("a.csv", text), map, AnswerColumn::read));
  };
  EXPECT_THAT(answers("q,x,y,z,A\nq,x,y,z,c\nq,x,y,z,2\n", columns), ElementsAre("0=0", "1=2", "2=1"));
  EXPECT_THAT(answers("q,x,y,z,1\nq,x,y,z,3\n", columns), ElementsAre("0=0", "1=2"));
  EXPECT_THAT(answers("q,x,y,z,1\nq,x,y,z,0\n", columns), ElementsAre("0=1", "1=0"));
  EXPECT_THAT(answers("q,yes,no,maybe,no\nq,x,y,zz,zz\n", columns), ElementsAre("0=1", "1=2"));
  EXPECT_THAT(answers("q,3,2,1,1\n", columns), ElementsAre("0=0"));
  auto text = columns;
  text.answer_form = AnswerForm::text;
  EXPECT_THAT(answers("q,3,2,1,1\n", text), ElementsAre("0=2"));
  auto from_0 = columns;
  from_0.answer_form = AnswerForm::from_0;
  EXPECT_THAT(answers("q,x,y,z,1\nq,x,y,z,2\n", from_0), ElementsAre("0=1", "1=2"));
}

TEST_F(Choices, OptionsMayBeAListAndAnswersAFile) {
  auto file = write("a.jsonl",
                    "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\"}\n{\"goal\": \"h\", \"sol1\": \"c\", \"sol2\": \"d\"}\n");
  file.labels = write_text(folder / "labels.lst", "1\n0\n");
  EXPECT_THAT(answers_of(read_choice_table(file, {.question = "goal", .options = {"sol1", "sol2"}}, AnswerColumn::read)),
              ElementsAre("0=1", "1=0"));
  const auto listed = write("b.jsonl", "{\"question\": \"g\", \"options\": [\"a\", \"b\"], \"answer\": 2}\n");
  EXPECT_THAT(answers_of(read_choice_table(listed, {}, AnswerColumn::read)), ElementsAre("0=1"));
}

TEST_F(Choices, OfATableAreLeftOutOneByOne) {
  auto file = write("a.csv", "q,w,x,y,z,A\nq,w,x,y,z,E\nq,w,,y,z,A\nq,w,x,y\n");
  file.invalid_rows = InvalidRows::skip;
  const auto read =
      read_choice_table(file, {.question = "1", .options = {"2", "3", "4", "5"}, .answer = "6"}, AnswerColumn::read);
  EXPECT_THAT(answers_of(read), ElementsAre("0=0"));
  EXPECT_EQ(read.skipped.count, 3);
  EXPECT_EQ(read.skipped.first.size(), 3U);
}

TEST_F(Choices, ComeOneByOneWithoutTheirAnswers) {
  const auto file = write("a.jsonl", R"({"question": "q", "options": ["a", "b"], "answer": 7}
{"question": "r", "options": ["c", "d", "e"], "context": "text", "id": "seven"}
)");
  ChoiceQuestionReader reader(file, {.context = "context"});
  ChoiceQuestion question;
  ASSERT_TRUE(reader.next(question));
  EXPECT_EQ(question.question, "q");
  EXPECT_EQ(question.id, "0");
  EXPECT_EQ(*question.context, "");
  EXPECT_FALSE(question.answer);
  ASSERT_TRUE(reader.next(question));
  EXPECT_EQ(question.id, "1");
  EXPECT_EQ(*question.context, "text");
  EXPECT_THAT(question.options, ElementsAre("c", "d", "e"));
  EXPECT_FALSE(reader.next(question));
}

TEST_F(Choices, OneByOneAreRefusedWithTheirLine) {
  const auto file = write("a.jsonl", "{\"question\": \"q\", \"options\": [\"a\", \"b\"]}\n{\"question\": \"q\", \"options\": [\"a\"]}\n");
  ChoiceQuestionReader reader(file, {});
  ChoiceQuestion question;
  ASSERT_TRUE(reader.next(question));
  EXPECT_THAT(error_text([&] { reader.next(question); }), HasSubstr("a.jsonl:2: expected at least two options, got 1"));
}

}  // namespace
}  // namespace albert
