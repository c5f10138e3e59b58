#include "albert/tokenizer/tokenizer_training.h"

#include <gtest/gtest.h>

#include <array>

#include "albert/base/error.h"
#include "albert/base/random.h"
#include "albert/tokenizer/tokenizer.h"
#include "tokenizer/sentence_sample.h"

namespace albert {
namespace {

/// Sentences of words that are put together from syllables; words are frequent by rank, as in real text.
std::vector<std::string> sentences(size_t count, uint64_t seed) {
  constexpr std::array<const char*, 12> kSyllables = {"ka",  "lo", "mi", "ren", "ta",  "su",
                                                      "vel", "Or", "ni", "ped", "qua", "shi"};
  RandomStream random(seed, "test sentences");
  std::vector<std::string> words;
  for (int i = 0; i < 400; ++i) {
    std::string word;
    for (uint64_t n = random.between(1, 4) > 0 ? random.below(4) + 1 : 1; n > 0; --n)
      word += kSyllables[random.below(kSyllables.size())];
    words.push_back(word);
  }
  std::vector<std::string> result;
  for (size_t i = 0; i < count; ++i) {
    std::string sentence = "In " + std::to_string(random.between(1, 2100)) + ",";
    for (int64_t n = random.between(4, 14); n > 0; --n) sentence += " " + words[random.below(random.below(words.size()) + 1)];
    result.push_back(sentence + " (so) - \"it\".");
  }
  return result;
}

SentenceSource source_of(std::vector<std::string> list) {
  return [list = std::move(list), i = size_t{0}](std::string& sentence) mutable {
    if (i == list.size()) return false;
    sentence = list[i++];
    return true;
  };
}

TokenizerConfig config_of(int64_t vocab_size) {
  TokenizerConfig config;
  config.vocab_size = vocab_size;
  return config;
}

std::string error_of(const TokenizerConfig& config, std::vector<std::string> list) {
  try {
    train_tokenizer(config, source_of(std::move(list)), 1);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TokenizerTraining, GivesALBERTsSpecialPieces) {
  const auto trained = train_tokenizer(config_of(200), source_of(sentences(500, 1)), 1);
  const auto tokenizer = Tokenizer::from_bytes(trained.model_bytes, {}, "trained");
  EXPECT_EQ(tokenizer.vocab_size(), 200);
  const std::vector<std::string> first = {"<pad>", "<unk>", "[CLS]", "[SEP]",  "[MASK]", "(",     ")",
                                          "\"",    "-",     ".",     "\u2013", "\u00a3", "\u20ac"};
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(tokenizer.piece(static_cast<int32_t>(i)), first[i]);
  EXPECT_EQ(tokenizer.special_tokens(), SpecialTokens{});
  EXPECT_EQ(trained.num_sentences, 500);
  EXPECT_EQ(trained.num_sampled, 500);
  const auto ids = tokenizer.encode("Kalo MITA (ren).");
  EXPECT_EQ(tokenizer.decode(ids), "kalo mita (ren).");
}

TEST(TokenizerTraining, GivesTheSameBytesForTheSameSeed) {
  TokenizerConfig config = config_of(150);
  config.sample_bytes = {.bytes = 20'000};
  const auto text = sentences(2000, 2);
  const auto first = train_tokenizer(config, source_of(text), 7);
  EXPECT_EQ(train_tokenizer(config, source_of(text), 7).model_bytes, first.model_bytes);
  EXPECT_NE(train_tokenizer(config, source_of(text), 8).model_bytes, first.model_bytes);
  EXPECT_LE(first.sampled_bytes, 20'000);
  EXPECT_GT(first.sampled_bytes, 19'000);
  EXPECT_LT(first.num_sampled, first.num_sentences);
}

TEST(TokenizerTraining, SaysTheLargestSizeWhichThenWorks) {
  const auto text = sentences(300, 3);
  const std::string error = error_of(config_of(30000), text);
  const std::string head = "tokenizer.vocab_size: must be at most ";
  ASSERT_TRUE(error.starts_with(head)) << error;
  EXPECT_TRUE(error.ends_with(" for this text, got 30000; lower it or give more text")) << error;
  const int64_t largest = std::stoll(error.substr(head.size()));
  const auto trained = train_tokenizer(config_of(largest), source_of(text), 1);
  EXPECT_EQ(Tokenizer::from_bytes(trained.model_bytes, {}, "trained").vocab_size(), largest);
}

TEST(TokenizerTraining, SaysTheSmallestSizeForManyCharacters) {
  std::vector<std::string> text(40);
  for (size_t i = 0; i < text.size(); ++i) {
    for (uint32_t c = 0; c < 300; ++c)
      text[i] += {static_cast<char>(0xE4 + c / 64), static_cast<char>(0x80 + i % 8), static_cast<char>(0x80 + c % 64)};
  }
  EXPECT_TRUE(error_of(config_of(120), text).starts_with("tokenizer.vocab_size: must be at least "));
}

TEST(TokenizerTraining, RefusesTooLittleText) {
  const std::string expected =
      "tokenizer: needs at least 4096 bytes of text to train a vocabulary, got 0; give more text or name a vocabulary in "
      "tokenizer.model";
  EXPECT_EQ(error_of(config_of(100), {}), expected);
  EXPECT_EQ(error_of(config_of(100), std::vector<std::string>(500, "... --- \u200b !!! ((()))")), expected);
  EXPECT_EQ(error_of(config_of(100), std::vector<std::string>(500, "   ")), expected);
}

TEST(TokenizerTraining, CutsLongSentencesAndSkipsEndlessWords) {
  auto text = sentences(400, 4);
  std::string joined;
  for (const std::string& sentence : text) joined += sentence + " ";
  text = {joined, std::string(100'000, 'z') + " " + joined, std::string(5000, 'y')};
  const auto trained = train_tokenizer(config_of(150), source_of(text), 1);
  EXPECT_EQ(trained.num_skipped_words, 2);
  EXPECT_EQ(trained.num_sentences, 3);
  EXPECT_GT(trained.num_sampled, 4);
  EXPECT_GT(trained.sampled_bytes, static_cast<int64_t>(2 * joined.size() - 200));
}

TEST(TokenizerTraining, ValidatesTheSampleSize) {
  TokenizerConfig config;
  config.sample_bytes = {.bytes = 100};
  config::Issues issues;
  config.validate(issues);
  ASSERT_EQ(issues.all().size(), 1U);
  EXPECT_EQ(issues.all()[0].key, "sample_bytes");
  EXPECT_EQ(issues.all()[0].text, "must be in [4 KiB, 1 GiB], got 100 B");
}

TEST(SentenceSample, DrawsEachSentenceWithTheSameProbability) {
  constexpr int kSentences = 100;
  constexpr int kDraws = 2000;
  std::array<int, kSentences> hits{};
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    SentenceSample sample(200, seed);
    for (int i = 0; i < kSentences; ++i) sample.add(std::to_string(1000'000'000 + i));  // 10 bytes each: 20 stay
    for (const std::string& sentence : sample.take()) ++hits[std::stoul(sentence) - 1000'000'000];
  }
  // Binomial(2000, 0.2): mean 400, sigma 17.9; 4.5 sigma leaves a chance of 1 in 1,400 for any of the hundred.
  for (const int hit : hits) EXPECT_NEAR(hit, 400, 80);
}

}  // namespace
}  // namespace albert
