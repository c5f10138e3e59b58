// Gold answers of real SQuAD files through pieces and back (skipped where the files are not there).
#include <albert/tasks/answer_decoding.h>
#include <albert/tasks/question_windows.h>

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace albert {
namespace {

using nlohmann::json;

std::filesystem::path shared_data() {
  const char* shared = std::getenv("ALBERT_SHARED_DATA");
  return shared != nullptr ? shared : ALBERT_SOURCE_DIR "/../shared/data";
}

struct RealQuestions : ::testing::TestWithParam<const char*> {
  std::vector<std::string> contexts;
  std::vector<std::string> ids, questions, answers;
  std::vector<QuestionInput> inputs;

  void SetUp() override {
    const auto file = shared_data() / "qa" / GetParam();
    const auto model = shared_data() / "vocab" / "albert_en_30k_rebuilt.model";
    if (!std::filesystem::exists(file) || !std::filesystem::exists(model)) GTEST_SKIP() << "no questions";
    std::ifstream stream(file);
    read(json::parse(stream));
    tokenizer = std::make_unique<Tokenizer>(Tokenizer::load(model, {}));
  }

  void read(const json& squad) {
    for (const json& article : squad["data"]) {
      for (const json& paragraph : article["paragraphs"]) {
        contexts.push_back(paragraph["context"].get<std::string>());
        for (const json& question : paragraph["qas"]) read_question(question);
      }
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].id = ids[i];
      inputs[i].text = questions[i];
      if (inputs[i].answer) inputs[i].answer->text = answers[i];
    }
  }

  void read_question(const json& question) {
    ids.push_back(question["id"].get<std::string>());
    questions.push_back(question["question"].get<std::string>());
    answers.emplace_back();
    QuestionInput input;
    input.document = static_cast<int64_t>(contexts.size()) - 1;
    input.is_impossible = question.value("is_impossible", false);
    if (!question["answers"].empty()) {
      answers.back() = question["answers"][0]["text"].get<std::string>();
      input.answer = GoldAnswer{.text = {}, .start_character = question["answers"][0]["answer_start"].get<int64_t>()};
    }
    inputs.push_back(input);
  }

  [[nodiscard]] QuestionSet make(const QuestionWindowOptions& options) const {
    const std::vector<std::string_view> views(contexts.begin(), contexts.end());
    return make_question_windows(*tokenizer, views, inputs, options, QuestionUse::train);
  }

  [[nodiscard]] std::string slice(const QuestionWindow& window, const ByteRange& range) const {
    return contexts[static_cast<size_t>(window.document)].substr(static_cast<size_t>(range.begin),
                                                                 static_cast<size_t>(range.end - range.begin));
  }

  std::unique_ptr<Tokenizer> tokenizer;
};

TEST_P(RealQuestions, GiveTheirAnswersBackFromThePieces) {
  const QuestionSet set = make({.max_length = 384});
  EXPECT_LE(set.not_aligned.size(), 3U);
  std::vector<bool> is_found(inputs.size(), false);
  std::vector<bool> is_exact(inputs.size(), false);
  for (const QuestionWindow& window : set.windows) {
    if (window.is_impossible != 0) continue;
    const auto question = static_cast<size_t>(window.question);
    const ByteRange range =
        range_of_pieces(set.documents[static_cast<size_t>(window.document)],
                        {.first = window.document_piece(window.start), .last = window.document_piece(window.end)});
    is_found[question] = true;
    is_exact[question] = slice(window, range) == answers[question];
    EXPECT_NE(slice(window, range).find(answers[question]), std::string::npos) << ids[question];
  }
  int64_t answerable = 0;
  int64_t exact = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].is_impossible) continue;
    ++answerable;
    exact += is_exact[i] ? 1 : 0;
    if (is_found[i] && !is_exact[i]) RecordProperty("inexact_" + ids[i], answers[i]);
  }
  RecordProperty("answerable", static_cast<int>(answerable));
  RecordProperty("exact", static_cast<int>(exact));
  EXPECT_GT(answerable, 1000);
  EXPECT_GE(static_cast<double>(exact), 0.99 * static_cast<double>(answerable)) << exact << " of " << answerable;
}

TEST_P(RealQuestions, AreAnsweredByADecoderThatIsToldTheTargets) {
  // Short windows, so that most documents need several.
  const QuestionSet set = make({.max_length = 128, .stride = 32, .max_question_length = 32});
  const AnswerDecodingOptions options{.max_answer_length = 128};
  int64_t asked = 0;
  int64_t right = 0;
  for (size_t begin = 0; begin < set.windows.size();) {
    size_t end = begin;
    std::vector<std::vector<float>> scores;
    std::vector<SpanScores> windows;
    while (end < set.windows.size() && set.windows[end].question == set.windows[begin].question) ++end;
    scores.reserve(2 * (end - begin));
    bool has_answer = false;
    ByteRange gold;
    for (size_t i = begin; i < end; ++i) {
      const QuestionWindow& window = set.windows[i];
      for (const int64_t target : {window.start, window.end})
        scores.emplace_back(window.ids.size(), -10.0F).at(static_cast<size_t>(target)) = 5;
      windows.push_back({.window = &window, .start = scores[scores.size() - 2], .end = scores.back()});
      if (window.is_impossible != 0) continue;
      has_answer = has_answer || window.has_max_context(window.start);
      gold = range_of_pieces(set.documents[static_cast<size_t>(window.document)],
                             {.first = window.document_piece(window.start), .last = window.document_piece(window.end)});
    }
    const QuestionWindow& window = set.windows[begin];
    const DecodedAnswer answer = decode_answer(contexts[static_cast<size_t>(window.document)],
                                               set.documents[static_cast<size_t>(window.document)], windows, options);
    if (has_answer) {
      ++asked;
      right += answer.text == slice(window, gold) ? 1 : 0;
      // A window without the answer wants [CLS] as well, so the minimum over windows is small where one holds it.
      EXPECT_LT(answer.no_answer_score, 0) << ids[static_cast<size_t>(window.question)];
    } else if (inputs[static_cast<size_t>(window.question)].is_impossible) {
      EXPECT_GT(answer.no_answer_score, 0) << ids[static_cast<size_t>(window.question)];
    }
    begin = end;
  }
  EXPECT_GT(asked, 1000);
  EXPECT_EQ(right, asked);
}

INSTANTIATE_TEST_SUITE_P(Squad, RealQuestions, ::testing::Values("squad2_dev_half_A.json", "xquad.en.json"));

}  // namespace
}  // namespace albert
