#include <albert/base/error.h>
#include <albert/tasks/question_windows.h>

#include <gmock/gmock.h>
#include <tokenizer/model_builder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;

/// Pieces: word mark 6, a 7, b 8, "_ab" 9, "," 12, "_1" 13, "_the" 14; "-" 5.
struct QuestionWindows : ::testing::Test {
  Tokenizer tokenizer = Tokenizer::from_bytes(testing::ModelBuilder().bytes(), {}, "x.model");
  QuestionWindowOptions options{.max_length = 9, .stride = 2, .max_question_length = 2};

  QuestionSet make(std::string_view context, const QuestionInput& question, QuestionUse use = QuestionUse::train) {
    return make_question_windows(tokenizer, std::vector{context}, std::vector{question}, options, use);
  }
};

TEST_F(QuestionWindows, HoldQuestionAndDocumentBetweenSpecialTokens) {
  const QuestionSet set = make("The ab 1", {.id = "q", .text = "ab the", .answer = GoldAnswer{"AB", 4}});
  EXPECT_TRUE(set.windows.empty());  // the context has "ab", not "AB"
  EXPECT_THAT(set.not_aligned, ElementsAre("q"));

  const QuestionSet aligned = make("The ab 1", {.id = "q", .text = "ab the", .answer = GoldAnswer{"ab", 4}});
  ASSERT_EQ(aligned.windows.size(), 1U);
  const QuestionWindow& window = aligned.windows[0];
  EXPECT_THAT(window.ids, ElementsAre(2, 9, 14, 3, 14, 9, 13, 3));
  EXPECT_EQ(window.second_segment_begin, 4);
  EXPECT_EQ(window.document_end(), 7);
  EXPECT_EQ(window.start, 5);
  EXPECT_EQ(window.end, 5);
  EXPECT_EQ(window.is_impossible, 0);
  EXPECT_EQ(window.max_context_begin, 4);
  EXPECT_EQ(window.max_context_end, 7);
  EXPECT_THAT(masked_positions(window), ElementsAre(false, true, true, true, false, false, false, true));
}

TEST_F(QuestionWindows, CutTheQuestionAtItsTail) {
  const QuestionSet set = make("ab", {.id = "q", .text = "the ab 1 1", .is_impossible = true});
  EXPECT_THAT(set.windows.at(0).ids, ElementsAre(2, 14, 9, 3, 9, 3));
  EXPECT_EQ(set.num_cut_questions, 1);
}

TEST_F(QuestionWindows, WithoutTheWholeAnswerAreNegative) {
  // Six pieces in windows of four (9 - 2 - 3): [0, 4) and [2, 6); the answer is pieces 3 and 4.
  const QuestionSet set = make("the ab 1 the ab the", {.id = "q", .text = "ab ab", .answer = GoldAnswer{"the ab", 9}});
  ASSERT_EQ(set.windows.size(), 2U);
  EXPECT_EQ(set.windows[0].start, 0);
  EXPECT_EQ(set.windows[0].end, 0);
  EXPECT_EQ(set.windows[0].is_impossible, 1);
  EXPECT_EQ(set.windows[1].first_piece, 2);
  EXPECT_EQ(set.windows[1].start, 4 + 1);
  EXPECT_EQ(set.windows[1].end, 4 + 2);
  EXPECT_EQ(set.windows[1].is_impossible, 0);
  EXPECT_EQ(set.windows[1].document_piece(set.windows[1].start), 3);
}

TEST_F(QuestionWindows, OfAShortQuestionAreLonger) {
  const QuestionSet set = make("the ab 1 the ab the", {.id = "q", .text = "ab", .answer = GoldAnswer{"the ab", 9}});
  ASSERT_EQ(set.windows.size(), 2U);
  EXPECT_EQ(set.windows[0].length(), 9);
  EXPECT_EQ(set.windows[0].start, 3 + 3);
  EXPECT_EQ(set.windows[0].end, 3 + 4);
}

TEST_F(QuestionWindows, OverlapByTheStrideWhereItMeansThat) {
  options.stride_means = StrideMeaning::overlap;
  options.stride = 1;
  const QuestionSet set = make("the ab 1 the ab the 1", {.id = "q", .text = "ab ab", .is_impossible = true});
  ASSERT_EQ(set.windows.size(), 2U);
  EXPECT_EQ(set.windows[1].first_piece, 3);
}

TEST_F(QuestionWindows, OfAnUnanswerableQuestionPointAtCls) {
  const QuestionSet set = make("the ab", {.id = "q", .text = "ab", .answer = GoldAnswer{"ab", 4}, .is_impossible = true});
  ASSERT_EQ(set.windows.size(), 1U);
  EXPECT_EQ(set.windows[0].start, 0);
  EXPECT_EQ(set.windows[0].end, 0);
  EXPECT_EQ(set.windows[0].is_impossible, 1);
  EXPECT_TRUE(set.not_aligned.empty());
}

TEST_F(QuestionWindows, OfAQuestionThatCannotBeAlignedAreKeptForEvaluationOnly) {
  const QuestionInput lost{.id = "lost", .text = "ab", .answer = GoldAnswer{"ab", 3}};
  EXPECT_TRUE(make("the 1 ab", lost).windows.empty());
  const QuestionSet kept = make("the 1 ab", lost, QuestionUse::evaluate);
  ASSERT_EQ(kept.windows.size(), 1U);
  EXPECT_EQ(kept.windows[0].start, kNoTarget);
  EXPECT_EQ(kept.windows[0].end, kNoTarget);
  EXPECT_THAT(kept.not_aligned, ElementsAre("lost"));
}

TEST_F(QuestionWindows, OfADocumentWithoutPiecesHoldTheQuestionOnly) {
  const QuestionSet set = make(" \n", {.id = "q", .text = "ab", .is_impossible = true});
  ASSERT_EQ(set.windows.size(), 1U);
  EXPECT_THAT(set.windows[0].ids, ElementsAre(2, 9, 3, 3));
  EXPECT_EQ(set.windows[0].document_begin(), set.windows[0].document_end());
}

TEST_F(QuestionWindows, ShareDocumentsAndNameTheirQuestions) {
  const std::vector<std::string_view> contexts = {"the", "ab 1"};
  const std::vector<QuestionInput> questions = {{.id = "p", .text = "ab", .document = 1, .answer = GoldAnswer{"1", 3}},
                                                {.id = "q", .text = "1", .document = 1, .answer = GoldAnswer{"x", 3}},
                                                {.id = "r", .text = "1", .document = 0, .answer = GoldAnswer{"the", 0}}};
  const QuestionSet set = make_question_windows(tokenizer, contexts, questions, options, QuestionUse::train);
  ASSERT_EQ(set.documents.size(), 2U);
  ASSERT_EQ(set.windows.size(), 2U);
  EXPECT_EQ(set.windows[0].question, 0);
  EXPECT_EQ(set.windows[0].document, 1);
  EXPECT_EQ(set.windows[1].question, 2);
  EXPECT_EQ(set.windows[1].document, 0);
  EXPECT_THAT(set.not_aligned, ElementsAre("q"));
}

TEST_F(QuestionWindows, RefuseALengthWithoutRoomForADocument) {
  options.max_length = 5;
  try {
    (void)make("ab", {.id = "q", .text = "ab"});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "max_length: must be at least 6 (question 2, 3 special tokens, window 1), got 5; raise it, or lower max_question_length");
  }
  options = {.max_length = 200, .stride = 133, .stride_means = StrideMeaning::overlap};
  EXPECT_THROW(options.check(), ConfigError);
  options.stride = 132;
  EXPECT_NO_THROW(options.check());
}

TEST(FindAnswer, CountsCharactersAndGivesBytes) {
  const std::string context = "caf\u00e9 \U0001f600 bar";
  EXPECT_EQ(find_answer(context, {"bar", 7}), (ByteRange{11, 14}));
  EXPECT_EQ(find_answer(context, {"caf\u00e9", 0}), (ByteRange{0, 5}));
  EXPECT_EQ(find_answer(context, {"bar", 8}), std::nullopt);
  EXPECT_EQ(find_answer(context, {"bar", 99}), std::nullopt);
  EXPECT_EQ(find_answer(context, {"bar", -1}), std::nullopt);
  EXPECT_EQ(find_answer(context, {"", 3}), std::nullopt);
}

TEST(FindAnswer, ForgivesWhiteSpaceAroundTheAnswer) {
  EXPECT_EQ(find_answer("ab  cd ef", {" cd ", 3}), (ByteRange{4, 6}));
  EXPECT_EQ(find_answer("ab  cd ef", {"cd", 2}), (ByteRange{4, 6}));
  EXPECT_EQ(find_answer("ab  cd ef", {"  ", 2}), std::nullopt);
}

TEST_F(QuestionWindows, FindThePiecesOfPartsOfWords) {
  // "_ab" "_the" "_" "b" "-": the answer may begin or end inside of a piece.
  const std::string context = "ab the b-";
  const Encoding document = tokenizer.encode_with_offsets(context);
  ASSERT_THAT(document.ids, ElementsAre(9, 14, 6, 8, 5));
  EXPECT_EQ(pieces_of_range(document, {1, 4}), (PieceSpan{0, 1}));
  EXPECT_EQ(pieces_of_range(document, {2, 3}), std::nullopt);  // a space
  EXPECT_EQ(pieces_of_range(document, {6, 8}), (PieceSpan{3, 3}));
  EXPECT_EQ(pieces_of_range(document, {3, 9}), (PieceSpan{1, 4}));
  EXPECT_EQ(range_of_pieces(document, {1, 2}), (ByteRange{3, 6}));
  EXPECT_EQ(range_of_pieces(document, {2, 3}), (ByteRange{7, 8}));
  EXPECT_TRUE(range_of_pieces(document, {2, 2}).empty());
}

}  // namespace
}  // namespace albert
