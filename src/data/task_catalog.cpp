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

DataFileConfig json_of(Names records) {
  DataFileConfig file = in_format(FileFormat::json);
  file.records = std::move(records);
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

/// GLUE in the order of its server; paper settings: learning rate, batch, dropout, classifier dropout, steps, warm-up, length.
void add_glue(std::vector<NamedTask>& tasks) {
  const ColumnMap official = pair("sentence1", "sentence2", "gold_label");
  const ColumnMap csv_copy = pair("premise", "hypothesis", "label");
  const ColumnMap sentences = pair("sentence1", "sentence2", "label");
  const PaperSettings mnli{3e-5, 128, 0, 0.1, 10000, 1000, 512};
  const Names cola_names = {"source", "label", "mark", "sentence"};
  const Names glue_correlations = {"pearson", "spearman", "mean_squared_error"};
  // Rows of the official QQP file are broken: Google's processor skips them, too.
  constexpr auto kSkip = InvalidRows::skip;
  tasks.insert(tasks.end(), {{"cola",
                              sequence_classification,
                              {single("sentence", "label")},
                              tsv(cola_names),
                              binary(),
                              "matthews_correlation",
                              binary_metrics(),
                              PaperSettings{1e-5, 16, 0, 0.1, 5336, 320, 512},
                              "CoLA.tsv"},
                             {"sst-2",
                              sequence_classification,
                              {single("sentence", "label")},
                              tsv(),
                              binary(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{1e-5, 32, 0, 0.1, 20935, 1256, 512},
                              "SST-2.tsv"},
                             {"mrpc",
                              sequence_classification,
                              {pair("#1 String", "#2 String", "Quality")},
                              tsv(),
                              binary(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{2e-5, 32, 0, 0.1, 800, 200, 512},
                              "MRPC.tsv"},
                             {"sts-b",
                              regression,
                              {pair("sentence1", "sentence2", "score")},
                              tsv(),
                              {},
                              "pearson",
                              glue_correlations,
                              PaperSettings{2e-5, 16, 0, 0.1, 3598, 214, 512},
                              "STS-B.tsv"},
                             {"qqp",
                              sequence_classification,
                              {pair("question1", "question2", "is_duplicate")},
                              tsv({}, kSkip),
                              binary(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{5e-5, 128, 0.1, 0.1, 14000, 1000, 512},
                              "QQP.tsv"},
                             {"mnli",
                              sequence_classification,
                              {official, csv_copy},
                              tsv(),
                              inference(),
                              "accuracy",
                              class_metrics(),
                              mnli,
                              "MNLI-m.tsv"},
                             {"mnli-mm",
                              sequence_classification,
                              {official, csv_copy},
                              tsv(),
                              inference(),
                              "accuracy",
                              class_metrics(),
                              mnli,
                              "MNLI-mm.tsv"},
                             {"qnli",
                              sequence_classification,
                              {pair("question", "sentence", "label")},
                              tsv(),
                              entailment(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{1e-5, 32, 0, 0.1, 33112, 1986, 512},
                              "QNLI.tsv"},
                             {"rte",
                              sequence_classification,
                              {sentences},
                              tsv(pair_names()),
                              entailment(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{3e-5, 32, 0.1, 0.1, 800, 200, 512},
                              "RTE.tsv"},
                             {"wnli",
                              sequence_classification,
                              {sentences},
                              tsv(pair_names()),
                              binary(),
                              "accuracy",
                              binary_metrics(),
                              PaperSettings{2e-5, 16, 0.1, 0.1, 2000, 250, 512},
                              "WNLI.tsv"},
                             {"ax",
                              sequence_classification,
                              {sentences},
                              tsv(),
                              inference(),
                              "matthews_correlation",
                              class_metrics(),
                              std::nullopt,
                              "AX.tsv"}});
}

void add_classification(std::vector<NamedTask>& tasks) {
  const ColumnMap ag_news = {.text = "2", .text_pair = "3", .label = "1"};
  const ColumnMap trec = {.text = "text", .label = "label", .label_end = ":"};
  const Names trec_labels = {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"};
  const Names intent_metrics = {"accuracy", "macro_f1", "in_scope_accuracy", "out_of_scope_recall"};
  tasks.insert(tasks.end(),
               {{"ag-news",
                 sequence_classification,
                 {ag_news},
                 in_format(FileFormat::csv),
                 {"1", "2", "3", "4"},
                 "accuracy",
                 class_metrics()},
                {"trec",
                 sequence_classification,
                 {trec},
                 in_format(FileFormat::labelled_lines, TextEncoding::latin1),
                 trec_labels,
                 "accuracy",
                 class_metrics()},
                {"sms-spam",
                 sequence_classification,
                 {single("text", "label")},
                 tsv({"label", "text"}),
                 {"ham", "spam"},
                 "f1",
                 binary_metrics()},
                {"clinc150", sequence_classification, {single("1", "2")}, json_of({"train"}), {}, "accuracy", intent_metrics},
                {"snips-intents",
                 sequence_classification,
                 {single("text", "label")},
                 in_format(FileFormat::snips),
                 {},
                 "accuracy",
                 class_metrics()}});
}

void add_others(std::vector<NamedTask>& tasks) {
  const Names qa_metrics = {"f1", "exact_match"};
  const ColumnMap race{};
  const ColumnMap arc = {.question = "1", .options = {"2", "3", "4", "5"}, .answer = "6", .answer_form = AnswerForm::letter};
  const ColumnMap commonsense = {
      .id = "id", .question = "question", .options = {"choices.text"}, .answer = "answerKey", .answer_form = AnswerForm::letter};
  const ColumnMap piqa = {.question = "goal", .options = {"sol1", "sol2"}, .answer_form = AnswerForm::from_0};
  // RACE with the v2 models: learning rate 1e-5 and dropout 0, else it diverges (README of google-research/albert).
  tasks.insert(
      tasks.end(),
      {{"squad",
        question_answering,
        {},
        in_format(FileFormat::json),
        {},
        "f1",
        qa_metrics,
        PaperSettings{5e-5, 48, 0, 0.1, 3649, 365, 384}},
       {"squad2",
        question_answering,
        {},
        in_format(FileFormat::json),
        {},
        "f1",
        qa_metrics,
        PaperSettings{3e-5, 48, 0, 0.1, 8144, 814, 512},
        "",
        /*has_unanswerable=*/true},
       {"race",
        multiple_choice,
        {race},
        in_format(FileFormat::race),
        {},
        "accuracy",
        {"accuracy"},
        PaperSettings{2e-5, 32, 0.1, 0.1, 12000, 1000, 512}},
       {"arc", multiple_choice, {arc}, in_format(FileFormat::csv), {}, "accuracy", {"accuracy"}},
       {"commonsense-qa", multiple_choice, {commonsense}, in_format(FileFormat::jsonl), {}, "accuracy", {"accuracy"}},
       {"piqa", multiple_choice, {piqa}, in_format(FileFormat::jsonl), {}, "accuracy", {"accuracy"}},
       {"wnut17", token_classification, {{}}, in_format(FileFormat::conll), {}, "f1", entity_metrics()},
       {"snips-slots", token_classification, {{}}, in_format(FileFormat::snips), {}, "f1", entity_metrics()},
       {"ud-pos", token_classification, {{.tag = "upos"}}, in_format(FileFormat::conllu), {}, "accuracy", {"accuracy"}}});
}

std::vector<NamedTask> all_tasks() {
  std::vector<NamedTask> tasks;
  add_glue(tasks);
  add_classification(tasks);
  add_others(tasks);
  return tasks;
}

}  // namespace

std::span<const NamedTask> named_tasks() {
  static const std::vector<NamedTask> tasks = all_tasks();
  return tasks;
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
    // .txt says little: RACE and TREC have files of that name.
    result.format = said && *said != FileFormat::text ? *said : task.file.format;
  }
  if (result.format != task.file.format) return result;
  if (file.header == HeaderRow::automatic) result.header = task.file.header;
  if (result.header != HeaderRow::present && file.column_names.empty()) result.column_names = task.file.column_names;
  if (file.quoting == Quoting::automatic) result.quoting = task.file.quoting;
  if (file.encoding == TextEncoding::utf8) result.encoding = task.file.encoding;
  if (file.invalid_rows == InvalidRows::error) result.invalid_rows = task.file.invalid_rows;
  if (file.records.empty()) result.records = task.file.records;
  return result;
}

}  // namespace albert
