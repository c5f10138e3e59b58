#include "labelled_files.h"

#include <albert/data/task_catalog.h>

#include <gmock/gmock.h>

#include <set>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::error_text;
using testing::file_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TaskCatalog, HasEachNameOnceAndItsMetricAmongItsMetrics) {
  std::set<std::string> names;
  for (const NamedTask& task : named_tasks()) {
    EXPECT_TRUE(names.insert(task.name).second) << task.name;
    EXPECT_THAT(task.metrics, ::testing::Contains(task.metric)) << task.name;
    EXPECT_NE(task.file.format, FileFormat::automatic) << task.name;
    EXPECT_NE(task.labels.size(), 1U) << task.name;
    config::Issues issues;
    task.file.validate(issues);
    EXPECT_TRUE(issues.empty()) << task.name;
  }
  for (const char* name : {"cola", "sst-2", "mrpc", "sts-b", "qqp", "mnli", "qnli", "rte", "wnli", "squad", "squad2", "race"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
    EXPECT_TRUE(find_task(name).paper.has_value()) << name;
  }
}

TEST(TaskCatalog, FindsANameInAnyCaseAndSuggestsTheNearest) {
  EXPECT_EQ(find_task("SST-2").name, "sst-2");
  EXPECT_THAT(error_text([] { find_task("sst3"); }),
              ::testing::AllOf(HasSubstr("task.name: expected one of cola, sst-2, mrpc, "),
                               HasSubstr("ud-pos, got \"sst3\"; did you mean \"sst-2\"? ")));
}

TEST(TaskCatalog, HasTheLabelOrderOfGooglesProcessors) {
  EXPECT_THAT(find_task("mnli").labels, ElementsAre("contradiction", "entailment", "neutral"));
  EXPECT_THAT(find_task("rte").labels, ElementsAre("entailment", "not_entailment"));
  EXPECT_THAT(find_task("qnli").labels, ElementsAre("entailment", "not_entailment"));
  EXPECT_THAT(find_task("cola").labels, ElementsAre("0", "1"));
  EXPECT_THAT(find_task("sts-b").labels, IsEmpty());
}

/// Table 14 of the paper as a whole: learning rate, batch, dropout, steps, warm-up, length.
TEST(TaskCatalog, HasThePapersTable14) {
  struct Row {
    const char* name;
    double learning_rate;
    int64_t batch, steps, warmup, length;
    double dropout;
  };
  const std::vector<Row> rows = {
      {"cola", 1e-5, 16, 5336, 320, 512, 0},    {"sts-b", 2e-5, 16, 3598, 214, 512, 0},
      {"sst-2", 1e-5, 32, 20935, 1256, 512, 0}, {"mnli", 3e-5, 128, 10000, 1000, 512, 0},
      {"qnli", 1e-5, 32, 33112, 1986, 512, 0},  {"qqp", 5e-5, 128, 14000, 1000, 512, 0.1},
      {"rte", 3e-5, 32, 800, 200, 512, 0.1},    {"mrpc", 2e-5, 32, 800, 200, 512, 0},
      {"wnli", 2e-5, 16, 2000, 250, 512, 0.1},  {"squad", 5e-5, 48, 3649, 365, 384, 0},
      {"squad2", 3e-5, 48, 8144, 814, 512, 0},  {"race", 2e-5, 32, 12000, 1000, 512, 0.1},
  };
  for (const Row& row : rows) {
    const PaperSettings& paper = find_task(row.name).paper.value();
    EXPECT_EQ(paper.learning_rate, row.learning_rate) << row.name;
    EXPECT_EQ(paper.batch_size, row.batch) << row.name;
    EXPECT_EQ(paper.dropout, row.dropout) << row.name;
    EXPECT_EQ(paper.classifier_dropout, 0.1) << row.name;
    EXPECT_EQ(paper.steps, row.steps) << row.name;
    EXPECT_EQ(paper.warmup_steps, row.warmup) << row.name;
    EXPECT_EQ(paper.max_length, row.length) << row.name;
  }
}

TEST(TaskCatalog, GivesItsFormatWhereTheUserLeftItOpen) {
  EXPECT_EQ(with_task_defaults(file_of("train.txt"), find_task("trec")).format, FileFormat::labelled_lines);
  EXPECT_EQ(with_task_defaults(file_of("train.txt"), find_task("trec")).encoding, TextEncoding::latin1);
  EXPECT_EQ(with_task_defaults(file_of("SMSSpamCollection"), find_task("sms-spam")).format, FileFormat::tsv);
  const auto copy = with_task_defaults(file_of("dev.csv"), find_task("cola"));
  EXPECT_EQ(copy.format, FileFormat::csv);
  EXPECT_THAT(copy.column_names, IsEmpty());
  EXPECT_THAT(with_task_defaults(file_of("dev.tsv"), find_task("cola")).column_names,
              ElementsAre("source", "label", "mark", "sentence"));
  EXPECT_EQ(with_task_defaults(file_of("train.tsv"), find_task("qqp")).invalid_rows, InvalidRows::skip);
  auto with_header = file_of("test.tsv");
  with_header.header = HeaderRow::present;
  EXPECT_THAT(with_task_defaults(with_header, find_task("cola")).column_names, IsEmpty());
}

TEST(TaskCatalog, DescribesTheOptionsOfFiles) {
  config::Issues issues;
  DataFileConfig file;
  file.separator = "::";
  file.header = HeaderRow::present;
  file.column_names = {"a", "a"};
  file.format = FileFormat::csv;
  file.records = {"x"};
  file.validate(issues);
  std::vector<std::string> keys;
  for (const auto& issue : issues.all()) keys.push_back(issue.key);
  EXPECT_THAT(keys, ElementsAre("separator", "column_names", "column_names", "records"));
}

TEST(TaskCatalog, FillsColumnsThatTheUserLeftOpen) {
  const ColumnMap user{.text = "mine", .label_separator = ";"};
  const ColumnMap task{.text = "a", .text_pair = "b", .label = "c", .label_end = ":"};
  const ColumnMap both = user.or_else(task);
  EXPECT_EQ(both, (ColumnMap{.text = "mine", .text_pair = "b", .label = "c", .label_separator = ";", .label_end = ":"}));
}

}  // namespace
}  // namespace albert
