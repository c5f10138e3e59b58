#include "albert/tokenizer/symbols.h"

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "albert/base/random.h"
#include "albert/tokenizer/tokenizer.h"
#include "albert/tokenizer/tokenizer_config.h"

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Pieces = std::vector<std::string>;

constexpr const char* kMark = "\u2581";
/// Lines 1 to 9, ids 6 to 14: h ə l oʊ w ɜː d t͡ʃ ã.
constexpr std::string_view kPhonemes = "h\nə\nl\noʊ\nw\nɜː\nd\nt\u0361ʃ\n\u00e3\n";

SymbolOptions with(std::optional<std::string> word, std::optional<std::string> symbol = std::nullopt, Pieces punctuation = {}) {
  return {.word_separator = std::move(word), .symbol_separator = std::move(symbol), .punctuation = std::move(punctuation)};
}

Tokenizer symbols(std::string_view list = kPhonemes, const SymbolOptions& options = {}) {
  return Tokenizer::from_symbols(list, options, "s.txt");
}

std::string error_of(std::string_view list, const SymbolOptions& options = {}) {
  try {
    (void)symbols(list, options);
  } catch (const DataError& error) {
    return error.what();
  } catch (const ConfigError& error) {
    return std::string("config: ") + error.what();
  }
  return "no error";
}

TEST(Symbols, SpecialPiecesHaveTheirFixedIdsAndLinesFollow) {
  const auto tokenizer = symbols();
  EXPECT_EQ(tokenizer.vocab_size(), 15);
  EXPECT_EQ(tokenizer.special_tokens(), SpecialTokens{});
  Pieces pieces;
  for (int32_t id = 0; id < 7; ++id) pieces.emplace_back(tokenizer.piece(id));
  EXPECT_THAT(pieces, ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", kMark, "h"));
  EXPECT_EQ(symbols(kPhonemes, with(std::nullopt)).piece(5), "h");
}

TEST(Symbols, TheLongestSymbolIsTaken) {
  EXPECT_THAT(symbols().encode_as_pieces("həloʊ wɜːld"), ElementsAre(kMark, "h", "ə", "l", "oʊ", kMark, "w", "ɜː", "l", "d"));
  EXPECT_THAT(symbols("a\nab\nabcd\nc\n").encode_as_pieces("abcabcd"), ElementsAre(kMark, "ab", "c", "abcd"));
}

TEST(Symbols, EachTextBeginsAWordAndRunsOfTheSeparatorAreOne) {
  const auto tokenizer = symbols();
  const auto ids = tokenizer.encode("hə də");
  EXPECT_THAT(ids, ElementsAre(5, 6, 7, 5, 12, 7));
  for (const char* text : {"  hə də", "hə\t \u00a0də\n", "hə\u3000də", "hə\u2581də"})
    EXPECT_EQ(tokenizer.encode(text), ids) << text;
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_TRUE(tokenizer.encode(" \n").empty());
}

TEST(Symbols, ComposedAndDecomposedSpellingsAreOneSymbol) {
  const auto tokenizer = symbols();
  EXPECT_EQ(tokenizer.encode("\u00e3"), tokenizer.encode("a\u0303"));
  EXPECT_EQ(tokenizer.encode("\u00e3").back(), 14);
  EXPECT_EQ(symbols("a\u0303\nh\n").encode("\u00e3"), symbols("\u00e3\nh\n").encode("a\u0303"));
  EXPECT_THAT(symbols("a\n\u0303\n").encode("\u00e3"), ElementsAre(5, 6, 7)) << "a mark that is listed stands for itself";
}

TEST(Symbols, NoCombiningMarkIsTornFromItsCharacter) {
  const auto tokenizer = symbols();
  EXPECT_THAT(tokenizer.encode_as_pieces("l\u0329d"), ElementsAre(kMark, "l\u0329", "d"));
  EXPECT_THAT(tokenizer.encode("l\u0329d"), ElementsAre(5, 1, 12)) << "l with a syllabic mark is not l";
  EXPECT_THAT(symbols("l\n\u0329\n").encode("l\u0329"), ElementsAre(5, 6, 7)) << "unless the mark is listed";
}

TEST(Symbols, ATieBarBindsTwoCharacters) {
  const auto tokenizer = symbols("t\nʃ\nt\u0361ʃ\nd\n");
  EXPECT_THAT(tokenizer.encode_as_pieces("tʃt\u0361ʃ"), ElementsAre(kMark, "t", "ʃ", "t\u0361ʃ"));
  EXPECT_THAT(tokenizer.encode_as_pieces("t\u0361dʃ"), ElementsAre(kMark, "t\u0361d", "ʃ")) << "unknown as a whole";
  EXPECT_THAT(tokenizer.encode("t\u0361 ʃ"), ElementsAre(5, 1, 5, 7)) << "but not over the end of a word";
}

TEST(Symbols, WhatASeparatorCutsIsOneSymbol) {
  const auto tokenizer = symbols("HH\nAH0\nL\nOW1\n", with("|", " "));
  EXPECT_THAT(tokenizer.encode("HH AH0 | L  OW1"), ElementsAre(5, 6, 7, 5, 8, 9));
  EXPECT_THAT(tokenizer.encode("| HH AH0|L OW1 |"), ElementsAre(5, 6, 7, 5, 8, 9)) << "blanks around the separator do not matter";
  EXPECT_THAT(tokenizer.encode_as_pieces("HH AH HHL"), ElementsAre(kMark, "HH", "AH", "HHL"));
  EXPECT_THAT(tokenizer.encode("HH AH HHL"), ElementsAre(5, 6, 1, 1)) << "nothing is matched inside of it";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("HH AH0 | L OW1")), "HH AH0|L OW1");
}

TEST(Symbols, WithoutAWordSeparatorEachSymbolIsAWord) {
  const auto tokenizer = symbols("A\nC\nG\nT\n", with(std::nullopt));
  EXPECT_THAT(tokenizer.encode("GATC"), ElementsAre(7, 5, 8, 6));
  EXPECT_EQ(tokenizer.word_role(5), WordRole::starts);
  EXPECT_THAT(tokenizer.encode("G A"), ElementsAre(7, 1, 5)) << "white space is then an unknown symbol, not silence";
}

TEST(Symbols, KnowsTheRolesOfItsPieces) {
  const auto tokenizer = symbols("h\n,\nd\n", with(" ", std::nullopt, {","}));
  EXPECT_EQ(tokenizer.word_role(5), WordRole::separates);
  EXPECT_EQ(tokenizer.word_role(6), WordRole::continues);
  EXPECT_EQ(tokenizer.word_role(7), WordRole::alone);
}

TEST(Symbols, AMaskInATextIsAMaskOnlyWhereItIsAskedFor) {
  const auto tokenizer = symbols();
  EXPECT_THAT(tokenizer.encode_masked("hə [MASK]də"), ElementsAre(5, 6, 7, 5, 4, 12, 7));
  EXPECT_THAT(tokenizer.encode_masked("hə[MASK] də"), ElementsAre(5, 6, 7, 4, 5, 12, 7));
  for (const int32_t id : tokenizer.encode("[MASK][CLS][UNK]")) EXPECT_TRUE(id == 1 || id == 5) << id;
}

TEST(Symbols, OffsetsAreThoseOfTheRawText) {
  const std::string text = " h\u00e3  l\u0329";
  const auto encoding = symbols().encode_with_offsets(text);
  EXPECT_EQ(encoding.ids, symbols().encode(text));
  EXPECT_THAT(encoding.ranges, ElementsAre(ByteRange{1, 1}, ByteRange{1, 2}, ByteRange{2, 4}, ByteRange{6, 6}, ByteRange{6, 9}));
}

TEST(Symbols, OffsetsCoverRandomTextWithoutOverlap) {
  constexpr std::array<const char*, 12> kParts{"h",      "ə",        "oʊ",     " ", "\u0303", "a\u0303",
                                               "\u00e3", "t\u0361ʃ", "\u0361", "q", "\n",     "\xff"};
  RandomStream random(5, "symbol offsets");
  const auto tokenizer = symbols();
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += kParts[random.below(kParts.size())];
    const auto encoding = tokenizer.encode_with_offsets(text);
    ASSERT_EQ(encoding.ids, tokenizer.encode(text));
    ASSERT_EQ(encoding.ids.size(), tokenizer.encode_as_pieces(text).size());
    int32_t last = 0;
    for (const auto& range : encoding.ranges) {
      ASSERT_GE(range.begin, last);
      ASSERT_LE(range.begin, range.end);
      last = range.begin;
    }
    ASSERT_LE(last, static_cast<int32_t>(text.size()));
  }
}

TEST(Symbols, TheHashTellsWhatChangesIds) {
  const auto hash = symbols().hash();
  EXPECT_EQ(symbols().hash(), hash);
  EXPECT_EQ(symbols(kPhonemes, with(" ", std::nullopt, {"h"})).hash(), hash) << "a role changes no id";
  EXPECT_NE(symbols("ə\nh\n").hash(), symbols("h\nə\n").hash());
  EXPECT_NE(symbols(kPhonemes, with("|")).hash(), hash);
  EXPECT_NE(symbols(kPhonemes, with(std::nullopt)).hash(), hash);
  EXPECT_NE(symbols(kPhonemes, with(" ", "-")).hash(), hash);
}

TEST(Symbols, DecodesToText) {
  const auto tokenizer = symbols();
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(" həloʊ  wɜːld ")), "həloʊ wɜːld");
  EXPECT_THROW((void)tokenizer.decode({15}), DataError);
}

TEST(Symbols, EncodesAMegabyteInLinearTime) {
  std::string text;
  while (text.size() < (size_t{1} << 20U)) text += "q\u0303\u0361";
  EXPECT_GT(symbols().encode(text).size(), 1U);
  EXPECT_EQ(symbols().encode(std::string(size_t{1} << 20U, 'h')).size(), (size_t{1} << 20U) + 1);
}

TEST(SymbolFile, EachMistakeIsNamedWithItsLine) {
  EXPECT_EQ(error_of(""), "s.txt: must list at least one symbol, one a line, got none");
  EXPECT_EQ(error_of("\xEF\xBB\xBFh\n"), "s.txt:1: must not begin with a byte-order mark; save the file as UTF-8 without it");
  EXPECT_EQ(error_of("h\r\nl\r\n"), "s.txt:1: must end in \\n alone, got \\r\\n; save the file with Unix line ends");
  EXPECT_EQ(error_of("h\n\nl\n"), "s.txt:2: must hold a symbol, got an empty line");
  EXPECT_EQ(error_of("h\nl\nh\n"), "s.txt:3: must be a symbol that is not yet given, got U+0068 again, which is line 1");
  EXPECT_EQ(error_of("\u00e3\na\u0303\n"),
            "s.txt:2: must be a symbol that is not yet given, got U+0061 U+0303 again, which is line 1");
  EXPECT_EQ(error_of("h\na b\n"),
            "s.txt:2: must hold one symbol without white space or control characters, got U+0020; a separator is an option, not "
            "a symbol");
  EXPECT_THAT(error_of("h\n\u3000\n"),
              StartsWith("s.txt:2: must hold one symbol without white space or control characters, got U+3000"));
  EXPECT_THAT(error_of("h\na\x01\n"), HasSubstr("got U+0001"));
  EXPECT_EQ(error_of("h\n\xff\n"), "s.txt:2: must be UTF-8, got \"\\xff\"");
  EXPECT_EQ(error_of("[MASK]\n"), "s.txt:1: must not be [MASK], which is added by itself");
  EXPECT_EQ(error_of("h\n\u2581\n"), "s.txt:2: must not hold U+2581, which is the piece of the word separator");
  EXPECT_THAT(error_of(std::string(65, 'a')), StartsWith("s.txt:1: must hold a symbol of at most 64 bytes, got 65"));
  EXPECT_THAT(error_of("h\na|\n", with("|")), StartsWith("s.txt:2: must not hold tokenizer.word_separator, where text is cut"));
  EXPECT_THAT(error_of("h\na-b\n", with(" ", "-")), StartsWith("s.txt:2: must not hold tokenizer.symbol_separator"));
  EXPECT_EQ(error_of("h\n", with(" ", std::nullopt, {","})),
            "s.txt: must list each symbol of tokenizer.punctuation, got none of U+002C");
  EXPECT_EQ(error_of("h\n", with("")), "config: tokenizer.word_separator: must not be empty; null is no separator");
}

TEST(SymbolFile, IsReadFromAFileWithoutItsLastLineEnd) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "symbols.txt";
  write_file_atomically(path, "h\nl");
  EXPECT_EQ(Tokenizer::load_symbols(path, {}).vocabulary_bytes(), "h\nl\n");
  EXPECT_THROW((void)Tokenizer::load_symbols(folder / "none.txt", {}), DataError);
}

TEST(SymbolOptions, SeparatorsMustBeToldApart) {
  const auto wrong = [](std::optional<std::string> word, std::optional<std::string> symbol) {
    return separator_error(with(std::move(word), std::move(symbol))).value_or("");
  };
  EXPECT_EQ(wrong(" ", std::nullopt), "");
  EXPECT_EQ(wrong("|", " "), "");
  EXPECT_EQ(wrong(" ", "-"), "");
  EXPECT_EQ(wrong(std::nullopt, " "), "");
  EXPECT_EQ(wrong(" ", "\t"), "symbol_separator: must not be white space where word_separator is: any run of it counts as one");
  EXPECT_EQ(wrong("--", "-"), "symbol_separator: must be told from word_separator, got \"-\" and \"--\"");
  EXPECT_EQ(wrong("a b", std::nullopt),
            "word_separator: must be white space, or hold none and no control character, got \"a b\"");
  EXPECT_EQ(wrong("\u2581", std::nullopt), "word_separator: must not hold U+2581, which is the piece of the word separator");
}

TEST(WithoutSymbols, EachCharacterWithItsMarksIsUnknown) {
  const auto tokenizer = Tokenizer::without_symbols({});
  EXPECT_THAT(tokenizer.encode_as_pieces("t\u0361ʃa\u0303 b"), ElementsAre(kMark, "t\u0361ʃ", "a\u0303", kMark, "b"));
  EXPECT_THAT(tokenizer.encode("t\u0361ʃa\u0303 b"), ElementsAre(5, 1, 1, 5, 1));
}

TEST(DescribeSymbol, NamesCodePointsAndNoLongText) {
  EXPECT_EQ(describe_symbol("t\u0361ʃ"), "U+0074 U+0361 U+0283");
  EXPECT_EQ(describe_symbol("unpronounceable"), "a run of 15 characters");
  EXPECT_EQ(composed_symbol("a\u0303"), "\u00e3");
  EXPECT_EQ(symbol_key("\u00e3"), "a\u0303");
}

}  // namespace
}  // namespace albert
