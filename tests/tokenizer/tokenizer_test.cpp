#include "albert/tokenizer/tokenizer.h"

#include <gtest/gtest.h>
#include <temporary_folder.h>

#include <set>
#include <thread>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "tokenizer/cpu_timer.h"
#include "tokenizer/double_array.h"
#include "tokenizer/model_builder.h"
#include "tokenizer/word_start.h"

namespace albert {
namespace {

using testing::CpuTimer;

using testing::ModelBuilder;

Tokenizer small(const TokenizerOptions& options = {}) {
  return Tokenizer::from_bytes(ModelBuilder().bytes(), options, "x.model");
}

TEST(Tokenizer, SplitsACommaBehindADigit) {
  EXPECT_EQ(small().encode_as_pieces("1, ab"), (std::vector<std::string>{"\u25811", ",", "\u2581ab"}));
  EXPECT_EQ(small().encode("1, ab"), (std::vector<int32_t>{13, 12, 9}));
}

TEST(Tokenizer, JoinsNeighbouringUnknownCharacters) {
  EXPECT_EQ(small().encode_as_pieces("a\u4e2d\u6587b"), (std::vector<std::string>{"\u2581", "a", "\u4e2d\u6587", "b"}));
  EXPECT_EQ(small().encode("a\u4e2d\u6587b"), (std::vector<int32_t>{6, 7, 1, 8}));
}

TEST(Tokenizer, FindsNoSpecialTokenInLowerCasedText) {
  const auto ids = small().encode("[CLS] [SEP] [MASK] <unk>");
  const std::set<int32_t> found(ids.begin(), ids.end());
  for (const int32_t special : {0, 2, 3, 4}) EXPECT_FALSE(found.contains(special));
}

TEST(Tokenizer, LooksUnknownPiecesUpAsGoogleDoes) {
  EXPECT_EQ(small({.lower_case = false}).encode("[MASK]"), (std::vector<int32_t>{6, 4}));
}

TEST(Tokenizer, GivesNoIdsForEmptyText) {
  EXPECT_TRUE(small().encode("").empty());
  EXPECT_TRUE(small().encode(" \n\u3000").empty());
}

TEST(Tokenizer, DecodesPiecesToText) {
  const auto tokenizer = small();
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ab 1, the")), "ab 1, the");
  EXPECT_EQ(tokenizer.decode({2, 9, 1, 3}), "[CLS] ab<unk>[SEP]");
  EXPECT_EQ(tokenizer.decode({}), "");
  try {
    (void)tokenizer.decode({15});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "token id: must be in [0, 15), got 15; is it of another vocabulary?");
  }
}

TEST(Tokenizer, HashNamesModelAndOptions) {
  ModelBuilder other;
  other.pieces.push_back({"zz", -9});
  const std::set<std::string> hashes = {small().hash(), small({.lower_case = false}).hash(), small({.keep_accents = true}).hash(),
                                        Tokenizer::from_bytes(other.bytes(), {}, "y.model").hash()};
  EXPECT_EQ(hashes.size(), 4U);
  EXPECT_EQ(small().hash().size(), 64U);
  EXPECT_EQ(small().hash(), small().hash());
}

TEST(Tokenizer, KeepsTheBytesOfTheModel) { EXPECT_EQ(small().vocabulary_bytes(), ModelBuilder().bytes()); }

TEST(Tokenizer, NamesTheFileThatItCannotLoad) {
  testing::TemporaryFolder folder;
  const auto path = folder / "bad.model";
  write_file_atomically(path, "nonsense");
  try {
    (void)Tokenizer::load(path, {});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(path.string() + ": must be a SentencePiece model")) << error.what();
  }
  EXPECT_THROW((void)Tokenizer::load(folder / "missing.model", {}), DataError);
}

TEST(Tokenizer, EncodesTheSameFromManyThreads) {
  const auto tokenizer = small();
  const std::string text = "the 1, ab \u00c9 a-b [MASK] \u4e2d 1,1,";
  const auto expected = tokenizer.encode(text);
  std::vector<std::thread> threads;
  std::array<bool, 4> same{};
  for (size_t t = 0; t < same.size(); ++t) {
    threads.emplace_back([&, t] {
      bool all = true;
      for (int i = 0; i < 500; ++i) all = all && tokenizer.encode(text) == expected;
      same[t] = all;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool each : same) EXPECT_TRUE(each);
}

TEST(Tokenizer, EncodesAMegabyteWordInLinearTime) {
  const CpuTimer timer;
  EXPECT_GT(small().encode(std::string(1 << 20, 'a')).size(), size_t{1} << 19U);
  EXPECT_EQ(small().encode(std::string(1 << 20, 'q')).size(), 2U);
  EXPECT_LT(timer.seconds(), 5);
}

TEST(WordStart, FollowsGooglesRule) {
  for (const char* piece : {"\u2581", "\u2581the", "<unk>", "<", ".", "(", "[", "~", "1", "a1", "don't", "'", "=", "\u00a3",
                            "\u20ac", "\u00e9", "a\u00e9", "\u4e2d", "3,"}) {
    EXPECT_TRUE(is_start_piece(piece)) << piece;
  }
  for (const char* piece : {"s", "ing", "x", "Ab", "[CLS]", "[SEP]", "[MASK]", "..", "a.", "-a", "\u212a"})
    EXPECT_FALSE(is_start_piece(piece)) << piece;
}

TEST(Tokenizer, KnowsWhichPiecesStartAWord) {
  const auto tokenizer = small();
  std::vector<bool> starts;
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) starts.push_back(tokenizer.word_role(id) == WordRole::starts);
  EXPECT_EQ(starts,
            (std::vector<bool>{true, true, false, false, false, true, true, false, false, true, true, true, true, true, true}));
}

TEST(DoubleArray, FindsExactlyItsKeys) {
  std::vector<std::string> words;
  for (int i = 0; i < 20'000; ++i) words.push_back(std::to_string(i * 7919 % 100'003));
  for (int a = 1; a < 256; ++a) words.push_back({static_cast<char>(a), static_cast<char>(256 - a)});
  const std::set<std::string> unique(words.begin(), words.end());
  std::vector<DoubleArray::Key> keys;
  for (const std::string& word : unique) keys.emplace_back(word, static_cast<int32_t>(keys.size()));
  const DoubleArray trie(keys);
  const auto value_of = [&](std::string_view text) {
    uint32_t node = DoubleArray::kRoot;
    for (const char c : text) {
      node = trie.child(node, c);
      if (node == DoubleArray::kRoot) return DoubleArray::kNoValue;
    }
    return trie.value(node);
  };
  for (const auto& [key, value] : keys) ASSERT_EQ(value_of(key), value) << key;
  for (int i = 0; i < 110'000; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_EQ(value_of(text) != DoubleArray::kNoValue, unique.contains(text)) << text;
  }
  EXPECT_EQ(value_of(std::string("1\0", 2)), DoubleArray::kNoValue);
  EXPECT_EQ(trie.longest_prefix("not a number"), 0U);
}

}  // namespace
}  // namespace albert
