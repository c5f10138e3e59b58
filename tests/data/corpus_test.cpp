#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/corpus.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>
#include <zlib.h>
#include <zstd.h>

namespace albert {
namespace {

using testing::config_of;
using testing::TemporaryFolder;
using testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Paragraphs as text, "# " in front of the first of a document.
std::vector<std::string> read_all(const DataConfig& config, TextStatistics* statistics = nullptr) {
  CorpusReader reader(config);
  std::vector<std::string> result;
  Paragraph paragraph;
  while (reader.next(paragraph)) result.push_back((paragraph.starts_document ? "# " : "") + paragraph.text);
  if (statistics != nullptr) *statistics = reader.statistics();
  return result;
}

std::string error_of(const DataConfig& config) {
  try {
    read_all(config);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Corpus, ReadsOneSentencePerLineAndDocumentsByBlankLine) {
  TemporaryFolder folder;
  const auto config = config_of(write_text(folder / "a.txt", "One.\nTwo.\n\n \nThree."));
  EXPECT_THAT(read_all(config), ElementsAre("# One.", "Two.", "# Three."));
}

TEST(Corpus, EndsADocumentAtTheEndOfAFile) {
  TemporaryFolder folder;
  write_text(folder / "b.txt", "Two.\n\nStill two.\n");
  write_text(folder / "a.txt", "One.\n");
  const auto config = config_of(folder / "*.txt", TextFormat::sentences, "file");
  EXPECT_THAT(read_all(config), ElementsAre("# One.", "# Two.", "Still two."));
}

TEST(Corpus, JoinsWrappedLinesUpToABlankLine) {
  TemporaryFolder folder;
  const auto path = write_text(folder / "a.txt", "It was Mr.\r\n  Bennet who\r\ncame.\r\n\r\nNext\nparagraph.");
  EXPECT_THAT(read_all(config_of(path, TextFormat::wrapped, "file")), ElementsAre("# It was Mr. Bennet who came.", "Next paragraph."));
  EXPECT_THAT(read_all(config_of(path, TextFormat::wrapped)), ElementsAre("# It was Mr. Bennet who came.", "# Next paragraph."));
}

TEST(Corpus, BeginsADocumentAtAHeading) {
  TemporaryFolder folder;
  const auto path = write_text(folder / "a.txt", "Preface\ntext.\n\nCHAPTER I\n\nOne\nmore.\nCHAPTER II\nTwo.\n");
  EXPECT_THAT(read_all(config_of(path, TextFormat::wrapped, "heading_regex: ^CHAPTER [IVX]+$")),
              ElementsAre("# Preface text.", "# CHAPTER I", "One more.", "# CHAPTER II Two."));
  EXPECT_THAT(read_all(config_of(path, TextFormat::paragraphs, "heading_regex: ^CHAPTER")),
              ElementsAre("# Preface", "text.", "# CHAPTER I", "One", "more.", "# CHAPTER II", "Two."));
}

TEST(Corpus, SearchesForHeadingsInTheWholeLine) {
  TemporaryFolder folder;
  const auto path = write_text(folder / "a.txt", " = Title = \n Text = x \n = = Part = = \r\nMore\n = Next = \r\n");
  EXPECT_THAT(read_all(config_of(path, TextFormat::paragraphs, "heading_regex: ^ = [^=]+ = $")),
              ElementsAre("# = Title =", "Text = x", "= = Part = =", "More", "# = Next ="));
}

TEST(Corpus, RefusesAnUnknownBoundaryAndABrokenRegex) {
  EXPECT_THROW(parse_document_boundary("lines"), ConfigError);
  EXPECT_THROW(parse_document_boundary("heading_regex:"), ConfigError);
  EXPECT_THROW(parse_document_boundary("heading_regex: ("), ConfigError);
  EXPECT_EQ(parse_document_boundary("heading_regex: ^a b ").heading_regex, "^a b");
}

TEST(Corpus, GivesUpOnARegexThatExplodes) {
  TemporaryFolder folder;
  const auto path = write_text(folder / "a.txt", std::string(900, 'a') + "!\n");
  EXPECT_THAT(error_of(config_of(path, TextFormat::sentences, "heading_regex: ^(a|a|aa)+$")), HasSubstr("use a simpler expression"));
}

TEST(Corpus, TakesEachJsonRecordAsADocument) {
  TemporaryFolder folder;
  auto config = config_of(write_text(folder / "a.jsonl", "{\"id\": {\"text\": 1}, \"text\": \"One.\\nTwo \\u00e9.\"}\n\n{\"text\": \"\\n Three.\"}"),
                          TextFormat::jsonl);
  EXPECT_THAT(read_all(config), ElementsAre("# One.", "Two \xC3\xA9.", "# Three."));
}

TEST(Corpus, NamesTheLineOfABrokenJsonRecord) {
  TemporaryFolder folder;
  const auto path = (folder / "a.jsonl").string();
  const auto error_for = [&](const std::string& line) {
    return error_of(config_of(write_text(path, "{\"text\": \"fine\"}\n" + line), TextFormat::jsonl));
  };
  EXPECT_EQ(error_for("{\"text\": \"open"),
            path + ":2:15: expected one JSON object on a line, got a syntax error here; check the record");
  EXPECT_EQ(error_for("[1]"), path + ":2: expected a JSON object, got another value; check the record");
  EXPECT_EQ(error_for("{\"body\": \"x\"}"), path + ":2: expected an object with key \"text\", got none; set text_key of the source");
  EXPECT_EQ(error_for("{\"text\": 1e400}"), path + ":2:14: expected one JSON object on a line, got a syntax error here; check the record");
  EXPECT_EQ(error_for("{\"text\": 7}"), path + ":2: expected a string at key \"text\", got a number; set text_key of the source");
  EXPECT_EQ(error_for("{\"text\": \"a\\u0000b\"}"),
            path + ":2: expected text at key \"text\", got a NUL character; clean the record, or set data.invalid_utf8 to replace or skip");
  EXPECT_THAT(error_for(std::string(20'000'000, '[')), HasSubstr(":2: expected a line of at most 16777216 bytes"));
  EXPECT_THAT(error_for(std::string(1'000'000, '[')), HasSubstr(":2:1000001: expected one JSON object"));
}

TEST(Corpus, DropsAByteOrderMarkAndKeepsLineSeparators) {
  TemporaryFolder folder;
  const auto config = config_of(write_text(folder / "a.txt", "\xEF\xBB\xBFOne.\r\nTwo\xE2\x80\xA8still two.\r\n"));
  EXPECT_THAT(read_all(config), ElementsAre("# One.", "Two\xE2\x80\xA8still two."));
}

struct BadBytes {
  std::string text;
  int byte;           // position of the first bad one, from 1
  std::string got;
  std::string repaired;
};

TEST(Corpus, AppliesThePolicyToIllFormedText) {
  const std::string r = "\xEF\xBF\xBD";
  const std::vector<BadBytes> cases = {
      {"ab\x80", 3, "0x80", "ab" + r},                                    // lone continuation
      {"\xC0\xAF", 1, "0xc0", r + r},                                     // overlong
      {"x\xE0\x80\xAFy", 2, "0xe0", "x" + r + r + r + "y"},               // overlong in three bytes
      {"\xED\xA0\x80", 1, "0xed", r + r + r},                             // surrogate
      {"\xF4\x90\x80\x80", 1, "0xf4", r + r + r + r},                     // above U+10FFFF
      {"\xF5", 1, "0xf5", r},                                             // no lead
      {"\xFF ok", 1, "0xff", r + " ok"},
      {"caf\xC3", 4, "0xc3", "caf" + r},                                  // cut at the end of the file
      {"long enough \xE2\x82", 13, "0xe2", "long enough " + r},           // cut: one maximal subpart
      {"\xF0\x9F\x98 x", 1, "0xf0", r + " x"},
      {std::string("a\0b", 3), 2, "NUL", "a" + r + "b"},
  };
  TemporaryFolder folder;
  const auto path = (folder / "a.txt").string();
  for (const BadBytes& bad : cases) {
    auto config = config_of(write_text(path, "fine\n" + bad.text));
    const std::string where = path + ":2:" + std::to_string(bad.byte) + ": ";
    const std::string expected =
        bad.got == "NUL"
            ? where + "expected text, got a NUL byte; is this a text file? Or set data.invalid_utf8 to replace or skip"
            : where + "expected UTF-8, got byte " + bad.got + "; convert the file, or set data.invalid_utf8 to replace or skip";
    EXPECT_EQ(error_of(config), expected);
    TextStatistics statistics;
    config.invalid_utf8 = InvalidUtf8::replace;
    EXPECT_THAT(read_all(config, &statistics), ElementsAre("# fine", bad.repaired));
    int64_t replaced = 0;
    for (size_t at = bad.repaired.find(r); at != std::string::npos; at = bad.repaired.find(r, at + r.size())) ++replaced;
    EXPECT_EQ(statistics.replaced_parts, replaced);
    config.invalid_utf8 = InvalidUtf8::skip;
    EXPECT_THAT(read_all(config, &statistics), ElementsAre("# fine"));
    EXPECT_EQ(statistics.skipped_lines, 1);
  }
}

TEST(Corpus, NamesWhatIsWrongWithAPath) {
  TemporaryFolder folder;
  const std::string base = folder.path().string();
  EXPECT_EQ(error_of(config_of(folder / "none.txt")),
            "data.sources[0].path: expected a file, got nothing at " + base + "/none.txt; check the name and the current folder");
  EXPECT_EQ(error_of(config_of(folder / "*.none")), "data.sources[0].path: expected files, got none that match " + base +
                                                        "/*.none; check the pattern and the current folder");
  EXPECT_EQ(error_of(config_of(folder.path())),
            "data.sources[0].path: expected a file, got the folder " + base + "; name its files, for example " + base + "/*.txt");
  auto twice = config_of(write_text(folder / "a.txt", "x"));
  twice.sources.push_back(config_of(folder / "*.txt").sources[0]);
  EXPECT_EQ(error_of(twice), "data.sources[1].path: expected each file once, got " + base +
                                 "/a.txt, which data.sources[0] reads too; to read a file more often use weight");
}

TEST(Corpus, RecognisesFilesThatAreNotText) {
  TemporaryFolder folder;
  const auto path = (folder / "a.txt").string();
  EXPECT_EQ(error_of(config_of(write_text(path, "\xFF\xFEh"))),
            path + ": expected UTF-8, got UTF-16; convert the file, for example with: iconv -f UTF-16 -t UTF-8");
  EXPECT_EQ(error_of(config_of(write_text(path, "\x1F\x8B\x08zzz"))),
            path + ": expected text, got gzip data; give the file a name that ends in .gz");
  EXPECT_EQ(error_of(config_of(write_text(path, "\x28\xB5\x2F\xFDzzz"))),
            path + ": expected text, got zstd data; give the file a name that ends in .zst");
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string many_lines() {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += "line number " + std::to_string(i) + " of the file\n";
  return text;
}

TEST(Corpus, ReadsCompressedFilesAsPlainOnes) {
  TemporaryFolder folder;
  const std::string text = many_lines();
  const auto plain = read_all(config_of(write_text(folder / "a.txt", text)));
  EXPECT_EQ(read_all(config_of(write_text(folder / "a.gz", gzip(text)))), plain);
  EXPECT_EQ(read_all(config_of(write_text(folder / "a.zst", zstd(text)))), plain);
  const std::string head = text.substr(0, 1000);
  const std::string tail = text.substr(1000);
  EXPECT_EQ(read_all(config_of(write_text(folder / "joined.gz", gzip(head) + gzip(tail)))), plain);
  EXPECT_EQ(read_all(config_of(write_text(folder / "joined.zst", zstd(head) + zstd(tail)))), plain);
}

TEST(Corpus, NamesADamagedCompressedFile) {
  TemporaryFolder folder;
  const std::string text = many_lines();
  for (const auto& [format, extension, packed] : {std::tuple{"gzip", "gz", gzip(text)}, std::tuple{"zstd", "zst", zstd(text)}}) {
    const auto path = (folder / (std::string("a.") + extension)).string();
    EXPECT_EQ(error_of(config_of(write_text(path, packed.substr(0, packed.size() - 5)))),
              fmt::format("{}: expected the end of the {} data, got the end of the file; the file is cut short", path, format));
    EXPECT_EQ(error_of(config_of(write_text(path, ""))),
              fmt::format("{}: expected the end of the {} data, got the end of the file; the file is cut short", path, format));
    EXPECT_EQ(error_of(config_of(write_text(path, "plain text, not packed\n"))),
              fmt::format("{}: expected {} data, got other bytes; check the file, or its name", path, format));
    std::string flipped = packed;
    for (size_t i = packed.size() / 2; i < packed.size() / 2 + 40; ++i) flipped[i] = static_cast<char>(~flipped[i]);
    EXPECT_NE(error_of(config_of(write_text(path, flipped))), "no error");
  }
}

TEST(Corpus, CutsAnEndlessLineAtBlanksAndLosesNothing) {
  TemporaryFolder folder;
  std::string text;
  while (text.size() < 3 * kMaximumParagraphBytes) text += "caf\xC3\xA9 " + std::to_string(text.size()) + " ";
  TextStatistics statistics;
  const auto parts = read_all(config_of(write_text(folder / "a.txt", text + "\nnext\n")), &statistics);
  std::string joined;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    EXPECT_LE(parts[i].size(), kMaximumParagraphBytes + 2);
    joined += parts[i].substr(i == 0 ? 2 : 0) + " ";
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(parts.back(), "next");
  EXPECT_EQ(statistics.cut_lines, 1);
  EXPECT_EQ(statistics.lines, 2);
}

TEST(Corpus, CutsALineWithoutBlanksBetweenCharacters) {
  TemporaryFolder folder;
  std::string text;
  while (text.size() < 2 * kMaximumParagraphBytes) text += "a\xE2\x82\xAC";
  std::string joined;
  for (const std::string& part : read_all(config_of(write_text(folder / "a.txt", text)))) joined += part;
  EXPECT_EQ(joined, "# " + text);
}

TEST(Corpus, PreviewsTheFirstDocuments) {
  TemporaryFolder folder;
  const auto config = config_of(write_text(folder / "a.txt", "One. Two. Three.\n\nFour.\n\nFive.\n"), TextFormat::paragraphs);
  const auto documents = preview_documents(config, 2, 2);
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_THAT(documents[0].sentences, ElementsAre("One.", "Two."));
  EXPECT_TRUE(documents[0].is_cut);
  EXPECT_THAT(documents[1].sentences, ElementsAre("Four."));
  EXPECT_FALSE(documents[1].is_cut);
}

}  // namespace
}  // namespace albert
