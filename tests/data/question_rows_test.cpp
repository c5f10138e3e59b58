#include "labelled_files.h"

#include <albert/data/question_rows.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::write_text;

struct QuestionRows : ::testing::Test {
  TemporaryFolder folder;
  std::vector<SquadQuestion> read(const std::string& name, std::string_view content, const ColumnMap& columns = {}) const {
    QuestionRowReader reader(file_of(write_text(folder / name, content)), columns);
    std::vector<SquadQuestion> questions;
    SquadQuestion question;
    while (reader.next(question)) questions.push_back(question);
    return questions;
  }
};

TEST_F(QuestionRows, HaveTheirIdOrTheirNumber) {
  const auto questions = read("a.jsonl", "{\"question\": \"q\", \"context\": \"c\"}\n{\"id\": 7, \"question\": \"\", \"context\": \"\"}\n");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].id, "0");
  EXPECT_EQ(questions[0].question, "q");
  EXPECT_EQ(*questions[0].context, "c");
  EXPECT_EQ(questions[1].id, "7");
  EXPECT_EQ(questions[1].question, "");
  EXPECT_EQ(*questions[1].context, "");
}

TEST_F(QuestionRows, ShareAContextWithTheRowBefore) {
  const auto questions = read("a.csv", "q,passage,key\n1,same,a\n2,same,b\n3,other,c\n", {.id = "key", .context = "passage", .question = "q"});
  ASSERT_EQ(questions.size(), 3U);
  EXPECT_EQ(questions[0].context, questions[1].context);
  EXPECT_EQ(*questions[2].context, "other");
  EXPECT_EQ(questions[2].id, "c");
}

TEST_F(QuestionRows, AreRefusedWithTheirLine) {
  const std::string good = "{\"question\": \"q\", \"context\": \"c\"}\n";
  EXPECT_THAT(error_text([&] { read("a.jsonl", good + "{\"question\": \"q\"}\n"); }), HasSubstr("a.jsonl:2: expected a key \"context\", got \"question\""));
  EXPECT_THAT(error_text([&] { read("a.jsonl", good + "{\"question\": null, \"context\": \"c\"}\n"); }),
              HasSubstr("a.jsonl:2: expected a question, got null"));
  EXPECT_THAT(error_text([&] { read("a.jsonl", good + "{\"question\": \"q\", \"context\": [\"c\"]}\n"); }),
              HasSubstr("a.jsonl:2: expected a context, got a list"));
  EXPECT_THAT(error_text([&] { read("a.jsonl", good + "{\"question\": \"q\", \"context\": \"c\", \"id\": []}\n"); }),
              HasSubstr("a.jsonl:2: expected an id, got a list"));
}

}  // namespace
}  // namespace albert
