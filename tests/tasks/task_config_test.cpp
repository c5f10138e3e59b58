#include "tasks/task_fixture.h"

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::error_text;

std::string error_in(const std::string& yaml) {
  return error_text([&] { (void)config::parse_config<TaskConfig>(yaml, "task.yaml"); });
}

TEST(TaskConfig, WantsANameOrAType) {
  EXPECT_THAT(error_in("labels: []"), HasSubstr("must have a name (a known task) or a type (a description), got neither"));
  EXPECT_THAT(error_in("name: rte\ntype: regression"), HasSubstr("type: must not be given beside task.name, which has a type of its own"));
  EXPECT_THAT(error_in("name: sst2"), HasSubstr("did you mean \"sst-2\"?"));
  EXPECT_THROW((void)task_options({}, 8), ConfigError);
  EXPECT_THROW((void)task_options({.name = "unheard-of"}, 8), ConfigError);
}

TEST(TaskConfig, RefusesOptionsOfOtherTasks) {
  EXPECT_THAT(error_in("type: regression\nlabels: [a, b]"), HasSubstr("task.yaml:2:9: labels: must be given for classification only"));
  EXPECT_THAT(error_in("name: sts-b\nout_of_scope: x"), HasSubstr("out_of_scope: must be given for sequence-classification only"));
  EXPECT_THAT(error_in("name: squad\nquestion_answering: {head: beam}"), HasSubstr("question_answering.head: must be linear for data without"));
  EXPECT_EQ(error_in("name: squad2\nquestion_answering: {head: beam}"), "no error");
  EXPECT_EQ(error_in("type: question-answering\nquestion_answering: {head: beam, unanswerable: true}"), "no error");
}

TEST(TaskConfig, RefusesLabelsThatAreNoChoice) {
  EXPECT_THAT(error_in("type: sequence-classification\nlabels: [a]"), HasSubstr("labels: must hold at least two labels, got one"));
  EXPECT_THAT(error_in("type: token-classification\nlabels: [a, b, a]"), HasSubstr("task.yaml:2:16: labels[2]: must be unlike the others, got 'a' twice"));
}

TEST(TaskConfig, KnowsItsKind) {
  EXPECT_EQ((TaskConfig{.name = "STS-B"}.kind()), TaskKind::regression);
  EXPECT_EQ((TaskConfig{.type = TaskKind::multiple_choice}.kind()), TaskKind::multiple_choice);
  EXPECT_FALSE((TaskConfig{.name = "unheard-of"}.kind()));
  EXPECT_FALSE(TaskConfig{}.kind());
}

TEST(TaskOptions, TakeLabelsOfTheNamedTaskUnlessThereAreOthers) {
  EXPECT_THAT(task_options({.name = "rte"}, 8).labels, ElementsAre("entailment", "not_entailment"));
  EXPECT_THAT(task_options({.name = "rte", .labels = {"yes", "no"}}, 8).labels, ElementsAre("yes", "no"));
  EXPECT_TRUE(task_options({.name = "squad2"}, 8).has_unanswerable());
  EXPECT_FALSE(task_options({.name = "squad"}, 8).has_unanswerable());
}

struct TaskOptionsOfAFile : testing::TaskFixture {};

TEST_F(TaskOptionsOfAFile, TakeTheLayoutThatFits) {
  const auto mnli = options("{name: mnli}");
  const auto official = mnli.columns_of(mnli.file_of(file("a.tsv", "index\tsentence1\tsentence2\tgold_label\n0\ta\tb\tneutral\n")));
  EXPECT_EQ(official.text, "sentence1");
  EXPECT_EQ(official.label, "gold_label");
  const auto copy = mnli.columns_of(mnli.file_of(file("b.tsv", "premise\thypothesis\tlabel\na\tb\tneutral\n")));
  EXPECT_EQ(copy.text_pair, "hypothesis");
}

TEST_F(TaskOptionsOfAFile, PreferTheColumnsOfTheUser) {
  const auto cola = options("{name: cola, columns: {text: mine}}");
  const auto columns = cola.columns_of(cola.file_of(file("a.tsv", "mine\tlabel\na\t0\n")));
  EXPECT_EQ(columns.text, "mine");
  EXPECT_EQ(columns.label, "label");
  EXPECT_EQ(options("{type: regression}").columns_of({}), ColumnMap{});
}

TEST_F(TaskOptionsOfAFile, TakeTheFormatOfTheNamedTask) {
  const auto trec = options("{name: trec}");
  EXPECT_EQ(trec.file_of(file("train_5500.label", "HUM:x who\n")).format, FileFormat::labelled_lines);
  EXPECT_EQ(trec.file_of(file("mine.csv", "text,label\n")).format, FileFormat::csv);
}

}  // namespace
}  // namespace albert
