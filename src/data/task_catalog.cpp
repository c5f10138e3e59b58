#include "quoted.h"

#include <albert/base/error.h>
#include <albert/data/task_catalog.h>

#include <algorithm>

namespace albert {
namespace {

using enum TaskKind;
using Names = std::vector<std::string>;

ColumnMap single(const char* text, const char* label) { return {.text = text, .label = label}; }
ColumnMap pair(const char* text, const char* text_pair, const char* label) {
  return {.text = text, .text_pair = text_pair, .label = label};
}

/// A GLUE file; `names` are its columns where a copy has lost the header.
DataFileConfig tsv(Names names = {}, InvalidRows invalid = InvalidRows::error) {
  DataFileConfig file;
  file.format = FileFormat::tsv;
  file.column_names = std::move(names);
  file.invalid_rows = invalid;
  return file;
}

DataFileConfig in_format(FileFormat format, TextEncoding encoding = TextEncoding::utf8) {
  DataFileConfig file;
  file.format = format;
  file.encoding = encoding;
  return file;
}

Names binary() { return {"0", "1"}; }
Names entailment() { return {"entailment", "not_entailment"}; }
/// The order of Google's MnliProcessor. Hugging Face's data sets have entailment, neutral, contradiction.
Names inference() { return {"contradiction", "entailment", "neutral"}; }
Names pair_names() { return {"index", "sentence1", "sentence2", "label"}; }
Names class_metrics() { return {"accuracy", "macro_f1", "matthews_correlation"}; }
Names binary_metrics() { return {"accuracy", "f1", "macro_f1", "matthews_correlation"}; }
Names entity_metrics() { return {"f1", "precision", "recall", "macro_f1", "accuracy"}; }

PaperSettings paper(double learning_rate, int64_t batch_size, double dropout, int64_t steps, int64_t warmup_steps,
                    int64_t max_length) {
  return {learning_rate, batch_size, dropout, /*classifier_dropout=*/0.1, steps, warmup_steps, max_length};
}

// clang-format off

/// GLUE in the order of its paper.
void add_glue(std::vector<NamedTask>& tasks) {
  const auto add = [&](NamedTask task) { tasks.push_back(std::move(task)); };
  const ColumnMap sentences = pair("sentence1", "sentence2", "label");
  const std::vector<ColumnMap> mnli = {pair("sentence1", "sentence2", "gold_label"), pair("premise", "hypothesis", "label")};
  const PaperSettings mnli_paper = paper(3e-5, 128, 0, 10000, 1000, 512);
  constexpr auto kSkip = InvalidRows::skip;  // rows of the official QQP file are broken: Google's processor skips them, too
  add({"cola", sequence_classification, {single("sentence", "label")}, tsv({"source", "label", "mark", "sentence"}), binary(),
       "matthews_correlation", binary_metrics(), paper(1e-5, 16, 0, 5336, 320, 512), "CoLA.tsv"});
  add({"sst-2", sequence_classification, {single("sentence", "label")}, tsv(), binary(),
       "accuracy", binary_metrics(), paper(1e-5, 32, 0, 20935, 1256, 512), "SST-2.tsv"});
  add({"mrpc", sequence_classification, {pair("#1 String", "#2 String", "Quality")}, tsv(), binary(),
       "accuracy", binary_metrics(), paper(2e-5, 32, 0, 800, 200, 512), "MRPC.tsv"});
  add({"sts-b", regression, {pair("sentence1", "sentence2", "score")}, tsv(), {},
       "pearson", {"pearson", "spearman", "mean_squared_error"}, paper(2e-5, 16, 0, 3598, 214, 512), "STS-B.tsv"});
  add({"qqp", sequence_classification, {pair("question1", "question2", "is_duplicate")}, tsv({}, kSkip), binary(),
       "accuracy", binary_metrics(), paper(5e-5, 128, 0.1, 14000, 1000, 512), "QQP.tsv"});
  add({"mnli", sequence_classification, mnli, tsv(), inference(), "accuracy", class_metrics(), mnli_paper, "MNLI-m.tsv"});
  add({"mnli-mm", sequence_classification, mnli, tsv(), inference(), "accuracy", class_metrics(), mnli_paper, "MNLI-mm.tsv"});
  add({"qnli", sequence_classification, {pair("question", "sentence", "label")}, tsv(), entailment(),
       "accuracy", binary_metrics(), paper(1e-5, 32, 0, 33112, 1986, 512), "QNLI.tsv"});
  add({"rte", sequence_classification, {sentences}, tsv(pair_names()), entailment(),
       "accuracy", binary_metrics(), paper(3e-5, 32, 0.1, 800, 200, 512), "RTE.tsv"});
  add({"wnli", sequence_classification, {sentences}, tsv(pair_names()), binary(),
       "accuracy", binary_metrics(), paper(2e-5, 16, 0.1, 2000, 250, 512), "WNLI.tsv"});
  add({"ax", sequence_classification, {sentences}, tsv(), inference(), "matthews_correlation", class_metrics(), {}, "AX.tsv"});
}

void add_classification(std::vector<NamedTask>& tasks) {
  const auto add = [&](NamedTask task) { tasks.push_back(std::move(task)); };
  const ColumnMap trec = {.text = "text", .label = "label", .label_end = ":"};
  add({"ag-news", sequence_classification, {pair("2", "3", "1")}, in_format(FileFormat::csv), {"1", "2", "3", "4"},
       "accuracy", class_metrics()});
  add({"trec", sequence_classification, {trec}, in_format(FileFormat::labelled_lines, TextEncoding::latin1),
       {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"}, "accuracy", class_metrics()});
  add({"sms-spam", sequence_classification, {single("text", "label")}, tsv({"label", "text"}), {"ham", "spam"}, "f1", binary_metrics()});
  NamedTask clinc{"clinc150", sequence_classification, {single("1", "2")}, in_format(FileFormat::json), {},
                  "accuracy", {"accuracy", "macro_f1", "in_scope_accuracy", "out_of_scope_recall"}};
  clinc.out_of_scope = "oos";
  clinc.records = {.train = {"train", "oos_train"}, .validation = {"val", "oos_val"}, .test = {"test", "oos_test"}};
  add(std::move(clinc));
  add({"snips-intents", sequence_classification, {single("text", "label")}, in_format(FileFormat::snips), {}, "accuracy", class_metrics()});
}

void add_others(std::vector<NamedTask>& tasks) {
  const auto add = [&](NamedTask task) { tasks.push_back(std::move(task)); };
  const ColumnMap arc = {.question = "1", .options = {"2", "3", "4", "5"}, .answer = "6", .answer_form = AnswerForm::letter};
  const ColumnMap commonsense = {
      .id = "id", .question = "question", .options = {"choices.text"}, .answer = "answerKey", .answer_form = AnswerForm::letter};
  const ColumnMap piqa = {.question = "goal", .options = {"sol1", "sol2"}, .answer_form = AnswerForm::from_0};
  add({"squad", question_answering, {}, in_format(FileFormat::json), {},
       "f1", {"f1", "exact_match"}, paper(5e-5, 48, 0, 3649, 365, 384)});
  add({"squad2", question_answering, {}, in_format(FileFormat::json), {},
       "f1", {"f1", "exact_match"}, paper(3e-5, 48, 0, 8144, 814, 512), "", /*has_unanswerable=*/true});
  // With the v2 models: learning rate 1e-5 and dropout 0, else it diverges (README of google-research/albert).
  add({"race", multiple_choice, {}, in_format(FileFormat::race), {}, "accuracy", {"accuracy"}, paper(2e-5, 32, 0.1, 12000, 1000, 512)});
  add({"arc", multiple_choice, {arc}, in_format(FileFormat::csv), {}, "accuracy", {"accuracy"}});
  add({"commonsense-qa", multiple_choice, {commonsense}, in_format(FileFormat::jsonl), {}, "accuracy", {"accuracy"}});
  add({"piqa", multiple_choice, {piqa}, in_format(FileFormat::jsonl), {}, "accuracy", {"accuracy"}});
  add({"wnut17", token_classification, {}, in_format(FileFormat::conll), {}, "f1", entity_metrics()});
  add({"snips-slots", token_classification, {}, in_format(FileFormat::snips), {}, "f1", entity_metrics()});
  add({"ud-pos", token_classification, {}, in_format(FileFormat::conllu), {}, "accuracy", {"accuracy"}});
}

// clang-format on

std::vector<NamedTask> all_tasks() {
  std::vector<NamedTask> tasks;
  add_glue(tasks);
  add_classification(tasks);
  add_others(tasks);
  return tasks;
}

}  // namespace

std::span<const NamedTask> named_tasks() {
  static const std::vector<NamedTask> kTasks = all_tasks();
  return kTasks;
}

const NamedTask& find_task(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto tasks = named_tasks();
  const auto found = std::ranges::find(tasks, lower, &NamedTask::name);
  if (found != tasks.end()) return *found;
  std::vector<std::string> names;
  for (const NamedTask& task : tasks) names.push_back(task.name);
  throw ConfigError(fmt::format("task.name: expected one of {}, got {}; {}or describe the task by task.type",
                                listed(names, names.size()), in_quotes(name), suggestion(lower, names)));
}

DataFileConfig with_task_defaults(const DataFileConfig& file, const NamedTask& task) {
  DataFileConfig result = file;
  if (file.format == FileFormat::automatic) {
    const auto said = format_of_extension(file.path);
    // .txt says little: RACE and TREC have files of that name. RACE's records may be lines of JSON.
    const bool fits = !said || *said == FileFormat::text || (*said == FileFormat::jsonl && task.file.format == FileFormat::race);
    result.format = fits ? task.file.format : *said;
  }
  if (result.format != task.file.format) return result;
  if (file.header == HeaderRow::automatic) result.header = task.file.header;
  if (result.header != HeaderRow::present && file.column_names.empty()) result.column_names = task.file.column_names;
  if (file.quoting == Quoting::automatic) result.quoting = task.file.quoting;
  if (file.encoding == TextEncoding::utf8) result.encoding = task.file.encoding;
  if (file.invalid_rows == InvalidRows::error) result.invalid_rows = task.file.invalid_rows;
  return result;
}

}  // namespace albert
