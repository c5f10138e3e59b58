// Task folders in transformers itself: ALBERT_TEST_PYTHON names a Python with torch and transformers; skipped without.
#include "task_golden.h"

#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <temporary_folder.h>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace albert {
namespace {

struct Case {
  std::string name;
  AlbertConfig shape;
  TaskHeadOptions head;
  std::vector<std::string> labels{};
  std::string_view problem_type{};
};

std::vector<Case> cases() {
  AlbertConfig albert = testing::tiny_config();
  albert.num_hidden_groups = 2;
  AlbertConfig bert = testing::tiny_config();
  bert.architecture = Architecture::bert;
  bert.embedding_size = bert.hidden_size;
  bert.num_hidden_groups = bert.num_hidden_layers;
  const TaskHeadOptions sequence{.head = TaskHead::sequence};
  return {
      {"labels", albert, {.num_labels = 3}, {"say \"no\"", "na\xC3\xAFve \xF0\x9F\x99\x82", ""}, kSingleLabel},
      {"default_labels", albert, sequence},
      {"multi_label", albert, {.num_labels = 4}, {"a", "b", "c", "d"}, kMultiLabel},
      {"regression", albert, {.num_labels = 1}, {}, kRegression},
      {"token", albert, {.head = TaskHead::token, .num_labels = 3}, {"O", "B-PER", "I-PER"}},
      {"question_answering", albert, {.head = TaskHead::question_answering}},
      {"multiple_choice", albert, {.head = TaskHead::multiple_choice}},
      {"bert_sequence", bert, sequence, {"no", "yes"}},
      {"bert_token", bert, {.head = TaskHead::token, .num_labels = 5}},
      {"bert_question_answering", bert, {.head = TaskHead::question_answering}},
      {"bert_multiple_choice", bert, {.head = TaskHead::multiple_choice}},
  };
}

/// A model folder, and our scores of two sequences of equal length.
void write_case(const std::filesystem::path& folder, const Case& item) {
  make_directories(folder);
  const PublishedConfig config = task_config(item.shape, item.head, item.labels, item.problem_type);
  auto model = testing::random_task_model(item.shape, item.head, 1);
  model->eval();
  TensorArrays weights;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*model), item.shape)) weights.add(name, tensor);
  io::write_safetensors(folder / "model.safetensors", weights.arrays(), {{"format", "pt"}});
  write_file_atomically(folder / "config.json", write_config_json(config));
  const nlohmann::json labels{{"labels", config.labels}, {"problem_type", config.problem_type}};
  write_file_atomically(folder / "labels.json", labels.dump());

  const EncoderInput input = testing::random_input(item.shape, {9, 9}, 2);
  const TaskOutput output = model->forward(input);
  TensorArrays expected;
  expected.add("ids", input.ids.view({2, 9}));
  expected.add("segments", input.segments.view({2, 9}));
  expected.add("logits", output.logits.detach().contiguous());
  if (output.end_logits.defined()) expected.add("end_logits", output.end_logits.detach().contiguous());
  io::write_safetensors(folder / "expected.safetensors", expected.arrays());
}

TEST(LiveTaskParity, TransformersLoadsOurFoldersAsTheirClasses) {
  const std::string python = testing::test_python();
  if (python.empty()) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const testing::TemporaryFolder folder;
  std::string command = fmt::format("{} {}/tests/model/check_published_task.py", python, ALBERT_SOURCE_DIR);
  for (const Case& item : cases()) {
    write_case(folder / item.name, item);
    command += " " + (folder / item.name).string();
  }
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace albert
