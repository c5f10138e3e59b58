#include "tasks/task_fixture.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace albert {
namespace {

using nlohmann::json;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::expect_metrics;
using testing::written;

constexpr const char* kSentiment = "{type: sequence-classification, labels: [neg, pos]}";
constexpr const char* kFourRows = "text,label\nthe,neg\nab,pos\n1,pos\na,neg\n";

struct SequenceTask : testing::TaskFixture {};

TEST_F(SequenceTask, ReadsATextAsOneSequence) {
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", "text,label\nthe ab,pos\nab,neg\n"), SetRole::train);
  ASSERT_THAT(set->instances(), SizeIs(2));
  const auto& first = set->instances()[0];
  ASSERT_THAT(first.sequences, SizeIs(1));
  EXPECT_THAT(first.sequences[0].ids, ElementsAre(2, 14, 9, 3));
  EXPECT_EQ(first.sequences[0].second_segment, 4);
  EXPECT_THAT(first.labels, ElementsAre(1));
  EXPECT_THAT(set->instances()[1].labels, ElementsAre(0));
  EXPECT_EQ(set->instances()[1].example, 1);
  EXPECT_THAT(set->learnable(), ElementsAre(0, 1));
}

TEST_F(SequenceTask, ReadsAPairAsTwoSegments) {
  const auto task = make("{type: sequence-classification, labels: [no, yes], columns: {text: a, text_pair: b}}");
  const auto set = task->read(file("x.tsv", "a\tb\tlabel\nthe\tab ab\tyes\n"), SetRole::train);
  EXPECT_THAT(set->instances().at(0).sequences.at(0).ids, ElementsAre(2, 14, 3, 9, 9, 3));
  EXPECT_EQ(set->instances()[0].sequences[0].second_segment, 3);
}

TEST_F(SequenceTask, CutsALongTextAndReportsItsWholeLength) {
  max_length = 8;
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", "text,label\nthe the the the the the the the the,pos\n  ,neg\n"), SetRole::train);
  EXPECT_THAT(set->instances().at(0).sequences.at(0).ids, ElementsAre(2, 14, 14, 14, 14, 14, 14, 3));
  const auto part = set->report_part();
  EXPECT_THAT(part.lengths, ElementsAre(11, 2));
  EXPECT_THAT(part.classes.names, ElementsAre("neg", "pos"));
  EXPECT_THAT(part.classes.counts, ElementsAre(1, 1));
  EXPECT_EQ(part.long_inputs, LongInputs::cut);
  EXPECT_EQ(part.num_blank, 1);
}

TEST_F(SequenceTask, MeasuresClasses) {
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", kFourRows), SetRole::evaluation);
  const auto answers = set->decode({{1, 0}, {0, 1}, {0.5F, 0.25F}, {3, -3}});  // neg pos neg neg for neg pos pos neg
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 0.75);
  EXPECT_DOUBLE_EQ(metrics.at("f1"), 2.0 / 3);                     // of the second label
  EXPECT_DOUBLE_EQ(metrics.at("macro_f1"), (0.8 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(metrics.at("matthews_correlation"), 2 / std::sqrt(12.0));
  EXPECT_DOUBLE_EQ(answers->measure(std::vector<int64_t>{2, 2, 0}).at("accuracy"), 1.0 / 3);
  EXPECT_THAT(answers->table(), HasSubstr("pos"));
  expect_metrics(*task, *answers, {"accuracy", "f1", "macro_f1", "matthews_correlation"});
  EXPECT_EQ(task->description().metric, "accuracy");
}

TEST_F(SequenceTask, HasNoBinaryF1ForThreeClasses) {
  const auto task = make("{type: sequence-classification, labels: [a, b, c]}");
  const auto set = task->read(file("x.csv", "text,label\nthe,c\nab,a\n"), SetRole::evaluation);
  expect_metrics(*task, *set->decode({{0, 0, 1}, {1, 0, 0}}), {"accuracy", "macro_f1", "matthews_correlation"});
}

TEST_F(SequenceTask, MeasuresIntervalsByTheBootstrap) {
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", kFourRows), SetRole::evaluation);
  const auto answers = set->decode({{1, 0}, {0, 1}, {0.5F, 0.25F}, {3, -3}});
  const auto interval = metric_interval(*answers, "accuracy", 1);
  EXPECT_LT(interval.low, 0.75);
  EXPECT_GE(interval.high, 0.75);
  EXPECT_EQ(metric_interval(*answers, "accuracy", 1).low, interval.low);
}

TEST_F(SequenceTask, MeasuresOutOfScopeQueries) {
  const auto task = make("{type: sequence-classification, labels: [a, b, oos], out_of_scope: oos}");
  const auto set = task->read(file("x.csv", "text,label\nthe,a\nab,b\n1,oos\na,oos\n"), SetRole::evaluation);
  const auto answers = set->decode({{1, 0, 0}, {0, 0, 1}, {0, 0, 1}, {1, 0, 0}});
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("in_scope_accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("out_of_scope_recall"), 0.5);
  expect_metrics(*task, *answers, {"accuracy", "macro_f1", "matthews_correlation", "in_scope_accuracy", "out_of_scope_recall"});
  const auto named = make("{name: clinc150, labels: [a, oos]}");  // knows the label itself
  const auto queries = named->read(file("x.json", R"([["the", "a"], ["ab", "oos"]])"), SetRole::evaluation);
  EXPECT_DOUBLE_EQ(queries->decode({{1, 0}, {1, 0}})->measure_all().at("out_of_scope_recall"), 0.0);
  EXPECT_EQ(error_of([&] { (void)make("{type: sequence-classification, labels: [a, b], out_of_scope: none}"); }),
            "task.out_of_scope: must be one of the labels (a, b), got 'none'");
}

TEST_F(SequenceTask, HasCollapsedWhereOneClassIsGivenToAllAndNotRightForAll) {
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", kFourRows), SetRole::evaluation);  // neg pos pos neg
  EXPECT_EQ(set->decode({{0, 1}, {0, 1}, {0, 1}, {0, 3}})->collapse(), "the class 'pos' for every example");
  EXPECT_EQ(set->decode({{0, 1}, {0, 1}, {0, 1}, {3, 0}})->collapse(), "");
  const auto alike = task->read(file("y.csv", "text,label\nthe,pos\nab,pos\n"), SetRole::evaluation);
  EXPECT_EQ(alike->decode({{0, 1}, {0, 1}})->collapse(), "") << "it is the answer to all";
  EXPECT_EQ(alike->decode({{1, 0}, {1, 0}})->collapse(), "the class 'neg' for every example");
  const auto one = task->read(file("z.csv", "text,label\nthe,pos\n"), SetRole::evaluation);
  EXPECT_EQ(one->decode({{1, 0}})->collapse(), "") << "one example says nothing";
}

TEST_F(SequenceTask, HasCollapsedWhereAllGetTheSameLabels) {
  const auto task = make("{type: multi-label-classification, labels: [x, y]}");
  const auto set = task->read(file("x.jsonl", R"({"text": "the", "label": ["x", "y"]}
{"text": "ab", "label": []}
)"), SetRole::evaluation);
  EXPECT_EQ(set->decode({{1, 2}, {2, 1}})->collapse(), "the labels 'x|y' for every example");
  EXPECT_EQ(set->decode({{-1, -1}, {-2, -1}})->collapse(), "no label for any example");
  EXPECT_EQ(set->decode({{1, -1}, {-1, -1}})->collapse(), "");
  const auto alike = task->read(file("y.jsonl", R"({"text": "the", "label": ["x"]}
{"text": "ab", "label": ["x"]}
)"), SetRole::evaluation);
  EXPECT_EQ(alike->decode({{1, -1}, {1, -1}})->collapse(), "");
}

TEST_F(SequenceTask, HasCollapsedWhereTheSpreadOfItsNumbersIsNextToNothing) {
  const auto task = make("{type: regression}");
  const auto set = task->read(file("x.csv", "text,label\nthe,0\nab,2\n1,4\n"), SetRole::evaluation);
  EXPECT_EQ(set->decode({{2}, {2}, {2}})->collapse(), "nearly 2 for every example (standard deviation 0, the targets' 1.6)");
  EXPECT_EQ(set->decode({{1.98F}, {2}, {2.015F}})->collapse(), "nearly 1.98 for every example (standard deviation 0.014, the targets' 1.6)");
  EXPECT_EQ(set->decode({{1.97F}, {2}, {2.03F}})->collapse(), "") << "1.5 % of the targets' spread";
  const auto alike = task->read(file("y.csv", "text,label\nthe,3\nab,3\n"), SetRole::evaluation);
  EXPECT_EQ(alike->decode({{2}, {2}})->collapse(), "") << "there is nothing to tell apart";
}

TEST_F(SequenceTask, WritesProbabilitiesAsJsonLines) {
  const auto task = make("{type: sequence-classification, labels: [neg, pos], columns: {id: key}}");
  const auto set = task->read(file("x.csv", "key,text\nk1,the\nk2,ab\n"), SetRole::prediction);
  const auto answers = set->decode({{0, std::log(3.0F)}, {2, 2}});
  for (const auto format : {PredictionFormat::jsonl, PredictionFormat::submission}) {  // a description has no file of its own
    std::istringstream lines(written(*answers, format));
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const auto first = json::parse(line);
    EXPECT_EQ(first["id"], "k1");
    EXPECT_EQ(first["label"], "pos");
    EXPECT_NEAR(first["probabilities"]["neg"].get<double>(), 0.25, 1e-7);
    EXPECT_NEAR(first["probabilities"]["pos"].get<double>(), 0.75, 1e-7);
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(json::parse(line)["label"], "neg");  // of equal scores the first
    EXPECT_FALSE(std::getline(lines, line));
  }
  EXPECT_THAT(written(*answers, PredictionFormat::null_odds), IsEmpty());
}

TEST_F(SequenceTask, WritesGlueSubmissions) {
  const auto task = make("{name: mrpc}");
  const auto set = task->read(file("test.tsv", "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t7\t8\tthe\tab\n1\t7\t8\t1\tab\n"), SetRole::prediction);
  const auto answers = set->decode({{0, 1}, {1, 0}});
  EXPECT_EQ(written(*answers, PredictionFormat::submission), "index\tprediction\n0\t1\n1\t0\n");
  EXPECT_THAT(written(*answers, PredictionFormat::null_odds), IsEmpty());
}

TEST_F(SequenceTask, WritesNamesOfClassesWhereGlueWantsThem) {
  const auto task = make("{name: mnli}");
  const auto set = task->read(file("test.tsv", "index\tsentence1\tsentence2\n0\tthe\tab\n"), SetRole::prediction);
  EXPECT_EQ(written(*set->decode({{0, 1, 0}}), PredictionFormat::submission), "index\tprediction\n0\tentailment\n");
}

TEST_F(SequenceTask, MeasuresRegression) {
  const auto task = make("{name: sts-b}");
  const auto set = task->read(file("dev.tsv", "sentence1\tsentence2\tscore\nthe\tab\t1.5\nab\tab\t5\n1\tab\t0\n"), SetRole::evaluation);
  EXPECT_THAT(set->instances().at(0).values, ElementsAre(1.5F));
  EXPECT_THAT(set->instances()[0].labels, IsEmpty());
  EXPECT_THAT(set->learnable(), ElementsAre(0, 1, 2));
  const auto answers = set->decode({{2}, {4.5F}, {1}});
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("mean_squared_error"), (0.25 + 0.25 + 1) / 3);
  EXPECT_DOUBLE_EQ(metrics.at("spearman"), 1);
  // Deviations (-2/3, 17/6, -13/6) and (-1/2, 2, -3/2).
  EXPECT_NEAR(metrics.at("pearson"), (1.0 / 3 + 17.0 / 3 + 13.0 / 4) / std::sqrt((4.0 / 9 + 289.0 / 36 + 169.0 / 36) * 6.5), 1e-12);
  EXPECT_EQ(written(*answers, PredictionFormat::submission), "index\tprediction\n0\t2.000\n1\t4.500\n2\t1.000\n");
  const std::string lines = written(*answers, PredictionFormat::jsonl);
  EXPECT_EQ(json::parse(lines.substr(0, lines.find('\n'))), json({{"id", "0"}, {"value", 2.0}}));
  expect_metrics(*task, *answers, {"pearson", "spearman", "mean_squared_error"});
}

TEST_F(SequenceTask, MeasuresAnyNumberOfLabels) {
  const auto task = make("{type: multi-label-classification, labels: [x, y, z], threshold: 0.6}");
  const auto set = task->read(file("x.jsonl", R"({"text": "the", "label": ["x", "z"]}
{"text": "ab", "label": []}
)"), SetRole::evaluation);
  EXPECT_THAT(set->instances().at(0).values, ElementsAre(1, 0, 1));
  EXPECT_THAT(set->instances().at(1).values, ElementsAre(0, 0, 0));
  EXPECT_THAT(set->learnable(), ElementsAre(0, 1));
  const auto answers = set->decode({{2, -1, 0.2F}, {-3, -3, -3}});  // 0.2: probability 0.55, below the threshold
  const auto metrics = answers->measure_all();
  EXPECT_DOUBLE_EQ(metrics.at("exact_match"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("micro_f1"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.at("macro_f1"), 1.0 / 3);
  expect_metrics(*task, *answers, {"exact_match", "micro_f1", "macro_f1"});
  const std::string lines = written(*answers, PredictionFormat::jsonl);
  const auto first = json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["labels"], json::array({"x"}));
  EXPECT_NEAR(first["probabilities"]["z"].get<double>(), 1 / (1 + std::exp(-0.2)), 1e-7);
  EXPECT_THAT(lines.substr(lines.find('\n')), HasSubstr("\"labels\":[]"));
}

TEST_F(SequenceTask, HoldsOutAShareOfEachClass) {
  std::string rows = "text,label\n";
  for (int i = 0; i < 40; ++i) rows += "ab" + std::string(static_cast<size_t>(i), 'a') + (i % 4 == 0 ? ",pos\n" : ",neg\n");
  const auto task = make(kSentiment);
  const auto data = file("x.csv", rows);
  const auto sets = task->read_and_split(data, 0.2, 1);
  const auto positives = [](const TaskSet& set) {
    return std::count_if(set.instances().begin(), set.instances().end(), [](const TaskInstance& instance) { return instance.labels.at(0) == 1; });
  };
  EXPECT_EQ(sets.train->num_examples(), 32);
  EXPECT_EQ(sets.validation->num_examples(), 8);
  EXPECT_EQ(positives(*sets.train), 8);
  EXPECT_EQ(positives(*sets.validation), 2);
  auto hashes = sets.train->report_part().text_hashes;
  const auto held_out = sets.validation->report_part().text_hashes;
  hashes.insert(hashes.end(), held_out.begin(), held_out.end());
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
  EXPECT_EQ(task->read_and_split(data, 0.2, 1).validation->report_part().text_hashes, held_out);
  EXPECT_NE(task->read_and_split(data, 0.2, 2).validation->report_part().text_hashes, held_out);
}

TEST_F(SequenceTask, NeverPartsEqualTexts) {
  std::string rows = "text,label\n";
  for (int i = 0; i < 60; ++i) rows += "ab" + std::string(static_cast<size_t>(i / 3), 'a') + (i / 3 % 2 == 0 ? ",pos\n" : ",neg\n");
  const auto task = make(kSentiment);
  const auto sets = task->read_and_split(file("x.csv", rows), 0.2, 1);
  EXPECT_EQ(sets.validation->num_examples(), 12);
  const auto train = sets.train->report_part().text_hashes;
  for (const uint64_t hash : sets.validation->report_part().text_hashes) EXPECT_THAT(train, ::testing::Not(::testing::Contains(hash)));
}

TEST_F(SequenceTask, HoldsOutAShareOfEachOfSeveralLabels) {
  std::string rows;
  for (int i = 0; i < 80; ++i) {  // x: 40, y: 20 (all of them with x), z: 8, without: 32
    json labels = json::array();
    if (i % 2 == 0) labels.push_back("x");
    if (i % 4 == 0) labels.push_back("y");
    if (i % 10 == 1) labels.push_back("z");
    rows += json{{"text", "ab" + std::string(static_cast<size_t>(i), 'a')}, {"label", labels}}.dump() + "\n";
  }
  const auto task = make("{type: multi-label-classification, labels: [x, y, z]}");
  const auto sets = task->read_and_split(file("x.jsonl", rows), 0.25, 1);
  const auto table = sets.validation->report_part().classes;
  EXPECT_THAT(table.counts, ElementsAre(10, 5, 2));
  EXPECT_EQ(table.total, 20);
  EXPECT_EQ(table.what, "labels, 8 examples with none");
}

TEST_F(SequenceTask, ReportsNoClassesWithoutGold) {
  const auto data = file("x.csv", kFourRows);
  EXPECT_THAT(make(kSentiment)->read(data, SetRole::evaluation)->report_part().gold_hashes, SizeIs(4));
  const auto part = make(kSentiment)->read(data, SetRole::prediction)->report_part();
  EXPECT_THAT(part.classes.names, IsEmpty());
  EXPECT_THAT(part.gold_hashes, IsEmpty());
}

TEST_F(SequenceTask, RefusesAnUnknownLabelOrSkipsItsRow) {
  const auto task = make(kSentiment);
  auto data = file("x.csv", "text,label\nthe,pos\nab,pso\n");
  EXPECT_THAT(error_of([&] { (void)task->read(data, SetRole::train); }),
              HasSubstr("FOLDER/x.csv:3: expected one of the labels neg, pos, got \"pso\"; did you mean \"pos\"?"));
  data.invalid_rows = InvalidRows::skip;
  const auto set = task->read(data, SetRole::train);
  EXPECT_EQ(set->num_examples(), 1);
  EXPECT_EQ(set->report_part().num_skipped, 1);
  EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("x.csv:3: ")));
}

TEST_F(SequenceTask, ReadsNoGoldForPrediction) {
  const auto task = make(kSentiment);
  const auto set = task->read(file("x.csv", "text,label\nthe,unheard of\n"), SetRole::prediction);
  EXPECT_THAT(set->instances().at(0).labels, IsEmpty());
  EXPECT_THAT(set->learnable(), IsEmpty());
  const auto answers = set->decode({{0, 1}});
  EXPECT_THROW((void)answers->measure_all(), InternalError);
  EXPECT_THROW((void)set->decode({}), InternalError);
}

TEST_F(SequenceTask, LeavesNoRowOutOfPredictions) {
  const auto task = make(kSentiment);
  auto data = file("x.csv", "text,more\nthe,1\nab\n1,1\n");
  data.invalid_rows = InvalidRows::skip;
  EXPECT_THAT(error_of([&] { (void)task->read(data, SetRole::prediction); }),
              HasSubstr("FOLDER/x.csv: every row of a file to predict must be readable (invalid_rows: skip would leave out predictions), got 1 that "
                        "is not; the first: FOLDER/x.csv:3: expected 2 columns"));
}

TEST_F(SequenceTask, FindsLabelsInTheTrainingData) {
  const auto described = options("{type: sequence-classification}");
  EXPECT_THAT(find_labels(described, file("x.csv", "text,label\na,zebra\nb,Ape\na,ape\nb,Ape\n")), ElementsAre("Ape", "ape", "zebra"));
  EXPECT_EQ(error_of([&] { (void)find_labels(described, file("x.csv", "text,label\na,one\n")); }),
            "FOLDER/x.csv: expected at least two labels, got only \"one\"; check the label column, or name all labels in task.labels");
  EXPECT_THAT(find_labels(options(kSentiment), DataFileConfig{}), ElementsAre("neg", "pos"));
  EXPECT_THAT(find_labels(options("{type: regression}"), DataFileConfig{}), IsEmpty());
}

}  // namespace
}  // namespace albert
