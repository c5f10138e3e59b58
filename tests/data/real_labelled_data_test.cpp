// Every real data set of the shared folder: the exact numbers of rows of its SOURCES.md (skipped where it is not there).
#include "labelled_files.h"

#include <albert/data/conll.h>
#include <albert/data/data_report.h>
#include <albert/data/held_out.h>
#include <albert/data/labelled_rows.h>
#include <albert/data/multiple_choice.h>
#include <albert/data/squad_json.h>
#include <albert/data/task_catalog.h>

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace albert {
namespace {

using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using testing::shared_data;

struct RealLabelledData : ::testing::Test {
  void SetUp() override {
    if (!std::filesystem::exists(shared_data() / "SOURCES.md")) GTEST_SKIP() << "no shared data";
  }
};

/// As the program reads a file of a named task.
std::vector<LabelledRow> rows_of(const std::string& task_name, const std::string& path, DataFileConfig file = {}) {
  const NamedTask& task = find_task(task_name);
  file.path = shared_data() / path;
  file = with_task_defaults(file, task);
  const std::optional<LabelVocabulary> known = task.labels.empty() ? std::nullopt : std::optional<LabelVocabulary>(task.labels);
  const LabelledRowOptions options{.columns = choose_layout(file, task.layouts),
                                   .label = task.kind == TaskKind::regression ? LabelKind::number : LabelKind::single,
                                   .known_labels = known ? &*known : nullptr};
  const auto read = read_labelled_rows(file, options);
  EXPECT_EQ(read.skipped.count, 0) << path;
  return read.rows;
}

std::map<std::string, int64_t> label_counts(const std::vector<LabelledRow>& rows) {
  std::map<std::string, int64_t> counts;
  for (const LabelledRow& row : rows) ++counts[row.labels.at(0)];
  return counts;
}

TEST_F(RealLabelledData, OfGlueHasAllItsRows) {
  struct Expected {
    const char* task;
    const char* path;
    size_t rows;
  };
  const std::vector<Expected> files = {
      {"sst-2", "sentiment/sst2/train.tsv", 30000},
      {"sst-2", "sentiment/sst2/test.tsv", 872},
      {"cola", "pairs/CoLA/train.tsv", 7250},
      {"cola", "pairs/CoLA/val.tsv", 1301},
      {"cola", "pairs/CoLA/dev.tsv", 1043},
      {"rte", "pairs/RTE/train.tsv", 2127},
      {"rte", "pairs/RTE/val.tsv", 363},
      {"rte", "pairs/RTE/dev.tsv", 277},
      {"wnli", "pairs/WNLI/train.tsv", 518},
      {"wnli", "pairs/WNLI/val.tsv", 117},
      {"wnli", "pairs/WNLI/dev.tsv", 71},
      {"mrpc", "pairs/MRPC/msr-para-train.tsv", 3576},
      {"mrpc", "pairs/MRPC/msr-para-val.tsv", 500},
      {"mrpc", "pairs/MRPC/msr-para-test.tsv", 1725},
      {"sts-b", "pairs/STS-B/train.tsv", 5749},
      {"sts-b", "pairs/STS-B/dev.tsv", 1500},
      {"qnli", "pairs/QNLI/dev.tsv", 2000},
      {"mnli", "pairs/MNLI/dev_part.csv", 4000},
  };
  for (const Expected& expected : files) EXPECT_EQ(rows_of(expected.task, expected.path).size(), expected.rows) << expected.path;
}

TEST_F(RealLabelledData, OfGlueHasTheRightTextsInTheRightPlaces) {
  const auto mrpc = rows_of("mrpc", "pairs/MRPC/msr-para-train.tsv");
  EXPECT_TRUE(mrpc[0].text_a.starts_with("Amrozi accused his brother, whom he called \"the witness\", of"));
  EXPECT_TRUE(mrpc[0].text_b.ends_with("of deliberately distorting his evidence."));
  EXPECT_EQ(mrpc[0].labels[0], "1");
  const auto similarity = rows_of("sts-b", "pairs/STS-B/train.tsv");
  EXPECT_EQ(similarity[1].text_b, "A man is playing a flute.");
  EXPECT_EQ(similarity[1].value, 3.8);
  const auto inference = rows_of("mnli", "pairs/MNLI/dev_part.csv");
  EXPECT_EQ(inference[2].text_b, "I like him for the most part, but would still enjoy seeing someone beat him.");
  EXPECT_EQ(label_counts(inference).size(), 3U);
  const auto without_header = rows_of("rte", "pairs/RTE/val.tsv");
  EXPECT_EQ(without_header[0].text_b, "Herceptin can be used to treat breast cancer.");
  EXPECT_EQ(without_header[0].labels[0], "entailment");
  EXPECT_EQ(rows_of("cola", "pairs/CoLA/dev.tsv")[0].text_a, "The sailors rode the breeze clear of the rocks.");
}

TEST_F(RealLabelledData, OfTopicsSpamAndIntentsHasAllItsRows) {
  const auto news = rows_of("ag-news", "topic/ag_news/test.csv");
  EXPECT_EQ(news.size(), 7600U);
  EXPECT_EQ(label_counts(news), (std::map<std::string, int64_t>{{"1", 1900}, {"2", 1900}, {"3", 1900}, {"4", 1900}}));
  EXPECT_EQ(news[0].text_a, "Fears for T N pension after talks");
  EXPECT_EQ(rows_of("trec", "topic/trec/train.txt").size(), 5452U);
  EXPECT_EQ(label_counts(rows_of("trec", "topic/trec/test.txt")),
            (std::map<std::string, int64_t>{{"ABBR", 9}, {"DESC", 138}, {"ENTY", 94}, {"HUM", 65}, {"LOC", 81}, {"NUM", 113}}));
  EXPECT_EQ(label_counts(rows_of("sms-spam", "spam/SMSSpamCollection")),
            (std::map<std::string, int64_t>{{"ham", 4827}, {"spam", 747}}));
  EXPECT_EQ(rows_of("snips-intents", "intent/snips/train").size(), 13084U);
  EXPECT_EQ(rows_of("snips-intents", "intent/snips/valid").size(), 700U);
  const auto intents = rows_of("snips-intents", "intent/snips/test");
  EXPECT_EQ(intents.size(), 700U);
  EXPECT_EQ(label_counts(intents).size(), 7U);
}

TEST_F(RealLabelledData, OfClincHasItsPartsAndOutOfScopeQueries) {
  DataFileConfig parts;
  parts.records = {"test", "oos_test"};
  const auto test = rows_of("clinc150", "intent/clinc150/data_small.json", parts);
  EXPECT_EQ(test.size(), 5500U);
  EXPECT_EQ(label_counts(test).at("oos"), 1000);
  EXPECT_EQ(label_counts(test).size(), 151U);
  parts.records = find_task("clinc150").records.train;
  EXPECT_EQ(rows_of("clinc150", "intent/clinc150/data_small.json", parts).size(), 7600U);
}

TEST_F(RealLabelledData, OfTrecNamesTheLineThatIsLatin1) {
  auto file = file_of(shared_data() / "topic/trec/train.txt", FileFormat::labelled_lines);
  const std::string error = error_text([&] { read_labelled_rows(file, {}); });
  EXPECT_THAT(error, HasSubstr("expected UTF-8, got byte 0xf0; set encoding: latin-1"));
  file.encoding = TextEncoding::latin1;
  EXPECT_EQ(read_labelled_rows(file, {}).rows.size(), 5452U);
}

TEST_F(RealLabelledData, OfTaggedWordsHasAllItsSentences) {
  const auto read = [](const std::string& task, const std::string& path) {
    return read_tagged_sentences(with_task_defaults(file_of(shared_data() / path), find_task(task)), {}).sentences;
  };
  EXPECT_EQ(read("wnut17", "token/wnut17/train.conll").size(), 3394U);
  EXPECT_EQ(read("wnut17", "token/wnut17/dev.conll").size(), 1009U);
  EXPECT_EQ(read("wnut17", "token/wnut17/test.annotated").size(), 1287U);
  const auto trees = read("ud-pos", "token/ud_ewt/en_ewt-ud-dev.conllu");
  EXPECT_EQ(trees.size(), 2001U);
  std::set<std::string> tags;
  int64_t num_words = 0;
  for (const auto& sentence : trees) {
    tags.insert(sentence.tags.begin(), sentence.tags.end());
    num_words += static_cast<int64_t>(sentence.words.size());
  }
  EXPECT_EQ(tags.size(), 17U);
  EXPECT_EQ(num_words, 25147);
  const auto slots = read("snips-slots", "intent/snips/train");
  EXPECT_EQ(slots.size(), 13084U);
  EXPECT_EQ(slots[0].label, "PlayMusic");
}

TEST_F(RealLabelledData, OfSquadHasAllItsQuestions) {
  const auto xquad = read_squad(file_of(shared_data() / "qa/xquad.en.json"), AnswerUse::learn);
  EXPECT_EQ(xquad.questions.size(), 1190U);
  EXPECT_EQ(xquad.num_paragraphs, 240);
  EXPECT_EQ(xquad.problems.num_misaligned_answers, 0);
  const auto half = read_squad(file_of(shared_data() / "qa/squad2_dev_half_A.json"), AnswerUse::learn);
  EXPECT_EQ(half.questions.size(), 6078U);
  EXPECT_EQ(half.num_paragraphs, 646);
  EXPECT_EQ(std::ranges::count_if(half.questions, &SquadQuestion::is_impossible), 3168);
  EXPECT_EQ(half.problems.num_misaligned_answers, 0);
  EXPECT_EQ(half.problems.num_without_answer, 0);
  std::vector<int64_t> articles;
  std::vector<uint64_t> contexts;
  for (const auto& question : half.questions) {
    contexts.push_back(text_hash(*question.context));
    articles.push_back(question.article);
    for (const auto& answer : question.answers) {
      EXPECT_EQ(question.context->substr(static_cast<size_t>(answer.start_byte.value()), answer.text.size()), answer.text);
    }
  }
  const auto split = hold_out_by_group(articles, contexts, 0.2, 1);
  EXPECT_NEAR(static_cast<double>(split.held_out.size()), 0.2 * 6078, 200);
}

TEST_F(RealLabelledData, OfMultipleChoiceHasAllItsQuestions) {
  const auto read = [](const std::string& task, const std::string& path, const std::string& labels = "") {
    auto file = file_of(shared_data() / path);
    if (!labels.empty()) file.labels = shared_data() / labels;
    return read_choice_questions(with_task_defaults(file, find_task(task)), find_task(task).layouts.at(0), AnswerColumn::read)
        .questions;
  };
  const auto commonsense = read("commonsense-qa", "mc/commonsenseqa_dev_rand_split.jsonl");
  EXPECT_EQ(commonsense.size(), 1221U);
  EXPECT_EQ(commonsense[2].options.size(), 5U);
  EXPECT_EQ(commonsense[2].answer, 1);
  EXPECT_EQ(commonsense[0].id, "1afa02df02c908a558b4036e80242fac");
  const auto physical = read("piqa", "mc/piqa_valid.jsonl", "mc/piqa_valid-labels.lst");
  EXPECT_EQ(physical.size(), 1838U);
  EXPECT_EQ(physical[0].answer, 0);
  EXPECT_EQ(physical[1].answer, 1);
}

/// This copy of ARC lost the options of every question whose answer is a number, and the fifth option of others.
TEST_F(RealLabelledData, OfArcReportsTheRowsWithoutTheirOptions) {
  struct Expected {
    const char* path;
    size_t good;
    int64_t lost_options;
    int64_t lost_fifth;
  };
  const ColumnMap& columns = find_task("arc").layouts.at(0);
  const std::vector<Expected> files = {{"mc/arc_easy_train.csv", 2147, 102, 2},
                                       {"mc/arc_easy_dev.csv", 549, 21, 0},
                                       {"mc/arc_challenge_train.csv", 1096, 23, 0},
                                       {"mc/arc_challenge_dev.csv", 294, 4, 1}};
  for (const Expected& expected : files) {
    auto file = file_of(shared_data() / expected.path);
    EXPECT_THAT(
        error_text([&] { read_choice_table(file, columns, AnswerColumn::read); }),
        HasSubstr(": expected at least two options, got 0; correct the row, set columns.options, or set invalid_rows: skip"));
    file.invalid_rows = InvalidRows::skip;
    const auto read = read_choice_table(file, columns, AnswerColumn::read);
    EXPECT_EQ(read.questions.size(), expected.good) << expected.path;
    EXPECT_EQ(read.skipped.count, expected.lost_options + expected.lost_fifth) << expected.path;
  }
}

TEST_F(RealLabelledData, OfOtherTablesHasAllItsRows) {
  const auto count = [](const std::string& path, const ColumnMap& columns, LabelKind label) {
    return read_labelled_rows(file_of(shared_data() / path), {.columns = columns, .label = label}).rows.size();
  };
  EXPECT_EQ(count("bias/crows_pairs_anonymized.csv", {.text = "sent_more", .text_pair = "sent_less", .label = "bias_type"},
                  LabelKind::single),
            1508U);
  EXPECT_EQ(count("bias/winogender_all_sentences.tsv", {.text = "sentence", .id = "sentid"}, LabelKind::none), 720U);
  EXPECT_EQ(count("bias/winogender_templates.tsv", {.text = "sentence", .label = "answer"}, LabelKind::single), 120U);
  EXPECT_EQ(count("parallel/mlqe_en-de/train1500.tsv", {.text = "original", .text_pair = "translation", .label = "z_mean"},
                  LabelKind::number),
            1500U);
  EXPECT_EQ(count("parallel/mlqe_en-de/dev.tsv", {.text = "original", .text_pair = "translation", .label = "z_mean"},
                  LabelKind::number),
            1000U);
  auto plain = file_of(shared_data() / "parallel/multi30k/val.de", FileFormat::text);
  EXPECT_EQ(read_labelled_rows(plain, {.label = LabelKind::none}).rows.size(), 1014U);
}

}  // namespace
}  // namespace albert
