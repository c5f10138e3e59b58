// Every file of broken_data, read as its line of expected.txt says. That file has a JSON object a line: the text of the error,
// and the sections `task` and `data` as a configuration would have them; "{data}" is the folder of the files, and so are the
// paths' beginnings.
#include "labelled_files.h"

#include <albert/config/yaml_reader.h>
#include <albert/data/conll.h>
#include <albert/data/labelled_rows.h>
#include <albert/data/multiple_choice.h>
#include <albert/data/squad_json.h>
#include <albert/data/task_catalog.h>

#include <gmock/gmock.h>

#include <fstream>

namespace albert {
namespace {

const std::filesystem::path& broken_folder() {
  static const std::filesystem::path path = ALBERT_SOURCE_DIR "/tests/data/broken_data";
  return path;
}

struct BrokenTask {
  std::optional<std::string> name{};
  std::optional<TaskKind> type{};
  ColumnMap columns{};
  std::vector<std::string> labels{};
};
template <config::Self<BrokenTask> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "a named task"}, c.name);
  visit(config::Field{"type", "a kind of task"}, c.type);
  visit(config::Field{"columns", "columns of a description"}, c.columns);
  visit(config::Field{"labels", "all labels"}, c.labels);
}

struct BrokenCase {
  std::string error;
  BrokenTask task{};
  DataFileConfig data{};
};
template <config::Self<BrokenCase> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"error", "text of the error"}, c.error);
  visit(config::Field{"task", "how it is read"}, c.task);
  visit(config::Field{"data", "the file"}, c.data);
}

std::vector<BrokenCase> broken_cases() {
  std::ifstream list(broken_folder() / "expected.txt");
  std::vector<BrokenCase> cases;
  std::string line;
  while (std::getline(list, line)) {
    auto broken = config::parse_config<BrokenCase>(line, "expected.txt:" + std::to_string(cases.size() + 1));
    for (size_t at = broken.error.find("{data}"); at != std::string::npos; at = broken.error.find("{data}")) {
      broken.error.replace(at, 6, broken_folder().string());
    }
    broken.data.path = broken_folder() / broken.data.path;
    if (!broken.data.labels.empty()) broken.data.labels = broken_folder() / broken.data.labels;
    cases.push_back(std::move(broken));
  }
  return cases;
}

void read_rows(const DataFileConfig& file, const ColumnMap& columns, TaskKind kind, const std::vector<std::string>& labels) {
  LabelledRowOptions options{.columns = columns};
  options.label = kind == TaskKind::regression ? LabelKind::number : LabelKind::single;
  const std::optional<LabelVocabulary> known = labels.empty() ? std::nullopt : std::optional<LabelVocabulary>(labels);
  if (known) options.known_labels = &*known;
  const auto rows = read_labelled_rows(file, options).rows;
  if (!known && kind != TaskKind::regression) LabelVocabulary::found_in(rows, file.path.string());
}

/// As training reads its data.
void read_for_training(const BrokenCase& broken) {
  const NamedTask* task = broken.task.name ? &find_task(*broken.task.name) : nullptr;
  const DataFileConfig file = task != nullptr ? with_task_defaults(broken.data, *task) : broken.data;
  ColumnMap columns = broken.task.columns;
  if (task != nullptr && !task->layouts.empty()) columns = columns.or_else(choose_layout(file, task->layouts));
  const TaskKind kind = task != nullptr ? task->kind : broken.task.type.value();
  switch (kind) {
    case TaskKind::token_classification:
      read_tagged_sentences(file, columns);
      return;
    case TaskKind::question_answering:
      read_squad(file, AnswerUse::learn);
      return;
    case TaskKind::multiple_choice:
      read_choice_questions(file, columns, AnswerColumn::read);
      return;
    default:
      read_rows(file, columns, kind, task != nullptr && broken.task.labels.empty() ? task->labels : broken.task.labels);
  }
}

TEST(BrokenData, GivesOneClearLineForEachFile) {
  const auto cases = broken_cases();
  EXPECT_GE(cases.size(), 80U);
  for (const BrokenCase& broken : cases) {
    std::string error = "no error";
    try {
      read_for_training(broken);
    } catch (const DataError& thrown) {
      error = thrown.what();
    }
    EXPECT_EQ(error, broken.error) << broken.data.path;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(BrokenData, NamesEveryFileOfTheFolder) {
  std::string listed;
  for (const BrokenCase& broken : broken_cases()) listed += broken.data.path.string() + "\n" + broken.data.labels.string() + "\n";
  for (const auto& entry : std::filesystem::directory_iterator(broken_folder())) {
    if (entry.path().filename() == "expected.txt") continue;
    EXPECT_NE(listed.find(entry.path().string() + "\n"), std::string::npos) << entry.path();
  }
}

}  // namespace
}  // namespace albert
