#include "albert/tokenizer/normalizer.h"

#include <gtest/gtest.h>

#include "tokenizer/cpu_timer.h"

namespace albert {
namespace {

using testing::CpuTimer;

std::string normalized(std::string_view text) { return normalize_text(text, {}); }

TEST(Normalizer, JoinsWordsAtPythonsWhiteSpace) {
  EXPECT_EQ(normalized(" \t a\u00a0\u3000b\x1c"
                       "c\u0085d\r\n"),
            "a b c d");
  EXPECT_EQ(normalized("a\u200b"
                       "b \ufeff"),
            "a\u200b"
            "b \ufeff");  // zero-width characters are no white space
  EXPECT_EQ(normalized("\u2028 \u2003"), "");
}

TEST(Normalizer, DropsMarksAfterNfkd) {
  EXPECT_EQ(normalized("\u00c9t\u00e9 e\u0301"), "ete e");
  EXPECT_EQ(normalized("\ufb01 \uff21\uff11 \u2460 \u1e9e"), "fi a1 1 \u00df");
  EXPECT_EQ(normalized("\u0915\u093f"), "\u0915\u093f");  // a mark of combining class 0 stays
  EXPECT_EQ(normalized("x\u00a8y"), "x y");               // the space that NFKD makes is not joined again
  EXPECT_EQ(normalized("a \u00a8"), "a  ");
}

TEST(Normalizer, KeepsAndOrdersMarksOnRequest) {
  EXPECT_EQ(normalize_text("e\u0301\u0327", {.keep_accents = true}), "e\u0327\u0301");
  EXPECT_EQ(normalize_text("\u00c5", {.lower_case = false, .keep_accents = true}), "A\u030a");
}

TEST(Normalizer, LowersTheFinalSigmaInItsContext) {
  EXPECT_EQ(normalized("\u039f\u0394\u039f\u03a3"), "\u03bf\u03b4\u03bf\u03c2");
  EXPECT_EQ(normalized("\u03a3 A\u03a3'b A\u03a3'"), "\u03c3 a\u03c3'b a\u03c2'");
}

TEST(Normalizer, LowersTheDottedI) {
  EXPECT_EQ(normalized("\u0130I"), "ii");
  EXPECT_EQ(normalize_text("\u0130I", {.keep_accents = true}), "i\u0307i");
}

TEST(Normalizer, ReplacesEachMaximalSubpartOfInvalidUtf8) {
  EXPECT_EQ(normalized("a\xff"
                       "b"),
            "a\ufffd"
            "b");
  EXPECT_EQ(normalized("\xe2\x82"), "\ufffd");
  EXPECT_EQ(normalized("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(normalized("\xf0\x9f\x98"
                       "A"),
            "\ufffd"
            "a");
  EXPECT_EQ(normalized("\xc0\xaf"), "\ufffd\ufffd");
}

TEST(Normalizer, GivesAsciiTheSameResultWithAndWithoutItsFastPath) {
  std::string ascii;
  for (int c = 0; c < 128; ++c) ascii += {static_cast<char>(c), 'Q', static_cast<char>(c), ' '};
  // A character beyond ASCII at the end switches the fast path off.
  EXPECT_EQ(normalized(ascii) + " \u4e2d", normalized(ascii + " \u4e2d"));
  EXPECT_EQ(normalize_text(ascii, {.lower_case = false}) + " \u4e2d", normalize_text(ascii + " \u4e2d", {.lower_case = false}));
}

TEST(Normalizer, TakesLinearTimeForLongRunsOfMarks) {
  std::string marks;
  for (int i = 0; i < 500'000; ++i) marks += "\u0316\u0301";
  const CpuTimer timer;
  EXPECT_EQ(normalized("a" + marks), "a");
  EXPECT_EQ(normalize_text("a" + marks, {.keep_accents = true}).size(), 1 + marks.size());
  EXPECT_LT(timer.seconds(), 5);
}

}  // namespace
}  // namespace albert
