// Ranges of the raw text that pieces stand for.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "albert/base/error.h"
#include "albert/tokenizer/tokenizer.h"
#include "tokenizer/cpu_timer.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/model_builder.h"
#include "tokenizer/reference_lines.h"

namespace albert {

void PrintTo(const ByteRange& range, std::ostream* out) { *out << '[' << range.begin << ", " << range.end << ')'; }

namespace {

using ::testing::ElementsAre;
using testing::ModelBuilder;

const std::filesystem::path kOffsetsGolden = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests" / "tokenizer" / "golden";

Tokenizer small(const TokenizerOptions& options = {}) {
  return Tokenizer::from_bytes(ModelBuilder().bytes(), options, "x.model");
}

/// The raw text of each piece.
std::vector<std::string> slices(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> result;
  for (const ByteRange& range : tokenizer.encode_with_offsets(text).ranges)
    result.push_back(text.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin)));
  return result;
}

/// Byte positions between characters, where an ill-formed sequence is one character for each U+FFFD that it becomes.
std::vector<bool> character_borders(const std::string& text) {
  std::vector<bool> borders(text.size() + 1, false);
  borders[text.size()] = true;
  for (const ByteRange& origin : normalize_and_follow(text, {.lower_case = false, .keep_accents = true}).origins)
    borders[static_cast<size_t>(origin.begin)] = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80) borders[i] = true;
  }
  return borders;
}

void expect_sound(const Tokenizer& tokenizer, const std::string& text, const std::string& where) {
  const Encoding encoding = tokenizer.encode_with_offsets(text);
  ASSERT_EQ(encoding.ids, tokenizer.encode(text)) << where;
  ASSERT_EQ(encoding.ranges.size(), encoding.ids.size()) << where;
  const std::vector<bool> borders = character_borders(text);
  ByteRange last;
  for (const ByteRange& range : encoding.ranges) {
    ASSERT_LE(last.begin, range.begin) << where;
    ASSERT_LE(last.end, range.end) << where;
    ASSERT_LE(range.begin, range.end) << where;
    ASSERT_LE(static_cast<size_t>(range.end), text.size()) << where;
    ASSERT_TRUE(borders[static_cast<size_t>(range.begin)]) << where << " begin " << range.begin;
    ASSERT_TRUE(borders[static_cast<size_t>(range.end)]) << where << " end " << range.end;
    last = range;
  }
}

std::string without_space(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ') result += c;
  }
  return result;
}

/// The pieces' slices, normalised one by one, are the whole text normalised: nothing is lost or told twice.
void expect_tiled(const Tokenizer& tokenizer, const std::string& text, const std::string& where) {
  const Encoding encoding = tokenizer.encode_with_offsets(text);
  std::string joined;
  ByteRange last;
  for (const ByteRange& range : encoding.ranges) {
    if (range.empty() || range == last) continue;
    ASSERT_GE(range.begin, last.end) << where << ": pieces share a character";
    joined += normalize_text(
        std::string_view(text).substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin)),
        tokenizer.options());
    last = range;
  }
  const std::string whole = normalize_text(text, tokenizer.options());
  // A sigma is final or not by its neighbours, so both forms are one here.
  const auto folded = [](std::string value) {
    for (size_t at = 0; (at = value.find("\u03c2", at)) != std::string::npos;) value.replace(at, 2, "\u03c3");
    return without_space(value);
  };
  EXPECT_EQ(folded(joined), folded(whole)) << where;
}

TEST(Offsets, LeaveOutTheWhiteSpaceAroundAWord) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode_as_pieces("  ab \t the"), (std::vector<std::string>{"\u2581ab", "\u2581the"}));
  EXPECT_THAT(tokenizer.encode_with_offsets("  ab \t the").ranges, ElementsAre(ByteRange{2, 4}, ByteRange{7, 10}));
}

TEST(Offsets, FollowLowerCaseAndDroppedAccents) {
  // Capital letters; one composed and one decomposed accent, whose mark belongs to its letter.
  EXPECT_THAT(slices(small(), "\u00c1B A\u0301B"), ElementsAre("\u00c1B", "A\u0301B"));
}

TEST(Offsets, GiveALoneWordMarkAnEmptyRangeWhereTheNextPieceBegins) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode_as_pieces("ab  b-"), (std::vector<std::string>{"\u2581ab", "\u2581", "b", "-"}));
  EXPECT_THAT(tokenizer.encode_with_offsets("ab  b-").ranges,
              ElementsAre(ByteRange{0, 2}, ByteRange{4, 4}, ByteRange{4, 5}, ByteRange{5, 6}));
}

TEST(Offsets, GiveALoneWordMarkAtTheEndTheEndOfTheTextBefore) {
  ModelBuilder builder;
  builder.normalizer += testing::number_field(4, 0);  // remove_extra_whitespaces
  const Tokenizer tokenizer = Tokenizer::from_bytes(builder.bytes(), {}, "x.model");
  EXPECT_EQ(tokenizer.encode_as_pieces("ab \u2581"), (std::vector<std::string>{"\u2581ab", "\u2581", "\u2581"}));
  EXPECT_THAT(tokenizer.encode_with_offsets("ab \u2581").ranges, ElementsAre(ByteRange{0, 2}, ByteRange{2, 2}, ByteRange{2, 2}));
}

TEST(Offsets, DivideAPieceThatTheDigitCommaRuleTakesApart) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode_as_pieces("ab 1, ab"), (std::vector<std::string>{"\u2581ab", "\u25811", ",", "\u2581ab"}));
  EXPECT_THAT(tokenizer.encode_with_offsets("ab 1, ab").ranges,
              ElementsAre(ByteRange{0, 2}, ByteRange{3, 4}, ByteRange{4, 5}, ByteRange{6, 8}));
}

TEST(Offsets, CoverARunOfUnknownCharacters) {
  EXPECT_THAT(slices(small(), "a\u4e2d\u6587b"), ElementsAre("", "a", "\u4e2d\u6587", "b"));
}

TEST(Offsets, GiveACharacterToAllPiecesThatAreMadeOfIt) {
  // U+33C2 is "a.m."; the full stops and the m are not in the vocabulary.
  EXPECT_EQ(small().encode_as_pieces("b\u33c2b"), (std::vector<std::string>{"\u2581", "b", "a", ".m.", "b"}));
  EXPECT_THAT(slices(small(), "b\u33c2b"), ElementsAre("", "b", "\u33c2", "\u33c2", "b"));
}

TEST(Offsets, CoverWordMarksInsideOfOneCharacter) {
  // U+FDFA decomposes to four words of letters that the vocabulary does not have.
  const std::string text = "\ufdfa";
  const Encoding encoding = small().encode_with_offsets(text);
  ASSERT_GT(encoding.ids.size(), 4U);
  EXPECT_EQ(encoding.ranges.back(), (ByteRange{0, 3}));
  EXPECT_EQ(encoding.ranges[2], (ByteRange{0, 3}));
  expect_sound(small(), text, "U+FDFA");
}

TEST(Offsets, OfIllFormedBytesAreThoseBytes) {
  EXPECT_THAT(slices(small(), "a\xff\xe2\x82g"), ElementsAre("", "a", "\xff\xe2\x82g"));
}

TEST(Offsets, OfAnEmptyTextAreNone) {
  for (const char* text : {"", "  \n", "\u0301"}) EXPECT_TRUE(small().encode_with_offsets(text).ranges.empty());
}

TEST(Offsets, OfReorderedMarksCoverTheirRun) {
  // U+0301 (class 230) comes behind U+0316 (class 220) after normalisation.
  const std::string text = "a\u0301\u0316b";
  const FollowedText followed = normalize_and_follow(text, {.keep_accents = true});
  EXPECT_EQ(followed.text, "a\u0316\u0301b");
  EXPECT_EQ(followed.origins[1], (ByteRange{1, 5}));
  EXPECT_EQ(followed.origins[4], (ByteRange{1, 5}));
  EXPECT_EQ(followed.origins[5], (ByteRange{5, 6}));
}

struct AdversarialLines : ::testing::TestWithParam<std::tuple<const char*, const char*, const char*, TokenizerOptions>> {};

TEST_P(AdversarialLines, HaveSoundRangesAndTheIdsOfEncode) {
  const auto& [model, lines, expected, options] = GetParam();
  const Tokenizer tokenizer = Tokenizer::load(kOffsetsGolden / model, options);
  const auto reference = testing::read_reference_lines(kOffsetsGolden / lines, kOffsetsGolden / expected);
  ASSERT_GE(reference.size(), 250U);
  for (size_t i = 0; i < reference.size(); ++i) {
    const std::string where = fmt::format("line {}", i + 1);
    ASSERT_EQ(tokenizer.encode_with_offsets(reference[i].text).ids, reference[i].ids) << where;
    expect_sound(tokenizer, reference[i].text, where);
    ASSERT_EQ(normalize_and_follow(reference[i].text, options).text, normalize_text(reference[i].text, options)) << where;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Offsets, AdversarialLines,
    ::testing::Values(std::make_tuple("tiny.model", "lines.jsonl", "tiny_expected.jsonl", TokenizerOptions{}),
                      std::make_tuple("tiny.model", "lines.jsonl", "tiny_cased_expected.jsonl",
                                      TokenizerOptions{.lower_case = false, .keep_accents = true}),
                      std::make_tuple("strip.model", "strip_lines.jsonl", "strip_expected.jsonl",
                                      TokenizerOptions{.lower_case = false}),
                      std::make_tuple("bytes.model", "lines.jsonl", "bytes_expected.jsonl", TokenizerOptions{})));

TEST(Offsets, AreThoseOfTheFastTokenizer) {
  const auto lines = testing::read_range_lines(kOffsetsGolden / "offsets_expected.jsonl");
  EXPECT_GE(lines.size(), 100U);
  testing::expect_ranges(Tokenizer::load(kOffsetsGolden / "tiny.model", {}), lines);
}

TEST(Offsets, OfOrdinaryTextLoseNothingAndTellNothingTwice) {
  const Tokenizer tokenizer = Tokenizer::load(kOffsetsGolden / "tiny.model", {});
  for (const char* text : {"In 2001, he said: \"9,000 (nine) - 3.0% of it\".",
                           "The caf\u00e9's na\u00efve co\u00f6peration \u2013 \u201cquoted\u201d",
                           "A\u0301E\u0323\u0301 x\u0301,  1,234, 2010, \u039f\u0394\u039f\u03a3 \u03a3",
                           "half-life 3.0 a.b U.S.A. \u00a3100, \u20ac200,"})
    expect_tiled(tokenizer, text, text);
}

TEST(Offsets, TakeLinearTime) {
  const Tokenizer tokenizer = Tokenizer::load(kOffsetsGolden / "tiny.model", {});
  const auto seconds = [&](size_t repetitions) {
    std::string text;
    for (size_t i = 0; i < repetitions; ++i) text += "The quick, br\u00f6wn fox 1999, e\u0301\u0316\u0301 ";
    double best = 1e9;
    for (int round = 0; round < 3; ++round) {
      const testing::CpuTimer timer;
      (void)tokenizer.encode_with_offsets(text);
      best = std::min(best, timer.seconds());
    }
    return best;
  };
  EXPECT_LT(seconds(16000), 24 * seconds(2000) + 0.05);  // 8 times the text
}

}  // namespace
}  // namespace albert
