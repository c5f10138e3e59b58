#include "recipes/run_common.h"

#include <albert/convert/model_source.h>
#include <albert/recipes/task_folder.h>
#include <albert/tasks/finetuning.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

constexpr const char* kTaskFile = "task.yaml";

/// What a folder of Hugging Face does, from its class and labels.
TaskFile task_file_of(const PublishedConfig& config, const TaskHeadOptions& head) {
  TaskFile file;
  file.max_length = std::min<int64_t>(config.shape.max_position_embeddings, 512);
  switch (head.head) {
    case TaskHead::sequence:
      file.task.type = config.problem_type == kMultiLabel                            ? TaskKind::multi_label_classification
                       : config.problem_type == kRegression || head.num_labels == 1 ? TaskKind::regression
                                                                                     : TaskKind::sequence_classification;
      break;
    case TaskHead::token: file.task.type = TaskKind::token_classification; break;
    case TaskHead::question_answering: file.task.type = TaskKind::question_answering; break;
    case TaskHead::question_answering_beam:
      file.task.type = TaskKind::question_answering;
      file.task.question_answering.head = AnswerHead::beam;
      file.task.question_answering.unanswerable = true;
      break;
    case TaskHead::multiple_choice: file.task.type = TaskKind::multiple_choice; break;
  }
  if (file.task.type != TaskKind::regression && head.has_labels()) file.task.labels = config.labels;
  return file;
}

}  // namespace

SourceFolder read_source_folder(const std::filesystem::path& path) {
  const auto source = open_model(path);
  auto tokenizer = tokenizer_of(source);
  if (!tokenizer && is_google_checkpoint(path)) {
    throw IoError(fmt::format("{}: wanted 30k-clean.model or spiece.model beside the checkpoint, got neither; put the model's vocabulary there",
                              source.where));
  }
  if (!tokenizer) require_model_files(path, {"spiece.model"});
  ALBERT_CHECK(tokenizer.has_value(), "a vocabulary appeared while it was looked for");
  require_own_vocabulary(path, *tokenizer, source.config.shape, source.metadata);
  return {.path = path, .config = source.config, .tokenizer = std::make_shared<const Tokenizer>(*std::move(tokenizer))};
}

bool are_unnamed(const std::vector<std::string>& labels) {
  return !labels.empty() && labels == default_labels(static_cast<int64_t>(labels.size()));
}

ImportReport load_weights(const SourceFolder& folder, TaskModelImpl& model, const ImportRules& rules) {
  const auto source = open_model(folder.path);
  auto report = import_arrays(source.arrays, parameters_by_name(model), model.config(), rules, source.where);
  model.parameters_changed();
  return report;
}

ModelFolder task_model_folder(TaskModelImpl& model, const TaskDescription& task, const TaskFile& file, const Tokenizer& tokenizer) {
  ModelFolder folder;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(model), model.config())) folder.weights.add(name, tensor);
  folder.texts = tokenizer_files(tokenizer, model.config().max_position_embeddings);
  auto config = task_config(model.config(), model.head(), task.labels, problem_type_of(task));
  const auto& special = tokenizer.special_tokens();
  config.special_ids = {.pad = special.pad, .cls = special.cls, .sep = special.sep};
  folder.texts["config.json"] = write_config_json(config);
  folder.texts[kTaskFile] = config::to_yaml(file);
  return folder;
}

LoadedTaskModel load_task_model(const std::filesystem::path& folder) {
  LoadedTaskModel loaded;
  loaded.source = read_source_folder(folder);
  const auto head = task_head_of(loaded.source.config);
  if (!head) {
    throw IoError(fmt::format("{}: must be a fine-tuned model, config.json names {}; fine-tune it with albert-finetune, or ask the model as it is with --fill-mask, --embeddings mean or --tensors FILE", folder.string(),
                              loaded.source.config.architecture.empty() ? "no class" : loaded.source.config.architecture));
  }
  const auto path = folder / kTaskFile;
  loaded.has_task_file = std::filesystem::exists(path);
  if (loaded.has_task_file) {
    loaded.file = config::parse_config<TaskFile>(read_file(path, kConfigLimitBytes), path.string());
  } else {
    loaded.file = task_file_of(loaded.source.config, *head);
  }
  auto options = task_options(loaded.file.task, loaded.file.max_length);
  if (head->has_labels() && options.kind != TaskKind::regression) options.labels = loaded.source.config.labels;
  loaded.task = make_task(options, *loaded.source.tokenizer);
  if (head_of(loaded.task->description()) != *head) {
    throw IoError(fmt::format("{}: task.yaml and config.json describe different heads", folder.string()));
  }
  loaded.model = TaskModel(loaded.source.config.shape, *head);
  load_weights(loaded.source, *loaded.model, own_task_rules(*head));
  loaded.model->eval();
  return loaded;
}

}  // namespace albert
