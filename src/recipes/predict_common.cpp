#include "recipes/predict_common.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/config/yaml_reader.h>
#include <albert/data/table.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <string_view>

namespace albert {
namespace {

bool is_line_format(FileFormat format) { return format == FileFormat::text || format == FileFormat::text_pairs; }

/// Nothing for "auto".
std::optional<FileFormat> named_format(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& [format, format_name] : enum_names(config::EnumTag<FileFormat>{})) {
    if (format_name == name) return format == FileFormat::automatic ? std::nullopt : std::optional(format);
    known.push_back(format_name);
  }
  throw ConfigError(fmt::format("--format: must be one of {}, got '{}'", fmt::join(known, ", "), name));
}

std::filesystem::path input_path(const PredictOptions& options) {
  return options.input && *options.input != "-" ? *options.input : std::filesystem::path(kStandardInput);
}

/// What the user said of the file by options of their own; they beat what the model's task says.
void apply_file_options(const PredictOptions& options, DataFileConfig& file) {
  config::Overrides overrides;
  for (const auto& [key, value] : options.file) {
    auto name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    overrides.add_text(key, value, fmt::format("--{} {}", name, value));
  }
  const auto said = config::parse_config<DataFileConfig>("path: input", "albert predict", overrides);
  file.option_names = OptionNames::command_line;
  file.invalid_rows = said.invalid_rows;  // a named task may skip rows of its training file; a prediction is asked of each
  for (const auto& [key, value] : options.file) {
    if (key == "encoding") file.encoding = said.encoding;
    if (key == "header") file.header = said.header;
    if (key == "quoting") file.quoting = said.quoting;
    if (key == "separator") file.separator = said.separator;
  }
}

/// What the user said by --format, or by the name of the file. A name that says text says nothing: it is the default, where there
/// are lines of text at all.
std::optional<FileFormat> said_format(const PredictOptions& options) {
  auto format = named_format(options.format);
  if (!format && options.input) format = format_of_extension(*options.input);
  return options.format == "auto" && format == FileFormat::text ? std::nullopt : format;
}

/// The column map's entry of a name of --column.
std::optional<std::string>* entry_of(ColumnMap& columns, std::string_view name) {
  if (name == "text") return &columns.text;
  if (name == "text_pair") return &columns.text_pair;
  if (name == "id") return &columns.id;
  if (name == "token") return &columns.token;
  if (name == "question") return &columns.question;
  if (name == "context") return &columns.context;
  return nullptr;
}

/// Options of columns where there are none.
void require_columns_for_file_options(const PredictOptions& options, const DataFileConfig& file) {
  if (file.format == FileFormat::csv || file.format == FileFormat::tsv) return;
  for (const auto& [key, value] : options.file) {
    if (key != "header" && key != "quoting" && key != "separator") continue;
    throw ConfigError(fmt::format("--{}: needs csv or tsv, the input is read as {}; set --format csv or tsv", key, config::enum_name(file.format)));
  }
}

void apply_columns(const PredictOptions& options, const std::vector<std::string_view>& known, PredictInput& input) {
  if (options.columns.empty()) return;
  if (is_line_format(input.file.format)) {
    throw ConfigError(fmt::format("--column: needs rows with columns, the input is read as {}; set --format csv, tsv or jsonl",
                                  config::enum_name(input.file.format)));
  }
  std::vector<std::string> choices;
  for (const auto& [name, column] : options.columns) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw ConfigError(fmt::format("--column: must be one of {} for this model, got '{}'", fmt::join(known, ", "), name));
    }
    if (auto* entry = entry_of(input.columns, name)) {
      *entry = column;
    } else {
      choices.push_back(column);
    }
  }
  if (!choices.empty()) input.columns.options = choices;
}

/// The names that a task gives to the columns of its own files without a header are not those of a file whose parts are told by number.
void drop_names_of_numbered_columns(const PredictOptions& options, const std::vector<std::string_view>& known, PredictInput& input) {
  const bool has_number = std::ranges::any_of(options.columns, [](const auto& entry) { return column_number(entry.second) != 0; });
  const bool needs_names = std::ranges::any_of(known, [&](std::string_view name) {
    const auto* entry = name == "id" ? nullptr : entry_of(input.columns, name);
    return entry != nullptr && *entry && column_number(**entry) == 0;
  });
  if (has_number && !needs_names) input.file.column_names.clear();
}

std::vector<std::string_view> columns_of_kind(TaskKind kind) {
  switch (kind) {
    case TaskKind::sequence_classification:
    case TaskKind::multi_label_classification:
    case TaskKind::regression: return {"text", "text_pair", "id"};
    case TaskKind::token_classification: return {"token"};
    case TaskKind::question_answering: return {"question", "context", "id"};
    case TaskKind::multiple_choice: return {"question", "context", "options", "id"};
  }
  throw InternalError("a kind of task without columns");
}

/// The format and columns of an input of which nothing is said.
PredictInput plain_input(TaskKind kind, bool is_pair) {
  PredictInput input;
  switch (kind) {
    case TaskKind::question_answering: input.file.format = FileFormat::jsonl; break;
    case TaskKind::multiple_choice:
      input.file.format = FileFormat::jsonl;
      input.columns.context = "context";
      break;
    case TaskKind::token_classification: input.file.format = FileFormat::text; break;
    default:
      input.file.format = is_pair ? FileFormat::text_pairs : FileFormat::text;
      if (is_pair) input.columns.text_pair = "text_pair";
  }
  return input;
}

}  // namespace

PredictInput task_input(const PredictOptions& options, const TaskOptions& task) {
  const auto said = said_format(options);
  DataFileConfig file;
  file.path = input_path(options);
  file.format = said.value_or(FileFormat::jsonl);
  apply_file_options(options, file);
  const auto trained = task.columns_of(file);
  const bool reads_lines = !said || is_line_format(*said);
  PredictInput input;
  if (reads_lines) {
    const auto known = columns_of_kind(task.kind);
    input = plain_input(task.kind, trained.text_pair.has_value() || said == FileFormat::text_pairs);
    if (said && known.front() != "text") input.file.format = *said;  // the reader says what it wants
    input.file.path = file.path;
  } else {
    input = {.file = task.file_of(file), .columns = trained};
    const bool is_json = input.file.format == FileFormat::jsonl || input.file.format == FileFormat::json;
    if (task.kind == TaskKind::multiple_choice && is_json && !input.columns.context) input.columns.context = "context";
  }
  apply_file_options(options, input.file);
  require_columns_for_file_options(options, input.file);
  apply_columns(options, columns_of_kind(task.kind), input);
  drop_names_of_numbered_columns(options, columns_of_kind(task.kind), input);
  return input;
}

PredictInput text_input(const PredictOptions& options) {
  PredictInput input;
  input.file.path = input_path(options);
  input.file.format = said_format(options).value_or(FileFormat::text);
  apply_file_options(options, input.file);
  require_columns_for_file_options(options, input.file);
  apply_columns(options, {"text", "id"}, input);
  return input;
}

void warn_of_skipped(const SkippedRows& skipped, const PredictInput& input) {
  if (skipped.count == 0) return;
  spdlog::warn("{}: {} rows could not be read and have no answer (--invalid-rows skip); the first of them:", input.file.path.string(), skipped.count);
  for (const auto& text : skipped.first) spdlog::warn("{}", text);
}

PredictOutput::PredictOutput(const std::optional<std::filesystem::path>& path, std::ostream& stream) : stream_(stream) {
  if (path) file_.emplace(*path);
}

void PredictOutput::write(const std::string& text) {
  if (file_) {
    file_->writer().write(text);
    return;
  }
  stream_ << text << std::flush;
  if (!stream_) throw IoError("standard output: cannot write; is the disk full, or the reader gone");
}

void PredictOutput::commit() {
  if (file_) file_->commit();
}

}  // namespace albert
