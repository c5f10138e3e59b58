// The parts of a tokenizer.json; that they give the same ids is shown by tests/integration/tokenizer_json_test.py.
#include "albert/tokenizer/tokenizer_json.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tokenizer/charsmap.h"
#include "tokenizer/model_builder.h"

namespace albert {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

json json_of(const testing::ModelBuilder& builder, const TokenizerOptions& options = {}) {
  return json::parse(tokenizer_json(Tokenizer::from_bytes(builder.bytes(), options, "x.model")));
}

std::vector<std::string> steps_of(const json& tokenizer) {
  std::vector<std::string> names;
  for (const auto& part : tokenizer["normalizer"]["normalizers"]) names.push_back(part["type"]);
  return names;
}

std::string comma_pattern_of(const testing::ModelBuilder& builder) {
  return json_of(builder)["pre_tokenizer"]["pretokenizers"].at(1)["pattern"]["Regex"];
}

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  uint32_t bits = 0;
  uint32_t count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6U | static_cast<uint32_t>(digits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    result += static_cast<char>(bits >> count & 0xFFU);
  }
  return result;
}

TEST(TokenizerJson, HasThePiecesWithTheScoresOfTheSearch) {
  testing::ModelBuilder builder;
  builder.pieces.push_back({"(c)", 0, testing::kUserDefined});
  const auto model = json_of(builder)["model"];
  EXPECT_EQ(model["type"], "Unigram");
  EXPECT_EQ(model["unk_id"], 1);
  ASSERT_EQ(model["vocab"].size(), builder.pieces.size());
  EXPECT_EQ(model["vocab"][6], json::array({"\u2581", -2.0}));
  EXPECT_EQ(model["vocab"].back(), json::array({"(c)", 0.2F}));
}

TEST(TokenizerJson, MakesTheStockTableOfReplacements) {
  const std::filesystem::path path = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/tokenizer/golden/tiny.model";
  EXPECT_THAT(steps_of(json::parse(tokenizer_json(Tokenizer::load(path, {})))),
              ElementsAre("Replace", "Strip", "NFKD", "Replace", "Replace", "Lowercase", "Replace", "Replace", "NFC", "Replace",
                          "Strip"));
  EXPECT_THAT(steps_of(json::parse(tokenizer_json(Tokenizer::load(path, {.lower_case = false, .keep_accents = true})))),
              ElementsAre("Replace", "Strip", "NFKD", "Replace", "Replace", "NFC", "Replace", "Strip"));
}

TEST(TokenizerJson, ReplacesTheCharactersOfATable) {
  testing::ModelBuilder builder;
  builder.normalizer += testing::bytes_field(2, testing::charsmap_of_a(0, std::string("b\0", 2)));
  const auto parts = json_of(builder)["normalizer"]["normalizers"];
  EXPECT_EQ(parts[6], json({{"type", "Replace"}, {"pattern", {{"Regex", "[\\x{61}]"}}}, {"content", "b"}}));
}

TEST(TokenizerJson, LeavesATableWithSequencesOfItsOwnToTheStockPart) {
  const auto table = testing::charsmap_of_nested_rules(3);
  testing::ModelBuilder builder;
  builder.normalizer += testing::bytes_field(2, table);
  const auto parts = json_of(builder)["normalizer"]["normalizers"];
  ASSERT_EQ(parts[6]["type"], "Precompiled");
  EXPECT_EQ(from_base64(parts[6]["precompiled_charsmap"]), table);
}

TEST(TokenizerJson, CutsBeforeTheCommaThatTheDigitRuleTakesOff) {
  testing::ModelBuilder builder;
  EXPECT_EQ(comma_pattern_of(builder), "(?<=\u25811),");
  builder.pieces.push_back({",000", -2});
  builder.pieces.push_back({",b", -100});
  EXPECT_EQ(comma_pattern_of(builder), "(?<=\u25811),(?!(?:000)(?![0-9]))")
      << "a better piece keeps its comma, a worse one does not";
  builder = {};
  builder.pieces[10] = {"\u25811.", -3};
  EXPECT_EQ(json_of(builder)["pre_tokenizer"]["pretokenizers"].size(), 1U);
}

TEST(TokenizerJson, SegmentsTheWholeTextWhereAPieceReachesOverWords) {
  const auto splits = [](const testing::ModelBuilder& builder) {
    return json_of(builder)["pre_tokenizer"]["pretokenizers"][0]["split"].get<bool>();
  };
  testing::ModelBuilder builder;
  EXPECT_TRUE(splits(builder));
  builder.pieces.push_back({"a\u2581", -3});
  EXPECT_FALSE(splits(builder));
}

TEST(TokenizerJson, TakesTheSpecialTokensWhereTheVocabularyHasThem) {
  const auto tokenizer = json_of({});
  EXPECT_EQ(tokenizer["added_tokens"].size(), 5U);
  EXPECT_EQ(tokenizer["added_tokens"][4]["content"], "[MASK]");
  EXPECT_EQ(tokenizer["post_processor"]["special_tokens"]["[SEP]"]["ids"], json::array({3}));
}

TEST(Charsmap, ListsTheRulesForWantedCharacters) {
  const Charsmap table(testing::charsmap_of_nested_rules(3), "x");
  std::vector<std::string> texts;
  const auto note = [&](std::string_view text, std::string_view replacement) {
    texts.push_back(std::string(text) + ">" + std::string(replacement));
  };
  EXPECT_TRUE(table.for_each_rule([](char32_t c) { return c == U'a'; }, note));
  EXPECT_THAT(texts, ElementsAre("a>b", "aa>b", "aaa>b"));
  texts.clear();
  EXPECT_TRUE(table.for_each_rule([](char32_t) { return false; }, note));
  EXPECT_TRUE(texts.empty());
}

}  // namespace
}  // namespace albert
