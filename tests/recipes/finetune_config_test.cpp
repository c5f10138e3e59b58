#include <albert/base/error.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/finetune_config.h>
#include <config/broken_configs.h>

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::filesystem::path kSource = ALBERT_SOURCE_DIR;
constexpr const char* kBase = "output: a\nmodel: {init_from: m}\ntask: {name: sst-2}\ndata: {train: {path: t.tsv}, validation: {path: v.tsv}}\n";

FinetuneConfig parsed(const std::string& yaml, const std::vector<std::string>& set = {}) {
  return config::parse_config<FinetuneConfig>(yaml, "c.yaml", config::Overrides(set));
}

TEST(FinetuneConfig, EachBrokenFileHasItsError) {
  const auto count = testing::expect_broken_configs<FinetuneConfig>(kSource / "tests/recipes/broken_finetune_configs");
  EXPECT_GE(count, 60U);
}

TEST(FinetuneConfig, EachShippedFileIsValidAndSurvivesWriting) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "configs/finetune")) {
    const auto config = config::read_config<FinetuneConfig>(entry.path());
    const auto again = parsed(config::to_yaml(config));
    EXPECT_THAT(config::diff_configs(config, again), IsEmpty()) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 15U);
}

TEST(FinetuneConfig, TakesTheRecordsOfEachPartOfOneDocument) {
  const std::string yaml = "output: a\nmodel: {init_from: m}\ntask: {name: clinc150}\n"
                           "data: {train: {path: c.json}, validation: {path: c.json}, test: {path: c.json}, predict: {path: c.json}}\n";
  const auto data = with_records_of_parts(parsed(yaml)).data;
  EXPECT_THAT(data.train->records, ElementsAre("train", "oos_train"));
  EXPECT_THAT(data.validation->records, ElementsAre("val", "oos_val"));
  EXPECT_THAT(data.test->records, ElementsAre("test", "oos_test"));
  EXPECT_THAT(data.predict->records, IsEmpty());
  const auto own = with_records_of_parts(parsed(yaml, {"data.test.records=[test]", "data.validation.path=v.csv"})).data;
  EXPECT_THAT(own.test->records, ElementsAre("test"));
  EXPECT_THAT(own.validation->records, IsEmpty());
}

TEST(FinetuneConfig, SurvivesWritingWithEveryKindOfValue) {
  const auto config = parsed(kBase, {"loss.class_weights=[{label: '1', weight: 2.5}, {label: '0', weight: 0}]",
                                     "loss.label_smoothing=0.1",
                                     "data.more_validation=[{name: 'm m', path: 'x y.tsv', format: csv, separator: ';'}]",
                                     "data.test={path: t.csv, column_names: [a, b], header: absent}",
                                     "task.columns={text: '2', label_separator: '|', options: [a, b]}",
                                     "task.question_answering.no_answer_threshold=-1.25",
                                     "task.tokens.scheme=iobes",
                                     "model.dropout=0.25",
                                     "evaluation.metric=f1",
                                     "training.micro_batch=4",
                                     "training.batch_tokens=1000"});
  const auto again = parsed(config::to_yaml(config));
  EXPECT_THAT(config::diff_configs(config, again), IsEmpty());
  ASSERT_TRUE(again.loss.class_weights && !again.loss.class_weights->is_auto());
  EXPECT_EQ(again.loss.class_weights->value->at(0).weight, 2.5);
  EXPECT_EQ(again.task.question_answering.no_answer_threshold.value, -1.25);
  EXPECT_EQ(config::to_yaml(again), config::to_yaml(config));
  const auto map = parsed(kBase, {"loss.class_weights={'1': 2.5, '0': 0}", "loss.label_smoothing=0.1"});
  EXPECT_THAT(config::diff_configs(map.loss, config.loss), IsEmpty());
  const auto automatic = parsed(kBase, {"loss.class_weights=auto"});
  EXPECT_TRUE(automatic.loss.class_weights && automatic.loss.class_weights->is_auto());
  EXPECT_FALSE(parsed(config::to_yaml(parsed(kBase))).loss.class_weights);
}

TEST(FinetuneConfig, IdentityIgnoresWhatMayChangeAndKeepsTheRest) {
  const auto reference = identity_of(parsed(kBase));
  for (const char* allowed : {"output=b", "model.init_from=elsewhere/m", "training.duration=7 steps", "training.device=cpu", "training.micro_batch=4", "training.runs=3",
                              "checkpoint.every=1 steps", "evaluation.every=3 steps", "evaluation.metric=f1", "schedule.warmup=1 steps",
                              "data.test={path: x.tsv}", "data.predict={path: x.tsv}", "logging.tensorboard=false"}) {
    EXPECT_THAT(config::diff_configs(reference, identity_of(parsed(kBase, {allowed}))), IsEmpty()) << allowed;
  }
  for (const char* refused : {"model.dropout=0.3", "model.freeze=encoder", "model.random_weights=true", "task.threshold=0.4",
                              "data.train.path=other.tsv", "data.max_length=64", "data.validation_seed=3", "loss.label_smoothing=0.1",
                              "optimizer.learning_rate=1", "training.batch_size=8", "training.batch_tokens=64", "training.shuffle=false",
                              "training.group_by_length=false", "training.seed=5"}) {
    EXPECT_EQ(config::diff_configs(reference, identity_of(parsed(kBase, {refused}))).size(), 1U) << refused;
  }
}

TEST(FinetuneConfig, HasTheDefaultsOfRunClassifier) {
  const auto config = parsed("output: a\nmodel: {init_from: m}\ntask: {type: regression}\n");
  EXPECT_EQ(config.optimizer.algorithm.name, OptimizerName::adamw);
  EXPECT_EQ(config.optimizer.algorithm.learning_rate, 5e-5);
  EXPECT_FALSE(config.optimizer.algorithm.bias_correction);
  EXPECT_EQ(to_string(config.schedule.warmup), "10 %");
  EXPECT_EQ(to_string(config.training.common.duration), "3 epochs");
  EXPECT_TRUE(config.model.dropout.is_auto());
}

void expect_paper(const FinetuneConfig& config, const PaperSettings& paper, const std::string& name) {
  EXPECT_EQ(config.optimizer.algorithm.learning_rate, paper.learning_rate) << name;
  EXPECT_EQ(config.training.common.batch_size, paper.batch_size) << name;
  EXPECT_EQ(config.model.dropout.value, paper.dropout) << name;
  EXPECT_EQ(config.model.classifier_dropout.value, paper.classifier_dropout) << name;
  EXPECT_EQ(config.training.common.duration, (Duration{static_cast<double>(paper.steps), DurationUnit::steps})) << name;
  EXPECT_EQ(config.schedule.warmup, (Duration{static_cast<double>(paper.warmup_steps), DurationUnit::steps})) << name;
  EXPECT_EQ(config.data.max_length, paper.max_length) << name;
}

TEST(FinetuneConfig, HasThePapersHyperParametersByTheNameOfATaskAlone) {
  int64_t count = 0;
  for (const auto& task : named_tasks()) {
    const auto config = parsed(fmt::format("output: a\nmodel: {{init_from: m}}\ntask: {{name: {}}}\n", task.name));
    if (task.paper) {
      expect_paper(config, *task.paper, task.name);
      ++count;
    } else {
      EXPECT_EQ(config.optimizer.algorithm.learning_rate, 5e-5) << task.name;
      EXPECT_EQ(to_string(config.training.common.duration), "3 epochs") << task.name;
      EXPECT_TRUE(config.model.dropout.is_auto()) << task.name;
    }
  }
  EXPECT_EQ(count, 13);
}

TEST(FinetuneConfig, WrittenKeysWinOverThoseOfTheTask) {
  const auto config = parsed("output: a\nmodel: {init_from: m, dropout: auto}\ntask: {name: rte}\ntraining: {batch_size: 8}\n",
                             {"optimizer.learning_rate=5e-5", "data.max_length=64"});
  EXPECT_TRUE(config.model.dropout.is_auto());
  EXPECT_EQ(config.model.classifier_dropout.value, 0.1);
  EXPECT_EQ(config.training.common.batch_size, 8);
  EXPECT_EQ(config.optimizer.algorithm.learning_rate, 5e-5);
  EXPECT_EQ(config.data.max_length, 64);
  EXPECT_EQ(to_string(config.training.common.duration), "800 steps");
  EXPECT_EQ(to_string(config.schedule.warmup), "200 steps");
  const auto epochs = parsed(kBase, {"training.duration=2 epochs"});
  EXPECT_EQ(to_string(epochs.schedule.warmup), "10 %") << "the paper's is a part of its steps";
  EXPECT_EQ(to_string(parsed(kBase, {"training.duration=2 epochs", "schedule.warmup=7 steps"}).schedule.warmup), "7 steps");
}

TEST(FinetuneConfig, TemplatesOfNamedTasksHaveTheTablesValues) {
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "configs/finetune")) {
    const auto config = config::read_config<FinetuneConfig>(entry.path());
    const auto* task = config.task.named();
    if (task == nullptr || !task->paper) continue;
    seen.insert(task->name);
    auto paper = *task->paper;
    if (task->name == "race") {  // README of google-research/albert, for v2 models
      paper.learning_rate = 1e-5;
      paper.dropout = 0;
    }
    expect_paper(config, paper, entry.path().filename().string());
  }
  for (const auto& task : named_tasks()) {
    EXPECT_TRUE(!task.paper || task.name == "mnli-mm" || seen.contains(task.name)) << task.name << " has no template";
  }
}

}  // namespace
}  // namespace albert
