// Options of a file of labelled data, and of the columns in it: the values of data.train, data.validation, data.test and
// task.columns.
//
//   data:
//     train: {path: train.tsv}
//     test: {path: test.csv, encoding: latin-1, invalid_rows: skip}
//   task:
//     columns: {text: sentence, label: label}
#pragma once

#include <albert/config/fields.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// How a file is read.
enum class FileFormat {
  automatic,       ///< by extension, .gz and .zst left out: .csv, .tsv, .jsonl, .json, .txt, .conll, .conllu
  csv,             ///< RFC 4180
  tsv,             ///< separated by tabs; quotes are literal, as in GLUE
  jsonl,           ///< one JSON object a line
  json,            ///< one JSON document: SQuAD, or a list of records (`records` names its key)
  text,            ///< one text a line, in the column "text"; an empty line is a row. Token classification: words parted by blanks
  text_pairs,      ///< two texts a line, columns "text" and "text_pair", parted by a tab; an empty line is two empty texts
  labelled_lines,  ///< columns "label" and "text", parted by the first blank of the line (TREC)
  conll,           ///< one word a line, its columns parted by tabs or blanks; an empty line ends a sentence
  conllu,          ///< CoNLL-U of Universal Dependencies
  snips,           ///< a folder with the aligned files seq.in, seq.out and label
  race,            ///< RACE: its folders, Google's all.txt, or jsonl
};
constexpr auto enum_names(config::EnumTag<FileFormat>) {
  return config::names<FileFormat>({{FileFormat::automatic, "auto"},
                                    {FileFormat::csv, "csv"},
                                    {FileFormat::tsv, "tsv"},
                                    {FileFormat::jsonl, "jsonl"},
                                    {FileFormat::json, "json"},
                                    {FileFormat::text, "text"},
                                    {FileFormat::text_pairs, "text_pairs"},
                                    {FileFormat::labelled_lines, "labelled_lines"},
                                    {FileFormat::conll, "conll"},
                                    {FileFormat::conllu, "conllu"},
                                    {FileFormat::snips, "snips"},
                                    {FileFormat::race, "race"}});
}

/// Whether the first row names the columns.
enum class HeaderRow {
  automatic,  ///< it does where it holds every name that is asked for; a file whose columns are all asked for by number has none
  present,
  absent,
};
constexpr auto enum_names(config::EnumTag<HeaderRow>) {
  return config::names<HeaderRow>(
      {{HeaderRow::automatic, "auto"}, {HeaderRow::present, "present"}, {HeaderRow::absent, "absent"}});
}

/// What a double quote means.
enum class Quoting {
  automatic,  ///< csv: as RFC 4180; tsv: nothing
  csv,   ///< a field that begins with a quote ends with the next single one; "" is a quote; separators and line breaks inside are
         ///< text
  none,  ///< a quote is text
};
constexpr auto enum_names(config::EnumTag<Quoting>) {
  return config::names<Quoting>({{Quoting::automatic, "auto"}, {Quoting::csv, "csv"}, {Quoting::none, "none"}});
}

/// Encoding of the bytes of a file.
enum class TextEncoding {
  utf8,
  latin1,  ///< ISO 8859-1: every byte is the character of that number
  utf16,   ///< either byte order; the byte-order mark must be there
};
constexpr auto enum_names(config::EnumTag<TextEncoding>) {
  return config::names<TextEncoding>(
      {{TextEncoding::utf8, "utf-8"}, {TextEncoding::latin1, "latin-1"}, {TextEncoding::utf16, "utf-16"}});
}

/// What the answer of a multiple-choice question looks like.
enum class AnswerForm {
  automatic,  ///< what most rows of the file have; numbers are from 0 where a 0 is among them
  letter,     ///< A is the first option; small letters, and numbers from 1 between letters (ARC), are understood
  from_0,
  from_1,
  text,  ///< the option itself
};
constexpr auto enum_names(config::EnumTag<AnswerForm>) {
  return config::names<AnswerForm>({{AnswerForm::automatic, "auto"},
                                    {AnswerForm::letter, "letter"},
                                    {AnswerForm::from_0, "from_0"},
                                    {AnswerForm::from_1, "from_1"},
                                    {AnswerForm::text, "text"}});
}

/// What happens to a row that is not as described: too many or few columns, bytes of another encoding, a label that is not known.
enum class InvalidRows {
  error,  ///< stop; names file and line
  skip,   ///< leave the row out and count it
};
constexpr auto enum_names(config::EnumTag<InvalidRows>) {
  return config::names<InvalidRows>({{InvalidRows::error, "error"}, {InvalidRows::skip, "skip"}});
}

/// Whose options a file is read by, and so how errors call them.
enum class OptionNames {
  configuration,  ///< encoding: latin-1
  command_line,   ///< --encoding latin-1, those of `albert predict`
};

/// A path that stands for the standard input of the process, wherever it comes from; it is read from where it stands.
inline constexpr std::string_view kStandardInput = "/dev/stdin";

/// What the extension of a name says, .gz and .zst left out.
std::optional<FileFormat> format_of_extension(const std::filesystem::path& path);

/// A file (or folder) of labelled data.
struct DataFileConfig {
  std::filesystem::path path;
  FileFormat format = FileFormat::automatic;
  HeaderRow header = HeaderRow::automatic;
  std::vector<std::string> column_names;
  std::string separator;
  Quoting quoting = Quoting::automatic;
  TextEncoding encoding = TextEncoding::utf8;
  InvalidRows invalid_rows = InvalidRows::error;
  std::vector<std::string> records;
  std::filesystem::path labels;
  OptionNames option_names = OptionNames::configuration;  ///< not an option itself

  void validate(config::Issues& issues) const;
  /// `format`, or what the extension says. Throws ConfigError that names `path` where it says nothing.
  [[nodiscard]] FileFormat resolved_format() const;
};
template <config::Self<DataFileConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"path", "file; .gz and .zst are decompressed; snips and race: a folder", {}, config::Presence::required}, c.path);
  visit(Field{"format",
              "auto (by extension), csv, tsv (quotes are literal), jsonl (one object a line), json, text (one a line), "
              "text_pairs (two a line, parted by a tab), "
              "labelled_lines (label, blank, text), conll, conllu, snips or race"},
        c.format);
  visit(Field{"header", "whether the first row names the columns; auto: where it holds every name that is asked for"}, c.header);
  visit(Field{"column_names", "names of the columns of a csv or tsv file that has no header"}, c.column_names);
  visit(Field{"separator", "one character between columns; empty: the comma of csv, the tab of tsv"}, c.separator);
  visit(Field{"quoting", "csv: quotes hold separators and line breaks; none: quotes are text; auto: by format"}, c.quoting);
  visit(Field{"encoding", "utf-8, latin-1 or utf-16 (with byte-order mark)"}, c.encoding);
  visit(Field{"invalid_rows", "error: stop at the first row that is not as described; skip: leave it out and count it"},
        c.invalid_rows);
  visit(Field{"records", "json: keys of the lists of records, read one after the other; empty: the document is the list (clinc150: the lists of "
              "the part: val and oos_val for data.validation)"},
        c.records);
  visit(Field{"labels", "file of one label a line, the column \"label\" of a file that has none (SNIPS, PIQA)"}, c.labels);
}

/// Where the parts of an example stand: names of the header, keys of JSON ("choices.text" is the key text in choices), or
/// numbers from 1. Null is the task's own column, or none.
struct ColumnMap {
  std::optional<std::string> text{};       ///< classification, regression; default "text"
  std::optional<std::string> text_pair{};  ///< second text; default none
  std::optional<std::string> label{};      ///< default "label"
  std::optional<std::string> id{};         ///< default none
  std::optional<std::string> token{};      ///< words of token classification; default: the first column, CoNLL-U: form
  std::optional<std::string> tag{};        ///< tags of token classification; default: the last column, CoNLL-U: upos
  std::optional<std::string> context{};    ///< multiple choice; default none
  std::optional<std::string> question{};   ///< multiple choice; default "question"
  std::vector<std::string> options{};      ///< multiple choice: one column each, or one that is a list; default "options"
  std::optional<std::string> answer{};     ///< multiple choice; default "answer"
  AnswerForm answer_form = AnswerForm::automatic;
  std::string label_separator{};  ///< between the labels of one field; empty: a field is one label
  std::string label_end{};        ///< a label ends before this text (TREC: ":"); empty: it is the whole field

  /// This map, with the columns of `defaults` where it has none.
  [[nodiscard]] ColumnMap or_else(const ColumnMap& defaults) const;
  bool operator==(const ColumnMap&) const = default;
};
template <config::Self<ColumnMap> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"text", "column of the text: a name of the header, a key of JSON, or a number from 1; null: \"text\""}, c.text);
  visit(Field{"text_pair", "column of the second text of a pair; null: none"}, c.text_pair);
  visit(Field{"label", "column of the label or number; null: \"label\""}, c.label);
  visit(Field{"id", "column of an identifier that predictions repeat; null: the number of the row, from 0"}, c.id);
  visit(Field{"token", "token classification: column of the words; null: the first, of CoNLL-U the form"}, c.token);
  visit(Field{"tag", "token classification: column of the tags; null: the last, of CoNLL-U upos"}, c.tag);
  visit(Field{"context", "multiple choice: column of the passage; null: none"}, c.context);
  visit(Field{"question", "multiple choice: column of the question; null: \"question\""}, c.question);
  visit(Field{"options", "multiple choice: a column for each option, or one that holds a list; empty: \"options\""}, c.options);
  visit(Field{"answer", "multiple choice: column of the answer; null: \"answer\""}, c.answer);
  visit(
      Field{"answer_form", "what the answer is: letter, from_0, from_1 (a number), text (of the option), or auto: as most rows"},
      c.answer_form);
  visit(Field{"label_separator", "text between the labels of one field, for multi-label data; empty: one label a field"},
        c.label_separator);
  visit(Field{"label_end", "a label ends before this text (TREC's coarse classes: \":\"); empty: the whole field is the label"},
        c.label_end);
}

}  // namespace albert
