#include "option_text.h"
#include "quoted.h"

#include <albert/base/error.h>
#include <albert/data/labelled_rows.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace albert {
namespace {

// Places of the wanted columns; the pair and the id come last, where they are wanted at all.
constexpr size_t kText = 0;
constexpr size_t kLabel = 1;

std::vector<WantedColumn> wanted_columns(const LabelledRowOptions& options) {
  const ColumnMap& columns = options.columns;
  // Without labels the second column is the first again: the places stay the same.
  const std::string text = columns.text.value_or("text");
  std::vector<WantedColumn> wanted = {{text}, {options.label == LabelKind::none ? text : columns.label.value_or("label")}};
  if (columns.text_pair) wanted.push_back({*columns.text_pair});
  if (columns.id) wanted.push_back({*columns.id});
  return wanted;
}

std::string not_text(const Cell& cell, std::string_view what, OptionNames names) {
  if (cell.is_missing) return fmt::format("expected {}, got null; correct the row, or set {}", what, option_text(names, "invalid_rows", "skip"));
  return fmt::format("expected {}, got a list; name a column of text", what);
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// The labels of a field or list, without what follows `label_end`.
std::vector<std::string> labels_of(const Cell& cell, const ColumnMap& columns, LabelKind kind) {
  std::vector<std::string> parts = cell.items;
  if (!cell.is_list) {
    std::string_view rest = cell.text;
    const bool is_split = kind == LabelKind::multi && !columns.label_separator.empty();
    size_t end = is_split ? rest.find(columns.label_separator) : std::string_view::npos;
    while (end != std::string_view::npos) {
      parts.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + columns.label_separator.size());
      end = rest.find(columns.label_separator);
    }
    if (kind == LabelKind::single || !parts.empty() || !trimmed(rest).empty()) parts.emplace_back(rest);
  }
  for (std::string& part : parts) {
    const size_t end = columns.label_end.empty() ? std::string::npos : part.find(columns.label_end);
    part = trimmed(std::string_view(part).substr(0, end));
  }
  return parts;
}

}  // namespace

LabelVocabulary::LabelVocabulary(std::vector<std::string> names) : names_(std::move(names)) {
  if (names_.size() < 2)
    throw ConfigError(fmt::format("task.labels: expected at least two labels, got {}; name all of them", names_.size()));
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty()) throw ConfigError("task.labels: expected names, got an empty one; name all labels");
    if (!index_.emplace(names_[i], static_cast<int64_t>(i)).second) {
      throw ConfigError(fmt::format("task.labels: expected each label once, got {} twice; remove one", in_quotes(names_[i])));
    }
  }
}

LabelVocabulary LabelVocabulary::found_in(std::span<const LabelledRow> rows, const std::string& file) {
  std::set<std::string> found;  // bytes of UTF-8 sort as code points do
  for (const LabelledRow& row : rows) found.insert(row.labels.begin(), row.labels.end());
  if (found.size() < 2) {
    throw DataError(
        fmt::format("{}: expected at least two labels, got {}; check the label column, or name all labels in task.labels", file,
                    found.empty() ? std::string("none") : "only " + in_quotes(*found.begin())));
  }
  return LabelVocabulary({found.begin(), found.end()});
}

std::optional<int64_t> LabelVocabulary::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

std::string LabelVocabulary::list() const { return listed(names_); }

LabelledRowReader::LabelledRowReader(const DataFileConfig& file, const LabelledRowOptions& options)
    : options_(options), option_names_(file.option_names), table_(file, wanted_columns(options)) {}

bool LabelledRowReader::next(LabelledRow& row) {
  while (table_.next(cells_)) {
    const std::string problem = fill(cells_, row);
    if (problem.empty()) return true;
    table_.refuse(cells_, problem);
  }
  return false;
}

std::string LabelledRowReader::fill(const TableRow& from, LabelledRow& row) const {
  row = {};
  row.line = from.line;
  row.id = std::to_string(from.index);
  const Cell& text = from.cells[kText];
  if (text.is_missing || text.is_list) return not_text(text, "a text", option_names_);
  row.text_a = text.text;
  size_t next = kLabel + 1;
  row.has_b = options_.columns.text_pair.has_value();
  if (row.has_b) {
    const Cell& pair = from.cells[next++];
    if (pair.is_missing || pair.is_list) return not_text(pair, "a second text", option_names_);
    row.text_b = pair.text;
  }
  if (options_.columns.id) {
    const Cell& id = from.cells[next];
    if (id.is_missing || id.is_list) return not_text(id, "an id", option_names_);
    row.id = id.text;
  }
  return options_.label == LabelKind::none ? std::string() : fill_label(from.cells[kLabel], row);
}

std::string LabelledRowReader::fill_label(const Cell& cell, LabelledRow& row) const {
  if (cell.is_missing) return not_text(cell, "a label", option_names_);
  if (cell.is_list && options_.label != LabelKind::multi) return not_text(cell, "one label", option_names_);
  if (options_.label == LabelKind::number) {
    row.value = number_of(trimmed(cell.text));
    return row.value
               ? ""
               : fmt::format("expected a number as label, got {}; correct the row, or set columns.label", in_quotes(cell.text));
  }
  for (std::string& label : labels_of(cell, options_.columns, options_.label)) {
    if (label.empty()) return "expected a label, got an empty one; correct the row, or set columns.label";
    const bool is_known =
        options_.known_labels == nullptr || options_.known_labels->find(label) || label == options_.out_of_scope_label;
    if (!is_known) return unknown_label(label);
    if (std::ranges::find(row.labels, label) == row.labels.end()) row.labels.push_back(std::move(label));
  }
  return {};
}

std::string LabelledRowReader::unknown_label(const std::string& label) const {
  const LabelVocabulary& known = *options_.known_labels;
  return fmt::format("expected one of the labels {}, got {}; {}correct the row, or set task.labels", known.list(),
                     in_quotes(label), suggestion(label, known.names()));
}

LabelledRows read_labelled_rows(const DataFileConfig& file, const LabelledRowOptions& options) {
  LabelledRowReader reader(file, options);
  LabelledRows result;
  LabelledRow row;
  while (reader.next(row)) result.rows.push_back(std::move(row));
  result.skipped = reader.skipped();
  return result;
}

}  // namespace albert
