// Equality with Google's algorithm in Python (scripts/tokenizer_reference.py), on goldens and, where there is a Python for it,
// live.
#include <gtest/gtest.h>
#include <temporary_folder.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "albert/base/error.h"
#include "albert/tokenizer/tokenizer.h"
#include "tokenizer/reference_lines.h"

namespace albert {
namespace {

const std::filesystem::path kSource = ALBERT_SOURCE_DIR;
const std::filesystem::path kGolden = kSource / "tests" / "tokenizer" / "golden";

void expect_equal(const Tokenizer& tokenizer, const std::vector<testing::ReferenceLine>& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(normalize_text(lines[i].text, tokenizer.options()), lines[i].normalized) << "line " << i + 1;
    ASSERT_EQ(tokenizer.encode(lines[i].text), lines[i].ids) << "line " << i + 1 << ": " << lines[i].normalized;
  }
}

void expect_golden(const std::string& model, const TokenizerOptions& options, const std::string& lines,
                   const std::string& expected) {
  const auto reference = testing::read_reference_lines(kGolden / lines, kGolden / expected);
  EXPECT_GE(reference.size(), 250U);
  expect_equal(Tokenizer::load(kGolden / model, options), reference);
}

TEST(GoldenReference, HasTheSameIdsForAdversarialLines) { expect_golden("tiny.model", {}, "lines.jsonl", "tiny_expected.jsonl"); }

TEST(GoldenReference, HasTheSameIdsForCasedTextWithAccents) {
  expect_golden("tiny.model", {.lower_case = false, .keep_accents = true}, "lines.jsonl", "tiny_cased_expected.jsonl");
}

TEST(GoldenReference, HasTheSameIdsWhereTheDigitCommaRuleStripsASpace) {
  expect_golden("strip.model", {.lower_case = false}, "strip_lines.jsonl", "strip_expected.jsonl");
}

TEST(GoldenReference, HasTheSameIdsWithByteFallback) { expect_golden("bytes.model", {}, "lines.jsonl", "bytes_expected.jsonl"); }

std::optional<std::filesystem::path> shared_data() {
  const char* folder = std::getenv("ALBERT_SHARED_DATA");
  const std::filesystem::path path = folder != nullptr ? folder : kSource / ".." / "shared" / "data";
  return std::filesystem::exists(path / "vocab") ? std::optional(path) : std::nullopt;
}

/// Runs a script of the repository with the Python of ALBERT_TEST_PYTHON; false if it fails.
bool run_python(const std::filesystem::path& script, const std::string& arguments) {
  const std::string command = fmt::format("'{}' '{}' {}", std::getenv("ALBERT_TEST_PYTHON"), script.string(), arguments);
  return std::system(command.c_str()) == 0;
}

class LiveReference : public ::testing::Test {
 protected:
  void SetUp() override {
    shared_ = shared_data();
    if (!shared_) GTEST_SKIP() << "no shared data; set ALBERT_SHARED_DATA";
    if (std::getenv("ALBERT_TEST_PYTHON") == nullptr) GTEST_SKIP() << "no Python with sentencepiece; set ALBERT_TEST_PYTHON";
  }

  void compare(const std::string& line_options, const std::string& reference_options, const TokenizerOptions& options,
               size_t at_least) {
    const auto model = *shared_ / "vocab" / "albert_en_30k_rebuilt.model";
    const auto lines = folder_.path() / "lines.jsonl";
    const auto expected = folder_.path() / "expected.jsonl";
    ASSERT_TRUE(run_python(kSource / "tests/tokenizer/make_lines.py", fmt::format("'{}' {}", lines.string(), line_options)));
    ASSERT_TRUE(run_python(
        kSource / "scripts/tokenizer_reference.py",
        fmt::format("--model '{}' {} '{}' '{}'", model.string(), reference_options, lines.string(), expected.string())));
    const auto reference = testing::read_reference_lines(lines, expected);
    EXPECT_GE(reference.size(), at_least);
    expect_equal(Tokenizer::load(model, options), reference);
  }

  std::optional<std::filesystem::path> shared_;
  testing::TemporaryFolder folder_;
};

TEST_F(LiveReference, GivesTheSameIdsForRealAndAdversarialLines) {
  std::string options = "--seed 7 --random 1200 --long-words --text-lines 800";
  for (const char* name : {"wikitext2.valid.txt", "tinyshakespeare.txt"})
    options += fmt::format(" --text '{}'", (*shared_ / "pretrain" / name).string());
  compare(options, "", {}, 2000);
}

TEST_F(LiveReference, GivesTheRangesOfTheFastTokenizerForRealText) {
  const auto model = *shared_ / "vocab" / "albert_en_30k_rebuilt.model";
  const auto expected = folder_.path() / "offsets.jsonl";
  std::string arguments = fmt::format("--model '{}' '{}'", model.string(), expected.string());
  for (const char* name : {"pretrain/wikitext2.valid.txt", "pretrain/tinyshakespeare.txt", "parallel/multi30k/val.de"})
    arguments += fmt::format(" --text '{}'", (*shared_ / name).string());
  ASSERT_TRUE(run_python(kSource / "tests/tokenizer/make_offsets.py", arguments));
  const auto lines = testing::read_range_lines(expected);
  EXPECT_GE(lines.size(), 2000U);
  testing::expect_ranges(Tokenizer::load(model, {}), lines);
}

TEST_F(LiveReference, GivesTheSameIdsForEveryCodePointOfUnicode14) { compare("--random 0 --code-points", "", {}, 1000); }

TEST_F(LiveReference, GivesTheSameIdsForCasedTextWithAccents) {
  compare("--seed 8 --random 1200 --code-points", "--cased --keep-accents", {.lower_case = false, .keep_accents = true}, 2000);
}

TEST_F(LiveReference, GivesTheSameIdsForLowerCasedTextWithAccents) {
  compare("--seed 9 --random 1200 --long-words", "--keep-accents", {.keep_accents = true}, 1200);
}

}  // namespace
}  // namespace albert
