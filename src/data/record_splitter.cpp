#include "option_text.h"
#include "record_splitter.h"

#include <albert/base/error.h>
#include <albert/data/table.h>

namespace albert {
namespace {

char separator_of(const DataFileConfig& file, FileFormat format) {
  if (file.separator.size() == 1) return file.separator[0];
  return format == FileFormat::csv ? ',' : '\t';
}

bool quotes_of(const DataFileConfig& file, FileFormat format) {
  return file.quoting == Quoting::automatic ? format == FileFormat::csv : file.quoting == Quoting::csv;
}

}  // namespace

RecordSplitter::RecordSplitter(const DataFileConfig& file)
    : lines_(file.path, file, kMaximumRecordBytes),
      option_names_(file.option_names),
      format_(file.resolved_format()),
      separator_(separator_of(file, format_)),
      is_quoting_(quotes_of(file, format_)) {}

bool RecordSplitter::next(SplitRecord& record) {
  do {
    if (!lines_.next(line_)) return false;
  } while (line_.text.empty() && format_ != FileFormat::text && format_ != FileFormat::text_pairs);
  record.fields.clear();
  record.line = lines_.line_number();
  record.problem = line_.problem;
  if (format_ == FileFormat::text) {
    record.fields.emplace_back(line_.text);
  } else if (format_ == FileFormat::text_pairs && line_.text.empty()) {
    record.fields.resize(2);
  } else if (format_ == FileFormat::labelled_lines) {
    split_label(line_.text, record);
  } else if (is_quoting_) {
    split_quoted(record);
  } else {
    split_plain(line_.text, record);
  }
  return true;
}

void RecordSplitter::split_plain(std::string_view text, SplitRecord& record) const {
  for (;;) {
    const size_t end = text.find(separator_);
    record.fields.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void RecordSplitter::split_label(std::string_view text, SplitRecord& record) const {
  const size_t end = text.find_first_of(" \t");
  if (end == std::string_view::npos || end == 0) {
    if (record.problem.empty()) {
      record.problem = fmt::format("{}: expected a label, a blank and a text, got {}; correct the row, or set {}", lines_.where(),
                                   end == 0 ? "a blank first" : "one word", option_text(option_names_, "invalid_rows", "skip"));
    }
    return;
  }
  record.fields.emplace_back(text.substr(0, end));
  record.fields.emplace_back(text.substr(end + 1));
}

void RecordSplitter::split_quoted(SplitRecord& record) {
  std::string_view rest = line_.text;
  while (take_field(rest, record)) {
  }
}

bool RecordSplitter::take_field(std::string_view& rest, SplitRecord& record) {
  record.fields.emplace_back();
  const bool is_quoted = rest.starts_with('"');
  if (is_quoted) take_quoted(rest, record);
  const size_t end = rest.find(separator_);
  const std::string_view unquoted = rest.substr(0, end);
  if (is_quoted && !unquoted.empty() && record.problem.empty()) {
    record.problem = fmt::format(
        "{}: expected {} after the closing quote of field {}, got other text; double the quotes inside the field, "
        "or set {}",
        lines_.where(), separator_ == '\t' ? "a tab" : fmt::format("\"{}\"", separator_), record.fields.size(),
        option_text(option_names_, "quoting", "none"));
  }
  record.fields.back().append(unquoted);
  if (end == std::string_view::npos) return false;
  rest.remove_prefix(end + 1);
  return true;
}

void RecordSplitter::take_quoted(std::string_view& rest, SplitRecord& record) {
  const int64_t opened_at = lines_.line_number();
  const size_t column = line_.text.size() - rest.size() + 1;
  const size_t number = record.fields.size();
  std::string& field = record.fields.back();
  rest.remove_prefix(1);
  for (;;) {
    const size_t quote = rest.find('"');
    field.append(rest.substr(0, quote));
    if (quote != std::string_view::npos) {
      rest.remove_prefix(quote + 1);
      if (!rest.starts_with('"')) return;
      field += '"';
      rest.remove_prefix(1);
      continue;
    }
    const bool has_next = field.size() < kMaximumRecordBytes && lines_.next(line_);
    if (!has_next) {
      throw DataError(
          fmt::format("{}:{}:{}: expected an end of the quoted field {} that begins here, got {}; close the quote, double "
                      "quotes that are text, or set {}",
                      lines_.name(), opened_at, column, number,
                      field.size() < kMaximumRecordBytes ? std::string("the end of the file")
                                                         : fmt::format("more than {} bytes", kMaximumRecordBytes),
                      option_text(option_names_, "quoting", "none")));
    }
    if (record.problem.empty()) record.problem = line_.problem;
    field += '\n';
    rest = line_.text;
  }
}

}  // namespace albert
