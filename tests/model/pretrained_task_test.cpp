// config.json of task models, and which tensors of a folder a task model takes.
#include "task_golden.h"

#include <albert/base/error.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::random_model;
using testing::random_task_model;
using testing::tiny_config;

AlbertConfig tiny_bert() {
  AlbertConfig config = tiny_config();
  config.architecture = Architecture::bert;
  config.embedding_size = config.hidden_size;
  config.num_hidden_groups = config.num_hidden_layers;
  return config;
}

constexpr std::array kHeads{TaskHead::sequence, TaskHead::token, TaskHead::question_answering, TaskHead::question_answering_beam,
                            TaskHead::multiple_choice};

PublishedConfig written_and_read(const PublishedConfig& config) {
  return read_config_json(write_config_json(config), "config.json");
}

template <typename Function>
std::string error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(TaskArchitecture, NamesTheClassesOfTransformersAndOurOwn) {
  const auto name = [](const AlbertConfig& config, TaskHead head) { return task_architecture(config, {.head = head}); };
  EXPECT_EQ(name(tiny_config(), TaskHead::sequence), "AlbertForSequenceClassification");
  EXPECT_EQ(name(tiny_config(), TaskHead::token), "AlbertForTokenClassification");
  EXPECT_EQ(name(tiny_config(), TaskHead::question_answering), "AlbertForQuestionAnswering");
  EXPECT_EQ(name(tiny_config(), TaskHead::question_answering_beam), "AlbertForBeamQuestionAnswering");
  EXPECT_EQ(name(tiny_config(), TaskHead::multiple_choice), "AlbertForMultipleChoice");
  EXPECT_EQ(name(tiny_bert(), TaskHead::sequence), "BertForSequenceClassification");
}

TEST(TaskConfig, ComesBackWithItsHead) {
  for (const AlbertConfig& shape : {tiny_config(), tiny_bert()}) {
    for (const TaskHead head : kHeads) {
      TaskHeadOptions options{.head = head};
      if (options.has_labels()) options.num_labels = 5;
      const PublishedConfig read = written_and_read(task_config(shape, options));
      EXPECT_EQ(task_head_of(read), options) << config::enum_name(head);
      EXPECT_EQ(read.shape, shape);
      EXPECT_EQ(read.labels.size(), options.has_labels() ? 5U : 0U);
    }
  }
}

TEST(TaskConfig, KeepsUnusualLabelsAndTheProblemType) {
  const std::vector<std::string> labels{"", "say \"no\"\\", "na\xC3\xAFve \xF0\x9F\x99\x82", "a\tb\n", "I-LOC", "0"};
  const TaskHeadOptions head{.head = TaskHead::sequence, .num_labels = 6};
  const PublishedConfig read = written_and_read(task_config(tiny_config(), head, labels, kMultiLabel));
  EXPECT_EQ(read.labels, labels);
  EXPECT_EQ(read.problem_type, "multi_label_classification");
}

TEST(TaskConfig, WritesTheMapsInBothDirections) {
  const std::string text = write_config_json(task_config(tiny_config(), {.head = TaskHead::token}, {"O", "B-PER"}));
  EXPECT_THAT(text, ::testing::HasSubstr("\"id2label\": {\n    \"0\": \"O\",\n    \"1\": \"B-PER\"\n  }"));
  EXPECT_THAT(text, ::testing::HasSubstr("\"label2id\": {\n    \"O\": 0,\n    \"B-PER\": 1\n  }"));
  EXPECT_THAT(write_config_json(task_config(tiny_config(), {.head = TaskHead::question_answering})),
              ::testing::Not(::testing::HasSubstr("label")));
}

TEST(TaskConfig, GivesRegressionTheNamesOfTransformers) {
  const TaskHeadOptions head{.head = TaskHead::sequence, .num_labels = 1};
  const PublishedConfig config = task_config(tiny_config(), head, {}, kRegression);
  EXPECT_THAT(config.labels, ElementsAre("LABEL_0"));  // without it transformers would build two outputs
  EXPECT_EQ(task_head_of(written_and_read(config)), head);
}

TEST(TaskConfig, RefusesLabelsThatDoNotFitTheHead) {
  const auto error = [](const TaskHeadOptions& head, std::vector<std::string> labels, std::string_view type = "") {
    return error_of([&] { static_cast<void>(task_config(tiny_config(), head, std::move(labels), type)); });
  };
  EXPECT_EQ(error({.num_labels = 3}, {"a", "b"}), "task.labels: must be 3, got 2");
  EXPECT_EQ(error({.num_labels = 2}, {"a", "a"}), "task.labels: must differ, got 'a' twice");
  EXPECT_EQ(error({.num_labels = 1}, {"a"}, kSingleLabel), "task.labels: single_label_classification wants at least 2, got 1");
  EXPECT_EQ(error({.head = TaskHead::multiple_choice}, {"a"}), "task.labels: must be absent for head multiple_choice, got 1");
}

TEST(TaskConfig, WithoutNamesHasTheDefaultLabelsOfTransformers) {
  const auto read = [](std::string_view text) { return read_config_json(text, "config.json"); };
  EXPECT_THAT(read(R"({"architectures": ["AlbertForSequenceClassification"]})").labels, ElementsAre("LABEL_0", "LABEL_1"));
  EXPECT_THAT(read(R"({"architectures": ["AlbertForTokenClassification"], "num_labels": 3})").labels,
              ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  EXPECT_THAT(read(R"({"architectures": ["AlbertForQuestionAnswering"]})").labels, IsEmpty());
  EXPECT_THAT(read(R"({"architectures": ["AlbertForMaskedLM"]})").labels, IsEmpty());
  EXPECT_EQ(error_of([&] { read(R"({"architectures": ["AlbertForTokenClassification"], "num_labels": 0})"); }),
            "config.json: num_labels must be in [1, 1048576], got 0");
  EXPECT_EQ(error_of([&] { read(R"({"id2label": ["a"]})"); }), "config.json: id2label must be an object, got [\"a\"]");
}

TEST(TaskConfig, LabelsThatContradictEachOtherAreRefused) {
  const auto error = [](const std::string& ids) {
    return error_of([&] { read_config_json(R"({"id2label": {"0": "no", "1": "yes"}, "label2id": )" + ids + "}", "config.json"); });
  };
  const std::string cure = "; correct the wrong one, or leave label2id out";
  EXPECT_EQ(error(R"({"yes": 0, "no": 1})"), R"(config.json: label2id must be the inverse of id2label, got "no": 1, where id2label has "yes")" + cure);
  EXPECT_EQ(error(R"({"no": 0, "maybe": 2})"),
            R"(config.json: label2id must be the inverse of id2label, got "maybe": 2, an id that id2label does not have)" + cure);
  EXPECT_EQ(error(R"({"no": 0})"), R"(config.json: label2id must be the inverse of id2label, got no "yes", which id2label has)" + cure);
  EXPECT_EQ(error(R"({"no": 0, "yes": "one"})"),
            R"(config.json: label2id must be the inverse of id2label, got "yes": "one", an id that id2label does not have)" + cure);
  EXPECT_EQ(error("[0]"), "config.json: label2id must be an object, got [0]");
  for (const char* ids : {R"({"no": 0, "yes": 1})", R"({"LABEL_0": 0, "LABEL_1": 1})", "null"}) EXPECT_EQ(error(ids), "") << ids;
}

TEST(TaskConfig, NamesOfLabel2idAloneAreNotThoseOfPredictions) {
  const auto config = read_config_json(R"({"architectures": ["AlbertForSequenceClassification"], "label2id": {"no": 0, "yes": 1}})", "config.json");
  EXPECT_THAT(config.labels, ElementsAre("LABEL_0", "LABEL_1")) << "as transformers names them";
}

TEST(TaskConfig, OfBertDropsOutAsItsHiddenStatesUnlessItSaysOtherwise) {
  const auto dropout = [](std::string_view text) { return read_config_json(text, "config.json").shape.classifier_dropout_prob; };
  EXPECT_EQ(dropout(R"({"model_type": "bert", "hidden_dropout_prob": 0.25})"), 0.25);
  EXPECT_EQ(dropout(R"({"model_type": "bert", "hidden_dropout_prob": 0.25, "classifier_dropout": null})"), 0.25);
  EXPECT_EQ(dropout(R"({"model_type": "bert", "hidden_dropout_prob": 0.25, "classifier_dropout": 0.0})"), 0.0);
  EXPECT_EQ(dropout(R"({"hidden_dropout_prob": 0.25})"), 0.1);
}

TEST(TaskHeadOf, IsNoneForModelsWithoutATask) {
  for (const char* name : {"AlbertForPreTraining", "AlbertForMaskedLM", "AlbertModel", "", "BertForSequenceClassification"}) {
    EXPECT_EQ(task_head_of({.shape = tiny_config(), .architecture = name}), std::nullopt) << name;
  }
}

/// What a folder holds.
struct Folder {
  PublishedConfig config;
  TensorArrays arrays;
};

Folder folder_of(const PublishedConfig& config, const std::vector<NamedParameter>& parameters) {
  Folder folder{.config = config, .arrays = {}};
  for (const auto& [name, tensor] : published_tensors(parameters, config.shape)) folder.arrays.add(name, tensor);
  return folder;
}

Folder pretrained(const AlbertConfig& shape, PretrainingHeads heads) {
  auto whole = random_model(shape, 1);
  PretrainingModel model(shape, heads);
  const at::NoGradGuard no_gradient;
  const auto source = parameters_by_name(*whole);
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    tensor.copy_(std::find_if(source.begin(), source.end(), [&](const auto& item) { return item.first == name; })->second);
  }
  return folder_of({.shape = shape, .architecture = pretraining_architecture(shape, heads)}, parameters_by_name(*model));
}

Folder fine_tuned(const AlbertConfig& shape, const TaskHeadOptions& head) {
  return folder_of(task_config(shape, head), parameters_by_name(*random_task_model(shape, head, 1)));
}

ImportReport import_into(const Folder& folder, TaskModel& target, HeadTransfer transfer) {
  const ImportRules rules = task_import_rules(folder.config, target->head(), transfer, "m");
  return import_arrays(folder.arrays.arrays(), parameters_by_name(*target), folder.config.shape, rules, "m");
}

at::Tensor value_of(const TaskModel& model, const std::string& name) {
  for (const auto& [key, tensor] : parameters_by_name(*model)) {
    if (key == name) return tensor;
  }
  throw std::logic_error("no parameter " + name);
}

TEST(TaskImport, OfAPretrainedFolderStartsTheHeadAnewAndTakesThePooler) {
  for (const AlbertConfig& shape : {tiny_config(), tiny_bert()}) {
    const Folder folder = pretrained(shape, PretrainingHeads::masked_lm_sentence_order);
    TaskModel model = random_task_model(shape, {.head = TaskHead::sequence}, 2);
    const at::Tensor head = value_of(model, "classifier.weight").detach().clone();
    const ImportReport report = import_into(folder, model, HeadTransfer::keep);
    EXPECT_THAT(report.missing, ElementsAre("classifier.weight", "classifier.bias"));
    EXPECT_EQ(report.ignored.size(), 7U);  // predictions and sentence order
    EXPECT_TRUE(value_of(model, "classifier.weight").equal(head));
    const auto source = random_model(shape, 1);
    EXPECT_TRUE(value_of(model, "albert.pooler.weight").equal(source->named_parameters()["albert.pooler.weight"]));
  }
}

TEST(TaskImport, OfAMaskedLanguageModelStartsThePoolerAnewToo) {
  const Folder folder = pretrained(tiny_config(), PretrainingHeads::masked_lm);
  TaskModel model = random_task_model(tiny_config(), {.head = TaskHead::multiple_choice}, 2);
  EXPECT_THAT(import_into(folder, model, HeadTransfer::keep).missing,
              ElementsAre("albert.pooler.weight", "albert.pooler.bias", "classifier.weight", "classifier.bias"));
}

TEST(TaskImport, LeavesThePoolerOutWhereTheTaskHasNone) {
  const Folder folder = pretrained(tiny_config(), PretrainingHeads::masked_lm_sentence_order);
  TaskModel model = random_task_model(tiny_config(), {.head = TaskHead::token}, 2);
  EXPECT_THAT(import_into(folder, model, HeadTransfer::keep).ignored, ::testing::Contains("albert.pooler.weight"));
}

TEST(TaskImport, OfTheSameTaskTakesEverything) {
  for (const TaskHead head : kHeads) {
    const Folder folder = fine_tuned(tiny_config(), {.head = head});
    TaskModel model = random_task_model(tiny_config(), {.head = head}, 2);
    const ImportReport report = import_into(folder, model, HeadTransfer::keep);
    EXPECT_THAT(report.missing, IsEmpty());
    EXPECT_THAT(report.ignored, IsEmpty());
    const auto expected = parameters_by_name(*random_task_model(tiny_config(), {.head = head}, 1));
    const auto actual = parameters_by_name(*model);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(actual[i].second.equal(expected[i].second)) << expected[i].first;
  }
}

TEST(TaskImport, ReplacesAHeadOfTheSameNameWhateverItsShape) {
  for (const int64_t labels : {2, 3}) {
    const Folder folder = fine_tuned(tiny_config(), {.head = TaskHead::sequence, .num_labels = 3});
    TaskModel model = random_task_model(tiny_config(), {.head = TaskHead::sequence, .num_labels = labels}, 2);
    const at::Tensor head = value_of(model, "classifier.weight").detach().clone();
    const ImportReport report = import_into(folder, model, HeadTransfer::replace);
    EXPECT_THAT(report.missing, ElementsAre("classifier.weight", "classifier.bias"));
    EXPECT_THAT(report.ignored, ElementsAre("classifier.bias", "classifier.weight"));
    EXPECT_TRUE(value_of(model, "classifier.weight").equal(head));
  }
}

TEST(TaskImport, ReplacesAHeadOfAnotherName) {
  const Folder folder = fine_tuned(tiny_config(), {.head = TaskHead::question_answering});
  TaskModel model = random_task_model(tiny_config(), {.head = TaskHead::sequence}, 2);
  const ImportReport report = import_into(folder, model, HeadTransfer::replace);
  EXPECT_THAT(report.missing, ElementsAre("albert.pooler.weight", "albert.pooler.bias", "classifier.weight", "classifier.bias"));
  EXPECT_THAT(report.ignored, ElementsAre("qa_outputs.bias", "qa_outputs.weight"));
}

TEST(TaskImport, RefusesToKeepAnotherHead) {
  const auto error = [](const TaskHeadOptions& source, const TaskHeadOptions& target) {
    return error_of(
        [&] { task_import_rules(task_config(tiny_config(), source), target, HeadTransfer::keep, "model.init_from"); });
  };
  EXPECT_EQ(
      error({.head = TaskHead::sequence, .num_labels = 3}, {.head = TaskHead::sequence, .num_labels = 2}),
      "model.init_from: the head must be sequence with 2 outputs, got sequence with 3 outputs; replace the head or choose the "
      "model's own task");
  EXPECT_EQ(error({.head = TaskHead::question_answering}, {.head = TaskHead::question_answering_beam}),
            "model.init_from: the head must be question_answering_beam, got question_answering; replace the head or choose the "
            "model's own task");
}

TEST(TaskImport, ListsEverythingThatIsMissingOrUnexpected) {
  const TaskHeadOptions head{.head = TaskHead::sequence};
  Folder folder{.config = task_config(tiny_config(), head), .arrays = {}};
  for (const auto& [name, tensor] : parameters_by_name(*random_task_model(tiny_config(), head, 1))) {
    if (name == "classifier.bias" || name == "albert.pooler.weight") continue;
    folder.arrays.add(name, name == "classifier.weight" ? at::zeros({3, 32}) : tensor);
  }
  folder.arrays.add("qa_outputs.weight", at::zeros({2, 32}));
  TaskModel model = random_task_model(tiny_config(), head, 2);
  EXPECT_EQ(
      error_of([&] { import_into(folder, model, HeadTransfer::keep); }),
      "m: tensors must be those of the model, got missing albert.pooler.weight, classifier.bias; unexpected qa_outputs.weight; "
      "of another shape classifier.weight (wanted [2, 32], got [3, 32]); check that config.json belongs to the file");
}

}  // namespace
}  // namespace albert
