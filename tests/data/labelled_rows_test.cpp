#include "labelled_files.h"

#include <albert/data/labelled_rows.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;
using testing::write_text;

struct LabelledRowsOf : ::testing::Test {
  TemporaryFolder folder;
  DataFileConfig write(const std::string& name, std::string_view content) const {
    return file_of(write_text(folder / name, content));
  }
};

TEST_F(LabelledRowsOf, APairHaveBothTextsLabelAndId) {
  const auto file = write("a.tsv", "key\tq\ts\tlabel\nk1\twho\tme\tyes\nk2\t\tyou\t no \n");
  const LabelledRowOptions options{.columns = {.text = "q", .text_pair = "s", .id = "key"}};
  const auto rows = read_labelled_rows(file, options).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text_a, "who");
  EXPECT_EQ(rows[0].text_b, "me");
  EXPECT_TRUE(rows[0].has_b);
  EXPECT_EQ(rows[0].id, "k1");
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_EQ(rows[1].text_a, "");
  EXPECT_THAT(rows[1].labels, ElementsAre("no"));
}

TEST_F(LabelledRowsOf, ATableHaveTheNumberOfTheRecordAsId) {
  auto file = write("a.csv", "text,label\na,1\nbad\nb,2\n");
  file.invalid_rows = InvalidRows::skip;
  const auto read = read_labelled_rows(file, {});
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[0].id, "0");
  EXPECT_EQ(read.rows[1].id, "2");
  EXPECT_FALSE(read.rows[0].has_b);
  EXPECT_EQ(read.skipped.count, 1);
}

TEST_F(LabelledRowsOf, AFileWithoutLabelsCanBePredicted) {
  const auto file = write("a.csv", "text,more\na,1\n");
  const auto rows = read_labelled_rows(file, {.label = LabelKind::none}).rows;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text_a, "a");
  EXPECT_THAT(rows[0].labels, IsEmpty());
}

TEST_F(LabelledRowsOf, NumbersAreValues) {
  const auto file = write("a.tsv", "text\tlabel\na\t3.800\nb\t-2\nc\t+1e1 \n");
  const auto rows = read_labelled_rows(file, {.label = LabelKind::number}).rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].value, 3.8);
  EXPECT_EQ(rows[1].value, -2.0);
  EXPECT_EQ(rows[2].value, 10.0);
  for (const std::string bad : {"", "1,5", "0x10", "inf", "5 stars", "1e400"}) {
    EXPECT_THAT(
        error_text([&] { read_labelled_rows(write("b.tsv", "text\tlabel\na\t" + bad + "\n"), {.label = LabelKind::number}); }),
        HasSubstr(":2: expected a number as label, got \"" + bad + "\"; correct the row, or set columns.label"));
  }
}

TEST_F(LabelledRowsOf, SeveralLabelsComeFromOneFieldOrAList) {
  const LabelledRowOptions options{.columns = {.label_separator = "|"}, .label = LabelKind::multi};
  const auto table = read_labelled_rows(write("a.tsv", "text\tlabel\na\tx | y|x\nb\t\nc\tz\n"), options).rows;
  EXPECT_THAT(table[0].labels, ElementsAre("x", "y"));
  EXPECT_THAT(table[1].labels, IsEmpty());
  EXPECT_THAT(table[2].labels, ElementsAre("z"));
  const auto lines =
      read_labelled_rows(write("a.jsonl", "{\"text\": \"a\", \"label\": [\"x\", 2]}\n{\"text\": \"b\", \"label\": []}\n"),
                         options)
          .rows;
  EXPECT_THAT(lines[0].labels, ElementsAre("x", "2"));
  EXPECT_THAT(lines[1].labels, IsEmpty());
  EXPECT_THAT(error_text([&] { read_labelled_rows(write("b.tsv", "text\tlabel\na\tx||y\n"), options); }),
              HasSubstr(":2: expected a label, got an empty one"));
}

TEST_F(LabelledRowsOf, ALabelMayEndBeforeItsFineClass) {
  auto file = write("a.txt", "DESC:manner How ?\nNUM Who ?\n");
  file.format = FileFormat::labelled_lines;
  const auto rows = read_labelled_rows(file, {.columns = {.label_end = ":"}}).rows;
  EXPECT_THAT(rows[0].labels, ElementsAre("DESC"));
  EXPECT_THAT(rows[1].labels, ElementsAre("NUM"));
}

TEST_F(LabelledRowsOf, KnownLabelsRefuseOrSkipOthers) {
  auto file = write("a.csv", "text,label\na,yes\nb,nope\nc,oos\nd,no\n");
  const LabelVocabulary known({"no", "yes"});
  const LabelledRowOptions options{.known_labels = &known, .out_of_scope_label = "oos"};
  EXPECT_EQ(error_text([&] { read_labelled_rows(file, options); }),
            file.path.string() + ":3: expected one of the labels no, yes, got \"nope\"; correct the row, or set task.labels");
  file.invalid_rows = InvalidRows::skip;
  const auto read = read_labelled_rows(file, options);
  EXPECT_EQ(read.rows.size(), 3U);
  EXPECT_EQ(read.skipped.count, 1);
  const LabelledRowOptions strict{.known_labels = &known};
  EXPECT_EQ(read_labelled_rows(file, strict).skipped.count, 2);
}

TEST(LabelVocabulary, SortsFoundLabelsByCodePoint) {
  std::vector<LabelledRow> rows;
  for (const char* label : {"b", "a", "Z", "10", "2", "\xC3\xA9", "\xEF\xBC\xA1", "\xF0\x9F\x98\x80", "a"})
    rows.push_back({.labels = {label}});
  const auto labels = LabelVocabulary::found_in(rows, "train.csv");
  EXPECT_THAT(labels.names(), ElementsAre("10", "2", "Z", "a", "b", "\xC3\xA9", "\xEF\xBC\xA1", "\xF0\x9F\x98\x80"));
  EXPECT_EQ(labels.find("Z"), 2);
  EXPECT_EQ(labels.find("y"), std::nullopt);
}

TEST(LabelVocabulary, KeepsTheGivenOrder) {
  const LabelVocabulary labels({"contradiction", "entailment", "neutral"});
  EXPECT_EQ(labels.find("neutral"), 2);
  EXPECT_EQ(labels.size(), 3);
  EXPECT_EQ(labels.list(), "contradiction, entailment, neutral");
}

TEST(LabelVocabulary, RefusesWhatCannotBeTold) {
  EXPECT_EQ(error_text([] { LabelVocabulary({"a"}); }), "task.labels: expected at least two labels, got 1; name all of them");
  EXPECT_EQ(error_text([] {
              LabelVocabulary({"a", "b", "a"});
            }),
            "task.labels: expected each label once, got \"a\" twice; remove one");
  EXPECT_EQ(error_text([] { LabelVocabulary({"a", ""}); }), "task.labels: expected names, got an empty one; name all labels");
}

TEST_F(LabelledRowsOf, ASnipsFolderAreItsTextsAndLabels) {
  write_text(folder / "seq.in", "play it\nadd this \n");
  write_text(folder / "seq.out", "O O\nO O\n");
  write_text(folder / "label", "Play\nAdd\n");
  const auto rows = read_labelled_rows(file_of(folder.path(), FileFormat::snips), {}).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].text_a, "add this ");
  EXPECT_THAT(rows[1].labels, ElementsAre("Add"));
}

}  // namespace
}  // namespace albert
