#include <albert/base/error.h>
#include <albert/tasks/answer_decoding.h>
#include <albert/tasks/sliding_windows.h>

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace albert {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

/// A document of one-letter words "a b c ...", a question of one piece, one window.
struct Decoding : ::testing::Test {
  std::string context;
  Encoding document;
  QuestionWindow window;
  std::vector<float> start;
  std::vector<float> end;
  AnswerDecodingOptions options;

  void SetUp() override { use_words({"a", "b", "c", "d", "e"}); }

  void use_words(const std::vector<std::string>& words) {
    context.clear();
    document = {};
    for (const std::string& word : words) {
      if (!context.empty()) context += ' ';
      document.ids.push_back(7);
      document.ranges.push_back({static_cast<int32_t>(context.size()), static_cast<int32_t>(context.size() + word.size())});
      context += word;
    }
    window.ids.assign(words.size() + 4, 7);
    window.second_segment_begin = 3;
    window.max_context_begin = 3;
    window.max_context_end = window.document_end();
    start.assign(window.ids.size(), -5.0F);
    end = start;
  }

  [[nodiscard]] DecodedAnswer decode() const {
    return decode_answer(context, document, std::vector{SpanScores{.window = &window, .start = start, .end = end}}, options);
  }
  static std::vector<std::string> texts(const DecodedAnswer& answer) {
    std::vector<std::string> result;
    for (const AnswerCandidate& candidate : answer.n_best) result.push_back(candidate.text);
    return result;
  }
};

TEST_F(Decoding, FindsTheBestSpan) {
  start[4] = 2;
  end[6] = 1.5;
  const DecodedAnswer answer = decode();
  EXPECT_EQ(answer.text, "b c d");
  EXPECT_EQ(answer.score, 3.5);
  EXPECT_EQ(answer.n_best.front().range, (ByteRange{2, 7}));
  EXPECT_EQ(answer.n_best.size(), 15U);  // all spans of five words
  double sum = 0;
  for (const AnswerCandidate& candidate : answer.n_best) sum += candidate.probability;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(answer.n_best[0].probability / answer.n_best[1].probability, std::exp(6.5), 1e-6);
}

TEST_F(Decoding, NeverLeavesTheDocument) {
  for (const size_t position : {0UL, 1UL, 2UL, 8UL}) start[position] = end[position] = 9;
  start[3] = end[3] = 1;
  EXPECT_EQ(decode().text, "a");
}

TEST_F(Decoding, DropsSpansThatEndBeforeTheyBegin) {
  options.n_best = 1;
  start[6] = 3;
  end[4] = 3;
  const DecodedAnswer answer = decode();
  EXPECT_EQ(answer.text, "");
  EXPECT_TRUE(answer.n_best.empty());
  EXPECT_EQ(answer.score, 0);
}

TEST_F(Decoding, LimitsTheLengthOfAnAnswer) {
  options.max_answer_length = 2;
  start[3] = 5;
  end[5] = 5;
  end[4] = 4;
  EXPECT_EQ(decode().text, "a b");
  options.max_answer_length = 3;
  EXPECT_EQ(decode().text, "a b c");
}

TEST_F(Decoding, AsksForMaximumContextOfTheFirstPieceOnly) {
  window.max_context_end = 5;
  start[5] = 5;
  start[4] = 4;
  end[7] = 5;
  EXPECT_EQ(decode().text, "b c d e");
  options.max_context = MaxContext::ignored;
  EXPECT_EQ(decode().text, "c d e");
}

TEST_F(Decoding, KeepsTheBestOfEqualTexts) {
  use_words({"x", "y", "x"});
  options.max_answer_length = 1;
  start[5] = end[5] = 2;
  start[4] = end[4] = 1;
  const DecodedAnswer answer = decode();
  EXPECT_THAT(texts(answer), ElementsAre("x", "y"));
  EXPECT_EQ(answer.n_best[0].range, (ByteRange{4, 5}));
}

TEST_F(Decoding, TakesTheEarlierOfEqualScores) {
  options.n_best = 2;
  const DecodedAnswer answer = decode();
  EXPECT_TRUE(answer.n_best.empty());  // of equal scores positions 0 and 1 come first, and they are not in the document
  for (const size_t position : {3UL, 4UL, 5UL}) start[position] = end[position] = 0;
  EXPECT_THAT(texts(decode()), ElementsAre("a", "a b"));
}

TEST_F(Decoding, SkipsSpansOfWordMarksOnly) {
  document.ranges[1] = {4, 4};
  start[4] = end[4] = 9;
  start[5] = end[5] = 1;
  const auto found = texts(decode());
  EXPECT_EQ(found.front(), "c");
  for (const std::string& text : found) EXPECT_FALSE(text.empty());
}

TEST_F(Decoding, ComparesWithNoAnswerAsHuggingFaceDoes) {
  start[0] = 3;
  end[0] = 1;
  start[3] = end[3] = 1;
  QuestionWindow other = window;
  std::vector<float> other_scores(window.ids.size(), -9.0F);
  other_scores[0] = 1.25;
  const DecodedAnswer answer =
      decode_answer(context, document,
                    std::vector{SpanScores{.window = &window, .start = start, .end = end},
                                SpanScores{.window = &other, .start = other_scores, .end = other_scores}},
                    options);
  EXPECT_EQ(answer.score, 2);
  EXPECT_EQ(answer.no_answer_score, 2.5 - 2);  // the smaller of 4 and 2.5, less the best answer
}

TEST_F(Decoding, RefusesScoresThatDoNotFit) {
  start.pop_back();
  EXPECT_THROW((void)decode(), InternalError);
  start.push_back(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW((void)decode(), NumericError);
  EXPECT_THROW((void)decode_answer(context, document, {}, options), InternalError);
}

TEST_F(Decoding, OfABeamUsesTheEndsOfEachStart) {
  const std::vector<float> start_scores = {-0.5F, -1.0F};
  const std::vector<int64_t> starts = {0, 4};  // [CLS] is allowed by the mask, and is no answer
  const std::vector<float> end_scores = {-0.1F, -0.2F, -0.25F, -3.0F};
  const std::vector<int64_t> ends = {4, 5, 6, 3};
  const BeamScores beam{.window = &window,
                        .start_log_probabilities = start_scores,
                        .start_positions = starts,
                        .end_log_probabilities = end_scores,
                        .end_positions = ends,
                        .no_answer_logit = 0.75F};
  BeamScores other = beam;
  other.no_answer_logit = -0.5F;
  const DecodedAnswer answer = decode_beam_answer(context, document, std::vector{beam, other}, options);
  EXPECT_THAT(texts(answer), ElementsAre("b c d"));
  EXPECT_EQ(answer.score, -1.25);
  EXPECT_EQ(answer.no_answer_score, -0.5);
  EXPECT_EQ(answer.n_best[0].probability, 1);
}

// Cases of scripts/make_answer_golden.py.

struct GoldenCase {
  Encoding document;
  std::vector<QuestionWindow> windows;
  AnswerDecodingOptions options;

  explicit GoldenCase(const json& golden) {
    for (const json& range : golden["ranges"]) document.ranges.push_back({range[0].get<int32_t>(), range[1].get<int32_t>()});
    document.ids.assign(document.ranges.size(), 7);
    const auto question_pieces = golden["question_pieces"].get<int64_t>();
    const int64_t length = golden["max_length"].get<int64_t>() - question_pieces - 3;
    for (const PieceWindow& pieces :
         sliding_windows(static_cast<int64_t>(document.ids.size()), length, golden["stride"].get<int64_t>())) {
      QuestionWindow window;
      window.ids.assign(static_cast<size_t>(question_pieces + pieces.length + 3), 7);
      window.second_segment_begin = static_cast<int32_t>(question_pieces + 2);
      window.first_piece = pieces.begin;
      window.max_context_begin = window.document_begin() + pieces.max_context_begin - pieces.begin;
      window.max_context_end = window.document_begin() + pieces.max_context_end - pieces.begin;
      windows.push_back(window);
    }
    options.n_best = golden["n_best"].get<int64_t>();
    options.max_answer_length = golden["max_answer_length"].get<int64_t>();
    options.max_context = golden["max_context"] == "required" ? MaxContext::required : MaxContext::ignored;
  }
};

void expect_equal(const DecodedAnswer& answer, const json& expected) {
  EXPECT_NEAR(answer.no_answer_score, expected["no_answer_score"].get<double>(), 1e-12);
  ASSERT_EQ(answer.n_best.size(), expected["n_best"].size());
  for (size_t i = 0; i < answer.n_best.size(); ++i) {
    const json& entry = expected["n_best"][i];
    EXPECT_EQ(answer.n_best[i].text, entry["text"].get<std::string>());
    EXPECT_EQ(answer.n_best[i].start_score, entry["start"].get<double>());
    EXPECT_EQ(answer.n_best[i].end_score, entry["end"].get<double>());
    EXPECT_NEAR(answer.n_best[i].probability, entry["probability"].get<double>(), 1e-12);
  }
  EXPECT_EQ(answer.text, answer.n_best.empty() ? "" : answer.n_best.front().text);
}

json golden_cases() {
  std::ifstream file(std::filesystem::path(ALBERT_SOURCE_DIR) / "tests" / "golden" / "tasks" / "answers.json");
  return json::parse(file)["cases"];
}

TEST(GoldenAnswers, HaveTheSameWindows) {
  const json cases = golden_cases();
  ASSERT_EQ(cases.size(), 16U);
  for (const json& golden : cases) {
    const GoldenCase built(golden);
    ASSERT_EQ(built.windows.size(), golden["windows"].size());
    for (size_t i = 0; i < built.windows.size(); ++i) {
      const QuestionWindow& window = built.windows[i];
      EXPECT_EQ(window.first_piece, golden["windows"][i][0].get<int64_t>());
      EXPECT_EQ(window.document_end() - window.document_begin(), golden["windows"][i][1].get<int64_t>());
      for (int64_t position = 0; position < window.length(); ++position) {
        const bool expected = window.holds_document(position) &&
                              golden["best_window"][static_cast<size_t>(window.document_piece(position))].get<size_t>() == i;
        EXPECT_EQ(window.has_max_context(position), expected);
      }
    }
  }
}

TEST(GoldenAnswers, OfTheLinearHeadAreEqual) {
  for (const json& golden : golden_cases()) {
    const GoldenCase built(golden);
    const auto context = golden["text"].get<std::string>();
    std::vector<std::vector<float>> values;
    for (const json& scores : golden["linear"]) {
      values.push_back(scores["start"].get<std::vector<float>>());
      values.push_back(scores["end"].get<std::vector<float>>());
    }
    std::vector<SpanScores> windows;
    for (size_t i = 0; i < built.windows.size(); ++i)
      windows.push_back({.window = &built.windows[i], .start = values[2 * i], .end = values[2 * i + 1]});
    expect_equal(decode_answer(context, built.document, windows, built.options), golden["expected_linear"]);
  }
}

TEST(GoldenAnswers, OfTheBeamAreEqual) {
  struct Beam {
    std::vector<float> start_scores, end_scores;
    std::vector<int64_t> starts, ends;
  };
  for (const json& golden : golden_cases()) {
    const GoldenCase built(golden);
    const auto context = golden["text"].get<std::string>();
    std::vector<Beam> beams;
    for (const json& beam : golden["beam"]) {
      beams.push_back({.start_scores = beam["start_scores"].get<std::vector<float>>(),
                       .end_scores = beam["end_scores"].get<std::vector<float>>(),
                       .starts = beam["start_positions"].get<std::vector<int64_t>>(),
                       .ends = beam["end_positions"].get<std::vector<int64_t>>()});
    }
    std::vector<BeamScores> windows;
    for (size_t i = 0; i < built.windows.size(); ++i) {
      windows.push_back({.window = &built.windows[i],
                         .start_log_probabilities = beams[i].start_scores,
                         .start_positions = beams[i].starts,
                         .end_log_probabilities = beams[i].end_scores,
                         .end_positions = beams[i].ends,
                         .no_answer_logit = golden["beam"][i]["no_answer"].get<float>()});
    }
    expect_equal(decode_beam_answer(context, built.document, windows, built.options), golden["expected_beam"]);
  }
}

}  // namespace
}  // namespace albert
