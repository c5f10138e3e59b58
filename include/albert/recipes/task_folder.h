// A fine-tuned model's folder: Hugging Face's files, and task.yaml, which says what the inputs are and how scores become answers.
#pragma once

#include <albert/model/pretrained.h>
#include <albert/model/task_model.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/model_folder.h>
#include <albert/tasks/task_registry.h>
#include <albert/tokenizer/tokenizer.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace albert {

/// task.yaml.
struct TaskFile {
  TaskConfig task;
  int64_t max_length = 128;
};
template <config::Self<TaskFile> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"task", "what the model does"}, c.task);
  visit(config::Field{"max_length", "pieces of a sequence", config::range(8, 65536)}, c.max_length);
}

/// The model that training starts from (open_model()): everything but the weights.
struct SourceFolder {
  std::filesystem::path path;
  PublishedConfig config;
  std::shared_ptr<const Tokenizer> tokenizer;
};
/// Throws IoError where a file is missing or damaged, or where the vocabulary is not the model's: another number of pieces, or
/// other bytes than those that model.safetensors was written with.
SourceFolder read_source_folder(const std::filesystem::path& path);

/// Whether outputs have no names but transformers' own: LABEL_0, LABEL_1, ...
bool are_unnamed(const std::vector<std::string>& labels);

/// Copies the folder's weights into `model`. Throws IoError that lists all tensors that are missing or unexpected, except those that
/// `rules` name.
ImportReport load_weights(const SourceFolder& folder, TaskModelImpl& model, const ImportRules& rules);

/// Content of the folder of `model`. The arrays view its parameters.
ModelFolder task_model_folder(TaskModelImpl& model, const TaskDescription& task, const TaskFile& file, const Tokenizer& tokenizer);

/// A fine-tuned model, ready to be used: on the CPU, fp32, in evaluation mode.
struct LoadedTaskModel {
  SourceFolder source;
  TaskFile file;
  bool has_task_file = false;  ///< `file` is its task.yaml
  std::unique_ptr<Task> task;
  TaskModel model{nullptr};
};
/// Throws IoError where the folder has no head of a task. Without a task.yaml (a folder of Hugging Face) the task follows from
/// config.json: its class, problem type and labels.
LoadedTaskModel load_task_model(const std::filesystem::path& folder);

}  // namespace albert
