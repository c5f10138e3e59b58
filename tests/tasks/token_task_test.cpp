#include "tasks/task_fixture.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace albert {
namespace {

using nlohmann::json;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::expect_metrics;
using testing::written;

constexpr const char* kEntities = "{type: token-classification, labels: [O, B-X, I-X, B-Y]}";
constexpr const char* kTwoSentences = "the\tB-X\nab\tI-X\n1\tO\n\nab\tO\n1\tB-Y\n";

/// Scores by which the first pieces of the words of each instance, all of one piece, are given these labels.
std::vector<InstanceScores> scores_of(const std::vector<std::vector<size_t>>& labels, size_t num_labels) {
  std::vector<InstanceScores> scores;
  for (const auto& sentence : labels) {
    auto& values = scores.emplace_back((sentence.size() + 2) * num_labels, 0.0F);
    for (size_t word = 0; word < sentence.size(); ++word) values[(word + 1) * num_labels + sentence[word]] = 1;
  }
  return scores;
}

struct TokenTask : testing::TaskFixture {
  TokenTask() { max_length = 64; }
  DataFileConfig conll(std::string_view text) const { return file("x.conll", text); }
};

TEST_F(TokenTask, ReadsASentenceAsOneSequence) {
  const auto task = make(kEntities);
  const auto set = task->read(conll(kTwoSentences), SetRole::train);
  ASSERT_THAT(set->instances(), SizeIs(2));
  EXPECT_THAT(set->instances()[0].sequences.at(0).ids, ElementsAre(2, 14, 9, 13, 3));
  EXPECT_EQ(set->instances()[0].sequences[0].second_segment, 5);
  EXPECT_THAT(set->instances()[0].labels, ElementsAre(-100, 1, 2, 0, -100));
  EXPECT_EQ(set->instances()[1].example, 1);
  const auto part = set->report_part();
  EXPECT_THAT(part.lengths, ElementsAre(5, 4));
  EXPECT_EQ(part.classes.what, "tags of 5 words");
  EXPECT_THAT(part.classes.names, ElementsAre("O", "B-X", "I-X", "B-Y"));
  EXPECT_THAT(part.classes.counts, ElementsAre(2, 1, 1, 1));
  EXPECT_EQ(part.classes.total, 5);
  EXPECT_EQ(part.long_inputs, LongInputs::windowed);
  EXPECT_THAT(task->read(conll(kTwoSentences), SetRole::prediction)->report_part().classes.names, IsEmpty());
}

TEST_F(TokenTask, MeasuresEntities) {
  const auto task = make(kEntities);
  const auto set = task->read(conll(kTwoSentences), SetRole::evaluation);
  const auto answers = set->decode(scores_of({{1, 2, 0}, {0, 0}}, 4));  // X is found, Y is not
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("precision"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("recall"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("f1"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.at("macro_f1"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 0.8);
  EXPECT_THAT(answers->measure(std::vector<int64_t>{0, 0}).at("f1"), DoubleEq(1));
  EXPECT_THAT(answers->table(), HasSubstr("Y"));
  EXPECT_EQ(task->description().metric, "f1");
  expect_metrics(*task, *answers, {"f1", "precision", "recall", "macro_f1", "accuracy"});
}

TEST_F(TokenTask, HasCollapsedWhereAllWordsGetOneTag) {
  const auto task = make(kEntities);
  const auto set = task->read(conll(kTwoSentences), SetRole::evaluation);
  EXPECT_EQ(set->decode(scores_of({{0, 0, 0}, {0, 0}}, 4))->collapse(), "the tag 'O' for every word");
  EXPECT_EQ(set->decode(scores_of({{1, 1, 1}, {1, 1}}, 4))->collapse(), "the tag 'B-X' for every word");
  EXPECT_EQ(set->decode(scores_of({{0, 0, 0}, {0, 1}}, 4))->collapse(), "");
  const auto outside = task->read(conll("the O\nab O\n\n1 O\n"), SetRole::evaluation);
  EXPECT_EQ(outside->decode(scores_of({{0, 0}, {0}}, 4))->collapse(), "") << "it is the answer to all";
}

TEST_F(TokenTask, DoesNotCountWordsThatTheNetworkDoesNotSee) {
  const auto task = make(kEntities);
  const auto set = task->read(conll("the B-X\n\u0301 O\nab O\n"), SetRole::evaluation);  // the second word has no piece and is O
  EXPECT_EQ(set->decode(scores_of({{1, 1}}, 4))->collapse(), "the tag 'B-X' for every word");
}

TEST_F(TokenTask, MeasuresPartsOfSpeechByAccuracy) {
  const auto task = make("{type: token-classification, labels: [DET, NOUN, NUM]}");
  const auto set = task->read(conll("the DET\nab NOUN\n1 NUM\n"), SetRole::evaluation);
  const auto answers = set->decode(scores_of({{0, 1, 1}}, 3));
  EXPECT_DOUBLE_EQ(answers->measure_all().at("accuracy"), 2.0 / 3);
  EXPECT_THAT(answers->table(), IsEmpty());
  EXPECT_EQ(task->description().metric, "accuracy");
  expect_metrics(*task, *answers, {"accuracy"});
}

TEST_F(TokenTask, MeasuresBareLettersAsEntitiesWhereTheSchemeSaysSo) {
  const auto task = make("{type: token-classification, labels: [O, B, I], tokens: {scheme: bio}}");
  const auto set = task->read(conll("the B\nab I\n1 O\n"), SetRole::evaluation);
  const auto answers = set->decode(scores_of({{1, 0, 0}}, 3));
  EXPECT_DOUBLE_EQ(answers->measure_all().at("f1"), 0);
  expect_metrics(*task, *answers, {"f1", "precision", "recall", "macro_f1", "accuracy"});
  EXPECT_EQ(error_of([&] { (void)make("{type: token-classification, labels: [O, B-X, NOUN], tokens: {scheme: iob1}}"); }),
            "task.labels: must be O and tags such as B-PER for task.tokens.scheme iob1, got 'NOUN'");
}

TEST_F(TokenTask, LearnsIob1AsBio) {
  const auto data = conll("the I-X\nab I-X\nab B-X\n1 O\n");
  auto described = options("{type: token-classification, tokens: {scheme: iob1}}");
  described.labels = find_labels(described, data);
  EXPECT_THAT(described.labels, ElementsAre("B-X", "I-X", "O"));
  const auto set = make_task(described, tokenizer)->read(data, SetRole::train);
  EXPECT_THAT(set->instances().at(0).labels, ElementsAre(-100, 0, 1, 0, 2, -100));
}

TEST_F(TokenTask, CutsALongSentenceIntoWindowsAndJoinsTheirAnswers) {
  max_length = 8;
  const auto task = make("{type: token-classification, labels: [O, B-X, I-X], tokens: {windows: {overlap: 2}}}");
  std::string text;
  for (int i = 0; i < 20; ++i) text += i % 5 == 2 ? "the B-X\n" : "ab O\n";
  const auto set = task->read(conll(text), SetRole::evaluation);
  ASSERT_GT(set->instances().size(), 3U);
  EXPECT_EQ(set->num_examples(), 1);
  std::vector<InstanceScores> scores;
  for (const auto& instance : set->instances()) {  // "the" is an X
    auto& values = scores.emplace_back();
    for (const int32_t id : instance.sequences.at(0).ids) values.insert(values.end(), {id == 14 ? 0.0F : 1.0F, id == 14 ? 1.0F : 0.0F, 0.0F});
  }
  EXPECT_DOUBLE_EQ(set->decode(scores)->measure_all().at("f1"), 1);
}

TEST_F(TokenTask, WritesWordsAndTags) {
  const auto task = make(kEntities);
  const auto set = task->read(conll("the\nab\n\n1\n"), SetRole::prediction);
  const auto answers = set->decode(scores_of({{1, 2}, {0}}, 4));
  const std::string text = written(*answers, PredictionFormat::jsonl);
  auto record = json::parse(text.substr(0, text.find('\n')));
  const double largest = 1 / (1 + 3 * std::exp(-1.0));  // of scores 1, 0, 0, 0
  ASSERT_EQ(record["probabilities"].size(), 2U);
  for (const auto& probability : record["probabilities"]) EXPECT_NEAR(probability.get<double>(), largest, 1e-6);
  record.erase("probabilities");
  EXPECT_EQ(record, json({{"id", "0"}, {"words", {"the", "ab"}}, {"tags", {"B-X", "I-X"}}}));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(written(*answers, PredictionFormat::null_odds), IsEmpty());
  EXPECT_THROW((void)answers->measure_all(), InternalError);
}

TEST_F(TokenTask, NamesPlaceAndWordOfATagThatIsNoLabel) {
  const auto task = make(kEntities);
  EXPECT_EQ(error_of([&] { (void)task->read(conll("the O\n\nab O\n1 B-Z\n"), SetRole::evaluation); }),
            "FOLDER/x.conll:3: word 2: tag must be one of O, B-X, I-X, B-Y, got 'B-Z'; add it to task.labels, or give training data that has it");
}

TEST_F(TokenTask, NamesPlaceAndWordOfATagThatTheSchemeForbids) {
  const auto described = options("{type: token-classification, tokens: {scheme: bio}}");
  const auto data = conll("the B-X\n\nab O\n1 I-X\n");
  const std::string expected =
      "FOLDER/x.conll:3: word 2: the bio scheme wants an entity of this type in front of it, got 'I-X'; correct it, or have invalid tags repaired";
  EXPECT_EQ(error_of([&] { (void)find_labels(described, data); }), expected);
  const auto task = make("{type: token-classification, labels: [O, B-X, I-X], tokens: {scheme: bio}}");
  EXPECT_EQ(error_of([&] { (void)task->read(data, SetRole::train); }), expected);
  const auto repairing = make("{type: token-classification, labels: [O, B-X, I-X], tokens: {scheme: bio, invalid_tags: repair}}");
  EXPECT_THAT(repairing->read(data, SetRole::train)->instances().at(1).labels, ElementsAre(-100, 0, 1, -100));
}

TEST_F(TokenTask, SkipsSentencesWithBadTagsWhereRowsMayBe) {
  const auto task = make(kEntities);
  auto data = conll("the O\n\nab O\n1 B-Z\n");
  data.invalid_rows = InvalidRows::skip;
  const auto set = task->read(data, SetRole::train);
  EXPECT_EQ(set->num_examples(), 1);
  EXPECT_EQ(set->report_part().num_skipped, 1);
  EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("x.conll:3: word 2: ")));
  data = conll("ab B-Z\n");
  data.invalid_rows = InvalidRows::skip;
  EXPECT_THAT(error_of([&] { (void)task->read(data, SetRole::train); }),
              HasSubstr("FOLDER/x.conll: expected at least one good sentence, got 1 that were left out; the first: FOLDER/x.conll:1: word 1: "));
}

TEST_F(TokenTask, LeavesNoSentenceOutOfPredictions) {
  const auto task = make(kEntities);
  auto data = conll("the\tx\nab\tx\n\nab\n1\tx\n");
  data.invalid_rows = InvalidRows::skip;
  EXPECT_THAT(error_of([&] { (void)task->read(data, SetRole::prediction); }), HasSubstr("FOLDER/x.conll: every row of a file to predict must be"));
}

TEST_F(TokenTask, RefusesDataWithOneTagOnly) {
  EXPECT_EQ(error_of([&] { (void)find_labels(options("{type: token-classification}"), conll("the O\n")); }),
            "FOLDER/x.conll: expected at least two tags, got only 'O'; check task.columns.tag, or name all tags in task.labels");
}

TEST_F(TokenTask, CountsWordsWithoutPieces) {
  const auto task = make(kEntities);
  const auto set = task->read(conll("the B-X\n\u0301 O\n"), SetRole::evaluation);
  EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("1 words give no piece")));
  EXPECT_DOUBLE_EQ(set->decode(scores_of({{1}}, 4))->measure_all().at("accuracy"), 1);
}

TEST_F(TokenTask, HoldsOutSentences) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "the O\nab" + std::string(static_cast<size_t>(i), 'b') + " B-X\n\n";
  const auto task = make(kEntities);
  const auto sets = task->read_and_split(conll(text), 0.25, 3);
  EXPECT_EQ(sets.train->num_examples(), 15);
  EXPECT_EQ(sets.validation->num_examples(), 5);
  EXPECT_THAT(sets.validation->learnable(), SizeIs(5));
}

TEST_F(TokenTask, HoldsOutAShareOfEachTagAndNeverPartsSentences) {
  std::string text;
  for (int i = 0; i < 80; ++i) {  // each sentence twice; every eighth has the rare tag
    text += "ab" + std::string(static_cast<size_t>(i / 2), 'b') + (i / 2 % 4 == 0 ? " B-Y\n" : " O\n") + "the O\n\n";
  }
  const auto task = make(kEntities);
  const auto sets = task->read_and_split(conll(text), 0.2, 3);
  const auto held_out = sets.validation->report_part();
  EXPECT_THAT(held_out.classes.counts, ElementsAre(28, 0, 0, 4));
  const auto train = sets.train->report_part().text_hashes;
  for (const uint64_t hash : held_out.text_hashes) EXPECT_THAT(train, ::testing::Not(::testing::Contains(hash)));
}

TEST_F(TokenTask, ReadsSnipsSlots) {
  std::filesystem::create_directory(folder / "snips");
  (void)file("snips/seq.in", "the ab\n1 ab\n");
  (void)file("snips/seq.out", "O B-X\nO B-Q\n");
  (void)file("snips/label", "Play\nStop\n");
  auto described = options("{name: snips-slots, labels: [O, B-X]}");
  DataFileConfig data;
  data.path = folder / "snips";
  EXPECT_THAT(error_of([&] { (void)make_task(described, tokenizer)->read(data, SetRole::train); }),
              HasSubstr("FOLDER/snips/seq.out:2: word 2: tag must be one of O, B-X, got 'B-Q'"));
}

}  // namespace
}  // namespace albert
