#include "labelled_files.h"

#include <albert/data/table.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>
#include <zlib.h>
#include <zstd.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::write_text;

using Rows = std::vector<std::vector<std::string>>;

std::string shown(const Cell& cell) {
  if (cell.is_missing) return "<missing>";
  if (!cell.is_list) return cell.text;
  std::string text = "[";
  for (const std::string& item : cell.items) text += item + ";";
  return text + "]";
}

/// The number of the line, then the cells.
Rows read_all(const DataFileConfig& file, const std::vector<WantedColumn>& wanted, SkippedRows* skipped = nullptr) {
  TableReader table(file, wanted);
  Rows rows;
  TableRow row;
  while (table.next(row)) {
    rows.push_back({std::to_string(row.line)});
    for (const Cell& cell : row.cells) rows.back().push_back(shown(cell));
  }
  if (skipped != nullptr) *skipped = table.skipped();
  return rows;
}

struct Table : ::testing::Test {
  TemporaryFolder folder;
  DataFileConfig write(const std::string& name, std::string_view content) const {
    return file_of(write_text(folder / name, content));
  }
};

TEST_F(Table, ReadsQuotedFieldsAsRfc4180) {
  const auto file = write("a.csv", "text,label\r\n\"a, \"\"b\"\"\",1\r\n\"two\r\nlines\n\n\",\"2\"\r\n\r\n say \"hi\" ,\"\"\r\n");
  EXPECT_THAT(read_all(file, {{"text"}, {"label"}}),
              ElementsAre(ElementsAre("2", "a, \"b\"", "1"), ElementsAre("3", "two\nlines\n\n", "2"),
                          ElementsAre("8", " say \"hi\" ", "")));
}

TEST_F(Table, TakesQuotesInTsvForText) {
  const auto file = write("a.tsv", "text\tlabel\n\"open\t1\n\"a\"\tx\n");
  EXPECT_THAT(read_all(file, {{"label"}, {"text"}}),
              ElementsAre(ElementsAre("2", "1", "\"open"), ElementsAre("3", "x", "\"a\"")));
  auto quoting = write("b.tsv", "text\tlabel\n\"a\tb\"\t1\n");
  quoting.quoting = Quoting::csv;
  EXPECT_THAT(read_all(quoting, {{"text"}, {"label"}}), ElementsAre(ElementsAre("2", "a\tb", "1")));
}

TEST_F(Table, UnderstandsAnotherSeparator) {
  auto file = write("a.csv", "text;label\na,b;1\n\"c;d\";2\n");
  file.separator = ";";
  EXPECT_THAT(read_all(file, {{"text"}, {"2"}}), ElementsAre(ElementsAre("2", "a,b", "1"), ElementsAre("3", "c;d", "2")));
}

TEST_F(Table, ReadsFieldsAcrossTheEndsOfItsBuffer) {
  std::string content = "text,label\n";
  std::vector<std::string> texts;
  for (size_t i = 0; i < 300; ++i) {
    texts.push_back(std::string(i * 31 % 5000, 'x') + ",\n\"" + std::to_string(i));
    std::string doubled = texts.back();
    doubled.insert(doubled.find('"'), "\"");
    content += "\"" + doubled + "\"," + std::to_string(i) + "\n";
  }
  const Rows rows = read_all(write("a.csv", content), {{"text"}, {"label"}});
  ASSERT_EQ(rows.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(rows[i][1], texts[i]);
    EXPECT_EQ(rows[i][0], std::to_string(2 + 2 * i));
  }
}

TEST_F(Table, FindsOutWhetherThereIsAHeaderByTheNames) {
  const auto file = write("a.tsv", "x\ty\n1\t2\n");
  EXPECT_THAT(read_all(file, {{"y"}}), ElementsAre(ElementsAre("2", "2")));
  EXPECT_THAT(read_all(file, {{"2"}}), ElementsAre(ElementsAre("1", "y"), ElementsAre("2", "2")));
  auto named = file;
  named.column_names = {"a", "b"};
  EXPECT_THAT(read_all(named, {{"b"}}), ElementsAre(ElementsAre("1", "y"), ElementsAre("2", "2")));
  EXPECT_THAT(read_all(named, {{"x"}}), ElementsAre(ElementsAre("2", "1")));  // the header has the name that is asked for
  auto present = file;
  present.header = HeaderRow::present;
  EXPECT_THAT(read_all(present, {{"1"}}), ElementsAre(ElementsAre("2", "1")));
  named.header = HeaderRow::absent;
  EXPECT_THAT(read_all(named, {{"a"}}), ElementsAre(ElementsAre("1", "x"), ElementsAre("2", "1")));
}

TEST_F(Table, TellsWhetherAnOptionalColumnIsThere) {
  const auto file = write("a.csv", "text,label\na,1\n");
  const TableReader table(file, {{"text"}, {"label", true}, {"id", true}, {"9", true}});
  EXPECT_TRUE(table.has_column(0));
  EXPECT_TRUE(table.has_column(1));
  EXPECT_FALSE(table.has_column(2));
  EXPECT_FALSE(table.has_column(3));
  EXPECT_THAT(table.column_names(), ElementsAre("text", "label"));
  EXPECT_THAT(read_all(file, {{"id", true}, {"text"}}), ElementsAre(ElementsAre("2", "<missing>", "a")));
}

TEST_F(Table, DropsAByteOrderMarkAndAcceptsCrlf) {
  const auto file = write("a.tsv", "\xEF\xBB\xBFtext\tlabel\r\na\t1\r\nb\t2");
  EXPECT_THAT(read_all(file, {{"text"}, {"label"}}), ElementsAre(ElementsAre("2", "a", "1"), ElementsAre("3", "b", "2")));
}

TEST_F(Table, DecodesLatin1AndUtf16) {
  auto latin = write("a.tsv", "caf\xE9\t1\n");
  latin.encoding = TextEncoding::latin1;
  EXPECT_THAT(read_all(latin, {{"1"}}), ElementsAre(ElementsAre("1", "caf\xC3\xA9")));
  const std::u16string text = u"t,l\r\n\u00e9\u20ac\U0001F600,1\n";
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (const char16_t unit : text) {
    const auto high = static_cast<char>(unit >> 8U);
    const auto low = static_cast<char>(unit & 0xFFU);
    little += {low, high};
    big += {high, low};
  }
  for (const std::string& bytes : {little, big}) {
    auto file = write("b.csv", bytes);
    file.encoding = TextEncoding::utf16;
    EXPECT_THAT(read_all(file, {{"t"}, {"l"}}), ElementsAre(ElementsAre("2", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "1")));
  }
}

TEST_F(Table, DecodesLongUtf16WithPairsAtEveryPlace) {
  for (const int shift : {0, 1}) {
    std::string bytes = "\xFF\xFE";
    std::string expected;
    for (int i = 0; i < shift; ++i) {
      bytes += std::string("a\0", 2);
      expected += "a";
    }
    for (int i = 0; i < 40'000; ++i) {
      bytes += "\x3D\xD8";
      bytes += std::string("\x00\xDE", 2);
      expected += "\xF0\x9F\x98\x80";
    }
    auto file = write("a.txt", bytes);
    file.encoding = TextEncoding::utf16;
    const Rows rows = read_all(file, {{"text"}});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_TRUE(rows[0][1] == expected);
  }
}

TEST_F(Table, ReadsCompressedFiles) {
  const std::string content = "text,label\na,1\n";
  gzFile gzip = ::gzopen((folder / "a.csv.gz").c_str(), "wb");
  ::gzwrite(gzip, content.data(), static_cast<unsigned>(content.size()));
  ::gzclose(gzip);
  std::string packed(1000, '\0');
  packed.resize(::ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 3));
  const auto zstd = write("a.csv.zst", packed);
  for (const auto& file : {file_of(folder / "a.csv.gz"), zstd}) {
    EXPECT_THAT(read_all(file, {{"text"}, {"label"}}), ElementsAre(ElementsAre("2", "a", "1")));
  }
}

TEST_F(Table, ReadsPlainLinesWithTheEmptyOnes) {
  const auto file = write("a.txt", "one\n\ntwo, \"x\"\n");
  EXPECT_THAT(read_all(file, {{"text"}}),
              ElementsAre(ElementsAre("1", "one"), ElementsAre("2", ""), ElementsAre("3", "two, \"x\"")));
}

TEST_F(Table, PartsALabelFromItsLine) {
  auto file = write("a.txt", "DESC:manner How did  it begin ?\nNUM:date\tWhen ?\n");
  file.format = FileFormat::labelled_lines;
  EXPECT_THAT(read_all(file, {{"label"}, {"text"}}),
              ElementsAre(ElementsAre("1", "DESC:manner", "How did  it begin ?"), ElementsAre("2", "NUM:date", "When ?")));
}

TEST_F(Table, ReadsValuesOfJsonLines) {
  const auto file =
      write("a.jsonl",
            "{\"t\": \"\\u00e9\", \"n\": 3, \"f\": 3.25, \"b\": true, \"l\": [\"x\", 2], \"o\": {\"k\": \"deep\"}}\n\n"
            "{\"t\": \"\", \"n\": -1, \"f\": 1e3, \"b\": false, \"l\": [], \"o\": {\"k\": null}, \"more\": [[1]]}\n");
  EXPECT_THAT(read_all(file, {{"t"}, {"n"}, {"f"}, {"b"}, {"l"}, {"o.k"}, {"id", true}}),
              ElementsAre(ElementsAre("1", "\xC3\xA9", "3", "3.25", "true", "[x;2;]", "deep", "<missing>"),
                          ElementsAre("3", "", "-1", "1000.0", "false", "[]", "<missing>", "<missing>")));
}

TEST_F(Table, FollowsPathsThroughListsOfObjects) {
  const auto file =
      write("a.jsonl", "{\"q\": {\"stem\": \"s\", \"choices\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}, \"x.y\": 1}\n");
  EXPECT_THAT(read_all(file, {{"q.stem"}, {"q.choices.text"}, {"x.y"}}), ElementsAre(ElementsAre("1", "s", "[a;b;]", "1")));
}

TEST_F(Table, ReadsListsOfAJsonDocument) {
  auto file = write("a.json", "{\"train\": [[\"a\", \"x\"], [\"b\", \"y\"]],\n \"oos\": [[\"c\", \"z\"]], \"val\": []}");
  file.records = {"train", "val", "oos"};
  EXPECT_THAT(read_all(file, {{"1"}, {"2"}}),
              ElementsAre(ElementsAre("1", "a", "x"), ElementsAre("2", "b", "y"), ElementsAre("3", "c", "z")));
  const auto objects = write("b.json", "[{\"text\": \"a\"},\n {\"text\": \"b\"}]");
  EXPECT_THAT(read_all(objects, {{"text"}}), ElementsAre(ElementsAre("1", "a"), ElementsAre("2", "b")));
}

TEST_F(Table, TakesLabelsFromAFileOfTheirOwn) {
  auto file = write("a.txt", "one\n\nthree\n");
  file.labels = write_text(folder / "labels", "x\n y \r\nz\n\n");
  EXPECT_THAT(read_all(file, {{"text"}, {"label"}}),
              ElementsAre(ElementsAre("1", "one", "x"), ElementsAre("2", "", "y"), ElementsAre("3", "three", "z")));
  EXPECT_THAT(read_all(file, {{"label"}, {"text"}}),
              ElementsAre(ElementsAre("1", "x", "one"), ElementsAre("2", "y", ""), ElementsAre("3", "z", "three")));
}

TEST_F(Table, KeepsLabelsAlignedWhereRowsAreLeftOut) {
  auto file = write("a.csv", "text,more\na,1\nb\nc,3\n");
  file.labels = write_text(folder / "labels", "x\ny\nz\n");
  file.invalid_rows = InvalidRows::skip;
  EXPECT_THAT(read_all(file, {{"text"}, {"label"}}), ElementsAre(ElementsAre("2", "a", "x"), ElementsAre("4", "c", "z")));
}

TEST_F(Table, CountsAndListsTheRowsItLeavesOut) {
  auto file = write("a.tsv", "text\tlabel\na\t1\nb\nc\xFF\t3\nd\t4\n");
  file.invalid_rows = InvalidRows::skip;
  SkippedRows skipped;
  EXPECT_THAT(read_all(file, {{"text"}}, &skipped), ElementsAre(ElementsAre("2", "a"), ElementsAre("5", "d")));
  EXPECT_EQ(skipped.count, 2);
  ASSERT_EQ(skipped.first.size(), 2U);
  EXPECT_EQ(skipped.first[0], file.path.string() + ":3: expected 2 columns, got 1; correct the row, or set invalid_rows: skip");
  EXPECT_EQ(skipped.first[1], file.path.string() + ":4:2: expected UTF-8, got byte 0xff; set encoding: latin-1");
}

TEST_F(Table, ListsAtMostTwentyOfThem) {
  std::string content = "text,label\na,1\n";
  for (int i = 0; i < 50; ++i) content += "bad\n";
  auto file = write("a.csv", content);
  file.invalid_rows = InvalidRows::skip;
  SkippedRows skipped;
  read_all(file, {{"text"}}, &skipped);
  EXPECT_EQ(skipped.count, 50);
  EXPECT_EQ(skipped.first.size(), 20U);
}

TEST_F(Table, AnswersWithoutTheTextOfAFileThatHasNoHeader) {
  const auto file = write("a.csv", "My secret is that I have never been to Paris in spring,1\n");
  EXPECT_THAT(error_text([&] { read_all(file, {{"text"}}); }), ::testing::Not(HasSubstr("secret")));
}

TEST_F(Table, NeedsAFormatWhereTheNameSaysNothing) {
  const auto file = write("SMSSpamCollection", "ham\thello\n");
  EXPECT_EQ(
      error_text([&] { read_all(file, {{"2"}}); }),
      file.path.string() +
          ": expected a name that ends in .csv, .tsv, .jsonl, .json, .txt, .conll or .conllu, got none of them; set format");
}

TEST_F(Table, RefusesARecordOverTheLimit) {
  const std::string line(1'000'000, 'x');
  std::string content = "text,label\n\"";
  for (int i = 0; i < 18; ++i) content += line + "\n";
  EXPECT_THAT(error_text([&] { read_all(write("a.csv", content), {{"text"}}); }),
              HasSubstr(":2:1: expected an end of the quoted field 1 that begins here, got more than 16777216 bytes"));
  EXPECT_THAT(error_text([&] { read_all(write("a.tsv", "text\n" + std::string(17'000'000, 'x')), {{"text"}}); }),
              HasSubstr(":2: expected a line of at most 16777216 bytes, got a longer one; cut the record"));
}

TEST_F(Table, ChoosesTheLayoutThatFitsTheHeader) {
  const std::vector<ColumnMap> layouts = {{.text = "sentence1", .text_pair = "sentence2", .label = "gold_label"},
                                          {.text = "premise", .text_pair = "hypothesis", .label = "label"}};
  EXPECT_EQ(choose_layout(write("a.csv", "premise,hypothesis\na,b\n"), layouts), layouts[1]);
  EXPECT_EQ(choose_layout(write("b.tsv", "index\tsentence1\tsentence2\n"), layouts), layouts[0]);
  EXPECT_EQ(choose_layout(write("c.tsv", "a\tb\n"), layouts), layouts[0]);
}

TEST_F(Table, ReadsPairsOfTextsALine) {
  auto file = write("a.txt", "a \"b\"\t c\n\n\td\r\nlast\t");
  file.format = FileFormat::text_pairs;
  EXPECT_THAT(read_all(file, {{"text"}, {"text_pair"}}),
              ElementsAre(ElementsAre("1", "a \"b\"", " c"), ElementsAre("2", "", ""), ElementsAre("3", "", "d"), ElementsAre("4", "last", "")));
}

TEST_F(Table, RefusesALineThatIsNoPair) {
  for (const auto& [line, count] : {std::pair{"a", 1}, std::pair{"a\tb\tc", 3}}) {
    auto file = write("a.txt", std::string("x\ty\n") + line + "\n");
    file.format = FileFormat::text_pairs;
    EXPECT_EQ(error_text([&] { read_all(file, {{"text"}, {"text_pair"}}); }),
              file.path.string() + ":2: expected 2 columns, got " + std::to_string(count) + "; correct the row, or set invalid_rows: skip");
  }
}

}  // namespace
}  // namespace albert
