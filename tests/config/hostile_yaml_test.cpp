// Files made to crash or to exhaust a reader (reliability.md C7): a clear error within a second.
#include <albert/base/random.h>
#include <gmock/gmock.h>

#include <ctime>
#include <sstream>
#include <string>
#include <vector>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

std::string repeat(std::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST(HostileYaml, AliasBombIsRefusedWithoutExpanding) {
  std::string bomb = "output: x\na0: &a0 [lol, lol]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += "*a" + std::to_string(i - 1) + (j < 8 ? ", " : "]\n");
  }
  const auto error = error_of(bomb);
  EXPECT_THAT(error, ::testing::StartsWith("c.yaml:2:1: a0: unknown key"));
  EXPECT_THAT(error, ::testing::HasSubstr("c.yaml:2:5: a0: must not have an anchor"));
  EXPECT_THAT(error, ::testing::HasSubstr("c.yaml:3:10: a1[0]: must not be an alias"));
}

TEST(HostileYaml, DeepNestingIsRefusedWhereItBecomesTooDeep) {
  constexpr size_t kDepth = 100'000;
  EXPECT_EQ(error_of("output: " + repeat("[", kDepth) + repeat("]", kDepth)),
            "c.yaml:1:40: must nest at most 32 levels, got more");
  EXPECT_THAT(error_of("output: " + repeat("[", kDepth)), ::testing::StartsWith("c.yaml:1:10: a key must be a word, got a list"));
  EXPECT_EQ(error_of("output: " + repeat("{a: ", kDepth)), "c.yaml:1:133: must nest at most 32 levels, got more");
  EXPECT_EQ(error_of(repeat("- ", kDepth)), "c.yaml:1:65: must nest at most 32 levels, got more");
  EXPECT_EQ(error_of(repeat("? ", kDepth)),
            "c.yaml:1:3: a key must be a word, got a list or a map; write 'key: value', and close every '[' and '{'");
  std::string block;
  for (size_t i = 0; i < 1000; ++i) block += repeat(" ", i) + "a:\n";
  EXPECT_EQ(error_of(block), "c.yaml:33:33: must nest at most 32 levels, got more");
}

TEST(HostileYaml, BigScalarIsReadAndCutInErrors) {
  const auto big = repeat("z", 1'000'000);
  EXPECT_EQ(read("output: x\nnote: " + big).note.size(), big.size());
  EXPECT_LT(error_of("output: x\nmodel: {dropout: \"" + big + "\"}").size(), 200U);
  EXPECT_LT(error_of("output: x\nmodel: {dropout: " + big + "}").size(), 200U);
  EXPECT_LT(error_of("output: x\ntraining: {duration: " + big + "}").size(), 200U);
  EXPECT_LT(error_of("output: x\ntraining: {seed: " + repeat("1", 1'000'000) + "}").size(), 200U);
  EXPECT_LT(error_of("output: x\noptimizer: {name: " + big + "}").size(), 200U);
  EXPECT_LT(error_of("output: x\noptimizer: {? " + big + " : 1}").size(), 200U);
}

TEST(HostileYaml, FileOverOneMebibyteIsRefused) {
  EXPECT_EQ(error_of("output: x\n#" + repeat("z", size_t{1} << 20U)), "c.yaml:1:1: must be at most 1048576 bytes, got 1048587");
}

TEST(HostileYaml, TooManyValuesAreRefused) {
  EXPECT_THAT(error_of("output: [" + repeat("1,", 200'000) + "1]"),
              ::testing::EndsWith("must hold at most 100000 values, got more"));
}

TEST(HostileYaml, DamagedFilesGiveAValueOrLinesWithAPlace) {
  const std::string seed =
      "output: runs/a b\nnote: \"a: b # c\\n\"\ndata:\n  sources:\n    - {path: 'it''s', format: wrapped}\n    - path: b\n"
      "      weight: 2\n  languages: [en, de]\ntraining: {duration: 10 %, early_stopping: {patience: 2}, micro_batch: auto}\n";
  const std::string letters =
      " \n:-#[]{},'\"&*!|>%@?~\\\t\r\x80\xFF\xC3"
      "ab0";
  size_t refused = 0;
  for (uint64_t i = 0; i < 3000; ++i) {
    RandomStream random(11, "damage", i);
    auto text = seed;
    for (auto changes = 1 + random.below(4); changes > 0 && !text.empty(); --changes) {
      const auto at = static_cast<size_t>(random.below(text.size()));
      switch (random.below(4)) {
        case 0:
          text.erase(at, 1 + random.below(3));
          break;
        case 1:
          text.insert(at, 1, letters[random.below(letters.size())]);
          break;
        case 2:
          text[at] = letters[random.below(letters.size())];
          break;
        default:
          text.insert(random.below(text.size()), text.substr(at, random.below(20)));
      }
    }
    const auto error = error_of(text);
    if (error == "no error") continue;
    ++refused;
    std::istringstream lines(error);
    for (std::string line; std::getline(lines, line);)
      ASSERT_THAT(line, ::testing::MatchesRegex("c\\.yaml:[0-9]+:[0-9]+: .+")) << text;
  }
  EXPECT_GT(refused, 1500U);
  EXPECT_LT(refused, 3000U);
}

TEST(HostileYaml, TakesAtMostOneSecondEach) {
  std::string many_keys = "output: x\n";
  for (int i = 0; i < 50'000; ++i) many_keys += "k" + std::to_string(i) + ": 1\n";
  const std::vector<std::string> files{
      many_keys,
      repeat("'", 100'000),
      repeat("\"", 100'000),
      "output: " + repeat("\"a\" ", 50'000),
      repeat("a: 'b\n", 100'000),
      repeat("[", 300'000),
      repeat("{", 300'000),
      repeat("{a: [", 50'000),
      repeat("- ", 100'000),
      repeat("? ", 100'000),
      repeat("-\n", 100'000),
      repeat("!", 100'000),
      repeat("&a ", 100'000),
      repeat("*", 100'000),
      repeat("|\n", 100'000),
      repeat("#\n", 100'000),
      repeat("a: b: ", 50'000),
      repeat("\t", 100'000),
      repeat("---\n", 50'000),
      repeat("\xEF\xBB\xBF", 50'000),
      "output: \"" + repeat("\\", 100'001) + "\"",
      "output: |\n" + repeat(" a\n", 50'000),
  };
  for (const auto& file : files) {
    const auto start = std::clock();
    const auto error = error_of(file);
    const double seconds =
        static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;  // of the processor: other work does not count
    EXPECT_THAT(error, ::testing::AnyOf("no error", ::testing::StartsWith("c.yaml:"))) << file.substr(0, 20);
    EXPECT_LT(seconds, 1.0) << file.substr(0, 20);
  }
}

}  // namespace
}  // namespace albert::prototype
