#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/writer.h>
#include <albert/io/safetensors.h>
#include <albert/model/initialization.h>
#include <albert/recipes/task_folder.h>
#include <albert/tasks/finetuning.h>
#include <temporary_folder.h>
#include <tiny_shape.h>
#include <tokenizer/model_builder.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace albert {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;
using testing::TemporaryFolder;

AlbertConfig tiny_task_shape() { return testing::tiny_shape(15, 96); }

Tokenizer tokenizer() { return Tokenizer::from_bytes(testing::ModelBuilder().bytes(), {}, "x.model"); }

/// Another vocabulary of as many pieces.
std::string other_vocabulary() {
  testing::ModelBuilder builder;
  builder.pieces.back().score = -2.25;
  return builder.bytes();
}

std::string larger_vocabulary() {
  testing::ModelBuilder builder;
  builder.pieces.push_back({"\u2581b", -4});
  return builder.bytes();
}

TaskFile described(TaskKind kind, std::vector<std::string> labels = {}) {
  TaskFile file{.task = {}, .max_length = 96};
  file.task.type = kind;
  file.task.labels = std::move(labels);
  return file;
}

/// A fine-tuned model as albert-finetune writes it.
struct Written {
  TaskModel model{nullptr};
  TaskDescription description{};
};
Written write_task(const std::filesystem::path& folder, const TaskFile& file) {
  const auto vocabulary = tokenizer();
  const auto task = make_task(task_options(file.task, file.max_length), vocabulary);
  Written written{.description = task->description()};
  written.model = TaskModel(tiny_task_shape(), head_of(written.description));
  initialize(parameters_by_name(*written.model), 0.1, 3);
  write_model_folder(folder, task_model_folder(*written.model, written.description, file, vocabulary));
  return written;
}

std::vector<TaskFile> all_tasks() {
  auto beam = described(TaskKind::question_answering);
  beam.task.question_answering.head = AnswerHead::beam;
  beam.task.question_answering.unanswerable = true;
  beam.task.question_answering.no_answer_threshold.value = -0.5;
  return {described(TaskKind::sequence_classification, {"ham", "spam", "1"}),
          described(TaskKind::multi_label_classification, {"x", "y"}),
          described(TaskKind::regression),
          described(TaskKind::token_classification, {"O", "B-X", "I-X"}),
          described(TaskKind::question_answering),
          beam,
          described(TaskKind::multiple_choice)};
}

void expect_same_weights(TaskModelImpl& a, TaskModelImpl& b) {
  const auto before = parameters_by_name(a);
  const auto after = parameters_by_name(b);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].first, after[i].first);
    EXPECT_TRUE(before[i].second.equal(after[i].second)) << before[i].first;
  }
}

TEST(TaskFolder, ComesBackEqualToTheBit) {
  for (const auto& file : all_tasks()) {
    const TemporaryFolder folder;
    auto written = write_task(folder / "m", file);
    auto loaded = load_task_model(folder / "m");
    EXPECT_THAT(config::diff_configs(loaded.file, file), IsEmpty());
    EXPECT_EQ(loaded.task->description().labels, written.description.labels);
    EXPECT_EQ(loaded.task->description().objective, written.description.objective);
    EXPECT_FALSE(loaded.model->is_training());
    EXPECT_EQ(loaded.source.tokenizer->vocab_size(), 15);
    expect_same_weights(*written.model, *loaded.model);
  }
}

TEST(TaskFolder, WithoutTaskYamlSaysWhatItDoesByItsConfig) {
  for (const auto& file : all_tasks()) {
    const TemporaryFolder folder;
    auto written = write_task(folder / "m", file);
    std::filesystem::remove(folder / "m/task.yaml");
    auto loaded = load_task_model(folder / "m");
    EXPECT_EQ(loaded.task->description().objective, written.description.objective);
    EXPECT_EQ(loaded.task->description().labels, written.description.labels);
    EXPECT_EQ(loaded.file.max_length, 96);
    expect_same_weights(*written.model, *loaded.model);
  }
}

TEST(TaskFolder, OfAPreTrainedModelIsNoTask) {
  const TemporaryFolder folder;
  const auto vocabulary = tokenizer();
  PretrainingModel model(tiny_task_shape(), PretrainingHeads::masked_lm_sentence_order);
  initialize(parameters_by_name(*model), 0.1, 3);
  write_model_folder(folder / "m", model_folder(*model, &vocabulary));
  EXPECT_THAT([&] { (void)load_task_model(folder / "m"); },
              ThrowsMessage<IoError>(EndsWith("must be a fine-tuned model, config.json names AlbertForPreTraining; fine-tune it with albert-finetune, "
                                                           "or ask the model as it is with --fill-mask, --embeddings mean or --tensors FILE")));
}

TEST(TaskFolder, RefusesATaskYamlOfAnotherHead) {
  const TemporaryFolder folder;
  (void)write_task(folder / "m", described(TaskKind::regression));
  write_file_atomically(folder / "m/task.yaml", "task: {type: multiple-choice}\n");
  EXPECT_THAT([&] { (void)load_task_model(folder / "m"); }, ThrowsMessage<IoError>(EndsWith("task.yaml and config.json describe different heads")));
}

TEST(TaskFolder, RefusesAVocabularyOfAnotherSizeOrOtherBytes) {
  const TemporaryFolder folder;
  (void)write_task(folder / "m", described(TaskKind::regression));
  write_file_atomically(folder / "m/spiece.model", larger_vocabulary());
  const auto size = EndsWith("m: spiece.model does not belong to the model: it has 16 pieces, config.json says vocab_size 15");
  EXPECT_THAT([&] { (void)read_source_folder(folder / "m"); }, ThrowsMessage<IoError>(size));
  EXPECT_THAT([&] { (void)load_model_folder(folder / "m"); }, ThrowsMessage<IoError>(size));
  write_file_atomically(folder / "m/spiece.model", other_vocabulary());
  const auto bytes = EndsWith("m: spiece.model does not belong to the model: model.safetensors was written with another one");
  EXPECT_THAT([&] { (void)load_task_model(folder / "m"); }, ThrowsMessage<IoError>(bytes));
  EXPECT_THAT([&] { (void)load_model_folder(folder / "m"); }, ThrowsMessage<IoError>(bytes));
}

TEST(TaskFolder, NamesTheFileThatIsMissing) {
  for (const char* name : {"config.json", "model.safetensors", "spiece.model"}) {
    const TemporaryFolder folder;
    (void)write_task(folder / "m", described(TaskKind::regression));
    std::filesystem::remove(folder / "m" / name);
    EXPECT_THAT([&] { (void)read_source_folder(folder / "m"); },
                ThrowsMessage<IoError>(EndsWith(std::string("not a model folder: ") + name + " is missing")));
  }
}

/// Google's checkpoint of a classifier with the vocabulary that belongs beside it.
std::filesystem::path google_classifier(const TemporaryFolder& folder) {
  const auto golden = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1";
  std::filesystem::copy(golden / "classifier", folder / "classifier");
  std::filesystem::copy(golden / "pretraining/30k-clean.model", folder / "classifier");
  return folder / "classifier";
}

TEST(TaskFolder, WhatGooglesCodeWroteIsASourceAndAModel) {
  const TemporaryFolder folder;
  const auto model = google_classifier(folder);
  EXPECT_EQ(read_source_folder(model).config.labels.size(), 3U);
  auto loaded = load_task_model(model);
  EXPECT_EQ(loaded.file.task.type, TaskKind::sequence_classification);
  const auto expected = io::SafetensorsFile::open(model / "expected.safetensors");
  for (const auto& [parameter, tensor] : parameters_by_name(*loaded.model)) {
    EXPECT_TRUE(std::ranges::equal(array_view(tensor).bytes, expected.arrays().at(parameter).bytes)) << parameter;
  }
  std::filesystem::remove(model / "30k-clean.model");
  EXPECT_THAT([&] { (void)read_source_folder(model); },
              ThrowsMessage<IoError>(HasSubstr("model.ckpt-best.index: wanted 30k-clean.model or spiece.model beside the checkpoint, got neither")));
}

/// Writes the folder's weights anew, some of them renamed.
void rename_tensors(const std::filesystem::path& folder, TaskModelImpl& model, const std::map<std::string, std::string>& names) {
  TensorArrays weights;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(model), model.config())) {
    const auto found = names.find(name);
    weights.add(found == names.end() ? name : found->second, tensor);
  }
  io::write_safetensors(folder / "model.safetensors", weights.arrays(), {});
}

TEST(TaskFolder, ListsAllMissingAndUnexpectedWeights) {
  const TemporaryFolder folder;
  auto written = write_task(folder / "m", described(TaskKind::sequence_classification, {"a", "b"}));
  rename_tensors(folder / "m", *written.model, {{"classifier.weight", "classifier.kernel"}, {"albert.pooler.bias", "albert.pooler.offset"}});
  EXPECT_THAT([&] { (void)load_task_model(folder / "m"); },
              ThrowsMessage<IoError>(AllOf(HasSubstr("classifier.weight"), HasSubstr("classifier.kernel"), HasSubstr("albert.pooler.bias"),
                                           HasSubstr("albert.pooler.offset"), Not(HasSubstr("classifier.bias")))));
}

TEST(TaskFolder, MayHaveAPoolerThatItsClassDoesNotRead) {
  const TemporaryFolder folder;
  auto written = write_task(folder / "m", described(TaskKind::token_classification, {"O", "B-X"}));
  TensorArrays weights;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*written.model), written.model->config())) weights.add(name, tensor);
  PretrainingModel other(tiny_task_shape(), PretrainingHeads::masked_lm_sentence_order);
  for (const auto& [name, tensor] : parameters_by_name(*other)) {
    if (name.starts_with("albert.pooler.")) weights.add(name, tensor);
  }
  io::write_safetensors(folder / "m/model.safetensors", weights.arrays(), {});
  auto loaded = load_task_model(folder / "m");
  expect_same_weights(*written.model, *loaded.model);
}

/// Loads `folder` into a model with another head, as albert-finetune does.
ImportReport transfer(const std::filesystem::path& folder, const TaskHeadOptions& head, HeadTransfer choice, TaskModel& model) {
  const auto source = read_source_folder(folder);
  model = TaskModel(source.config.shape, head);
  initialize(parameters_by_name(*model), 0.5, 9);
  return load_weights(source, *model, task_import_rules(source.config, head, choice, "model.init_from"));
}

TEST(TaskFolder, GivesItsEncoderToAnotherTaskWithANewHead) {
  const TemporaryFolder folder;
  auto written = write_task(folder / "m", described(TaskKind::sequence_classification, {"a", "b"}));
  const TaskHeadOptions head{.head = TaskHead::sequence, .num_labels = 3};
  TaskModel model{nullptr};
  EXPECT_THAT([&] { (void)transfer(folder / "m", head, HeadTransfer::keep, model); },
              ThrowsMessage<ConfigError>("model.init_from: the head must be sequence with 3 outputs, got sequence with 2 outputs; replace the head or "
                                         "choose the model's own task"));
  const auto report = transfer(folder / "m", head, HeadTransfer::replace, model);
  EXPECT_THAT(report.missing, ::testing::UnorderedElementsAre("classifier.bias", "classifier.weight"));
  const auto before = parameters_by_name(*written.model);
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (name.starts_with("classifier.")) continue;
    const auto same = std::find_if(before.begin(), before.end(), [&name = name](const NamedParameter& other) { return other.first == name; });
    ASSERT_NE(same, before.end());
    EXPECT_TRUE(tensor.equal(same->second)) << name;
  }
}

TEST(TaskFolder, KeepsAHeadOfTheSameKindAndReplacesItOnRequest) {
  const TemporaryFolder folder;
  auto written = write_task(folder / "m", described(TaskKind::token_classification, {"O", "B-X", "I-X"}));
  TaskModel model{nullptr};
  EXPECT_THAT(transfer(folder / "m", written.model->head(), HeadTransfer::keep, model).missing, IsEmpty());
  expect_same_weights(*written.model, *model);
  EXPECT_THAT(transfer(folder / "m", written.model->head(), HeadTransfer::replace, model).missing,
              ::testing::UnorderedElementsAre("classifier.bias", "classifier.weight"));
}

TEST(TaskFolder, MayBeReadAsThePreTrainedModelItCameFrom) {
  for (const auto& file : all_tasks()) {
    const TemporaryFolder folder;
    auto written = write_task(folder / "m", file);
    auto loaded = load_model_folder(folder / "m");
    EXPECT_FALSE(loaded.content.has_mlm_head);
    EXPECT_EQ(loaded.content.has_pooler, written.model->head().has_pooler());
  }
}

}  // namespace
}  // namespace albert
