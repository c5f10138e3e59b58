#include <albert/base/error.h>
#include <albert/tasks/token_labels.h>

#include <gmock/gmock.h>
#include <tokenizer/model_builder.h>

#include <map>
#include <numeric>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;
constexpr int64_t kNone = kIgnoredLabel;

struct TokenLabels : ::testing::Test {
  Tokenizer tokenizer = Tokenizer::from_bytes(testing::ModelBuilder().bytes(), {}, "x.model");
  TokenWindowOptions options{.max_length = 16, .overlap = 4};

  std::vector<TokenWindow> windows(const WordPieces& pieces, const std::vector<int64_t>& labels) {
    return make_token_windows(pieces, labels, tokenizer.special_tokens(), options, /*sentence=*/7);
  }
};

TEST_F(TokenLabels, StandAtTheFirstPieceOfEachWord) {
  const WordPieces pieces = encode_words(tokenizer, Words{"the", "b-b", "ab"});
  EXPECT_THAT(pieces.ids, ElementsAre(14, 6, 8, 5, 8, 9));
  EXPECT_THAT(pieces.first_piece, ElementsAre(0, 1, 5));
  const auto made = windows(pieces, {4, 5, 6});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_THAT(made[0].ids, ElementsAre(2, 14, 6, 8, 5, 8, 9, 3));
  EXPECT_THAT(made[0].targets, ElementsAre(kNone, 4, 5, kNone, kNone, kNone, 6, kNone));
  EXPECT_EQ(made[0].sentence, 7);
}

TEST(TokenLabelsOfSymbols, StandAtSymbolsWhereTheSentenceIsGivenInSymbols) {
  const auto phonemes = Tokenizer::from_symbols("h\n\u0259\nl\n", {}, "s.txt");
  const WordPieces by_word = encode_words(phonemes, Words{"h\u0259", "l"});
  EXPECT_THAT(by_word.ids, ElementsAre(5, 6, 7, 5, 8));
  EXPECT_THAT(by_word.first_piece, ElementsAre(0, 3));
  const WordPieces by_symbol = encode_words(phonemes, Words{"\u2581", "h", "\u0259", "\u2581", "l", "q"});
  EXPECT_THAT(by_symbol.ids, ElementsAre(5, 6, 7, 5, 8, 1)) << "the ids of the text that the symbols are of";
  EXPECT_THAT(by_symbol.first_piece, ElementsAre(0, 1, 2, 3, 4, 5));
  const SymbolOptions no_words{.word_separator = std::nullopt, .symbol_separator = std::nullopt, .punctuation = {}};
  EXPECT_THAT(encode_words(Tokenizer::from_symbols("A\nC\n", no_words, "s.txt"), Words{"A", "C", "A"}).ids, ElementsAre(5, 6, 5));
}

TEST_F(TokenLabels, UseTheEncodingOfTheWordsJoinedBySpaces) {
  const Words words = {"The", "1,", "b", "(", "\u00e1b", "-"};
  EXPECT_EQ(encode_words(tokenizer, words).ids, tokenizer.encode("The 1, b ( \u00e1b -"));
}

TEST_F(TokenLabels, CountWordsWithoutPiecesAndGiveThemADefault) {
  const WordPieces pieces = encode_words(tokenizer, Words{"ab", "\u0301", "", "the", "\t"});
  EXPECT_THAT(pieces.first_piece, ElementsAre(0, -1, -1, 1, -1));
  EXPECT_EQ(pieces.num_empty_words, 3);
  const auto made = windows(pieces, {1, 2, 3, 4, 5});
  EXPECT_THAT(made.at(0).targets, ElementsAre(kNone, 1, 4, kNone));
  const std::vector<std::vector<int64_t>> predicted = {{90, 91, 92, 93}};
  EXPECT_THAT(labels_of_words(pieces, made, predicted, 0), ElementsAre(91, 0, 0, 92, 0));
}

TEST_F(TokenLabels, OfALongSentenceAreInExactlyOneWindowEach) {
  Words words;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 50; ++i) {
    words.push_back(i % 3 == 0 ? "b-b" : i % 7 == 0 ? "\u0301" : "ab");
    labels.push_back(i);
  }
  const WordPieces pieces = encode_words(tokenizer, words);
  const auto made = windows(pieces, labels);
  ASSERT_GT(made.size(), 3U);
  std::map<int64_t, int64_t> times;
  std::vector<std::vector<int64_t>> predicted;
  for (const TokenWindow& window : made) {
    EXPECT_LE(window.ids.size(), 16U);
    for (const int64_t target : window.targets) ++times[target];
    for (const TokenWindow::Word& word : window.words) {
      EXPECT_EQ(window.targets[static_cast<size_t>(word.position)], labels[static_cast<size_t>(word.word)]);
      EXPECT_EQ(window.ids[static_cast<size_t>(word.position)],
                pieces.ids[static_cast<size_t>(pieces.first_piece[static_cast<size_t>(word.word)])]);
    }
    predicted.push_back(window.targets);
  }
  std::vector<int64_t> expected = labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool is_empty = pieces.first_piece[i] < 0;
    EXPECT_EQ(times[labels[i]], is_empty ? 0 : 1) << "word " << i;
    if (is_empty) expected[i] = -1;
  }
  EXPECT_EQ(labels_of_words(pieces, made, predicted, -1), expected);
}

TEST_F(TokenLabels, AreWhereTheWordHasMostContext) {
  options = {.max_length = 8, .overlap = 4};  // windows of six pieces, two further each
  const WordPieces pieces = encode_words(tokenizer, Words(10, "ab"));
  const auto made = windows(pieces, {});
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].words.back(), (TokenWindow::Word{3, 4}));
  EXPECT_EQ(made[1].words.front(), (TokenWindow::Word{4, 3}));
  for (const TokenWindow& window : made) EXPECT_THAT(window.targets, ::testing::Each(kNone));
}

TEST_F(TokenLabels, OfAWordLongerThanAWindowAreNotLost) {
  options = {.max_length = 6, .overlap = 1};
  const WordPieces pieces = encode_words(tokenizer, Words{"ab", std::string(40, 'b'), "the"});
  const auto made = windows(pieces, {1, 2, 3});
  ASSERT_EQ(made.size(), 2U);  // those in the middle of the long word score nothing
  EXPECT_EQ(made[0].words.size(), 2U);
  EXPECT_EQ(made[1].words.size(), 1U);
}

TEST_F(TokenLabels, OfAnEmptySentenceAreOneWindowWithoutWords) {
  const WordPieces pieces = encode_words(tokenizer, Words{});
  const auto made = windows(pieces, {});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_THAT(made[0].ids, ElementsAre(2, 3));
  EXPECT_THAT(labels_of_words(pieces, made, std::vector<std::vector<int64_t>>{{0, 0}}, 0), IsEmpty());
}

TEST_F(TokenLabels, RefuseAnOverlapThatDoesNotMoveOn) {
  options.overlap = 14;
  try {
    options.check();
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "overlap: must be in [0, 14), the pieces of a window, got 14; lower it, or raise max_length");
  }
  EXPECT_THROW((TokenWindowOptions{.max_length = 2}.check()), ConfigError);
}

TEST_F(TokenLabels, RefusePredictionsOfAnotherShape) {
  const WordPieces pieces = encode_words(tokenizer, Words{"ab"});
  const auto made = windows(pieces, {1});
  EXPECT_THROW((void)labels_of_words(pieces, made, std::vector<std::vector<int64_t>>{{1, 2}}, 0), InternalError);
  EXPECT_THROW((void)labels_of_words(pieces, made, {}, 0), InternalError);
  EXPECT_THROW((void)windows(pieces, {1, 2}), InternalError);
}

}  // namespace
}  // namespace albert
