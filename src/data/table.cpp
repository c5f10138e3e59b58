#include "option_text.h"
#include "quoted.h"
#include "row_source.h"
#include "text_lines.h"

#include <albert/base/error.h>
#include <albert/data/table.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace albert {
namespace {

constexpr std::string_view kLabelColumn = "label";

std::unique_ptr<RowSource> open_rows(const DataFileConfig& file, std::vector<WantedColumn> wanted) {
  switch (file.resolved_format()) {
    case FileFormat::csv:
    case FileFormat::tsv:
    case FileFormat::text:
    case FileFormat::text_pairs:
    case FileFormat::labelled_lines:
      return open_separated_rows(file, std::move(wanted));
    case FileFormat::jsonl:
    case FileFormat::json:
      return open_json_rows(file, std::move(wanted));
    default:
      throw ConfigError(
          fmt::format("{}: expected a table (csv, tsv, jsonl, json, text, text_pairs, labelled_lines), got format {}; set {}, or "
                      "the type of the task",
                      file.path.string(), config::enum_name(file.resolved_format()), option_text(file.option_names, "format")));
  }
}

/// The texts and labels of a SNIPS folder are a text file and its labels.
DataFileConfig without_folder(const DataFileConfig& file) {
  if (file.format != FileFormat::snips) return file;
  DataFileConfig texts = file;
  texts.path = file.path / "seq.in";
  texts.labels = file.path / "label";
  texts.format = FileFormat::text;
  return texts;
}

}  // namespace

struct TableReader::Impl {
  Impl(const DataFileConfig& file, std::vector<WantedColumn> wanted) : name(file.path.string()), policy(file.invalid_rows) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      const bool is_aligned = !file.labels.empty() && wanted[i].name == kLabelColumn;
      if (is_aligned) {
        label_at = i;
      } else {
        from_source.push_back(i);
      }
    }
    if (label_at) labels.emplace(file.labels, file, kMaximumRecordBytes);
    num_wanted = wanted.size();
    if (label_at) wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(*label_at));
    source = open_rows(file, std::move(wanted));
  }

  /// Takes the row's line of the file of labels.
  void add_label(TableRow& row, std::string& problem) {
    if (!labels->next(label_line)) {
      throw DataError(fmt::format("{}: expected a label for each row of {}, got only {}; give the labels of this file",
                                  labels->name(), name, row.index));
    }
    if (problem.empty()) problem = label_line.problem;
    if (!problem.empty()) return;
    row.cells.insert(row.cells.begin() + static_cast<std::ptrdiff_t>(*label_at),
                     Cell{.text = std::string(trimmed(label_line.text))});
  }

  void check_end() {
    while (labels && labels->next(label_line)) {
      if (trimmed(label_line.text).empty()) continue;
      throw DataError(fmt::format("{}: expected {} labels, one for each row of {}, got more; give the labels of this file",
                                  labels->where(), num_records, name));
    }
    if (num_rows > 0) return;
    const SkippedRows& skipped = policy.skipped();
    throw DataError(skipped.count == 0
                        ? fmt::format("{}: expected at least one row, got {}; check the file", name, source->empty_file())
                        : fmt::format("{}: expected at least one good row, got {} that were left out; the first: {}", name,
                                      skipped.count, skipped.first.front()));
  }

  std::string name;
  RowPolicy policy;
  std::unique_ptr<RowSource> source{};
  std::optional<size_t> label_at{};
  std::vector<size_t> from_source{};  // index of each of the source's columns in the wanted ones
  size_t num_wanted = 0;
  std::optional<TextLines> labels{};
  TextLine label_line{};
  int64_t num_rows = 0;
  int64_t num_records = 0;
};

TableReader::TableReader(const DataFileConfig& file, std::vector<WantedColumn> wanted)
    : impl_(std::make_unique<Impl>(without_folder(file), std::move(wanted))) {}
TableReader::~TableReader() = default;

bool TableReader::next(TableRow& row) {
  std::string problem;
  while (impl_->source->next(row, problem)) {
    ++impl_->num_records;
    if (impl_->labels) impl_->add_label(row, problem);
    if (problem.empty()) {
      ++impl_->num_rows;
      return true;
    }
    impl_->policy.refuse(problem);
  }
  impl_->check_end();
  return false;
}

void TableReader::refuse(const TableRow& row, const std::string& problem) {
  --impl_->num_rows;
  impl_->policy.refuse(fmt::format("{}: {}", where(row), problem));
}

bool TableReader::has_column(size_t wanted_index) const {
  if (impl_->label_at == wanted_index) return true;
  const auto found = std::ranges::find(impl_->from_source, wanted_index);
  ALBERT_CHECK(found != impl_->from_source.end(), "column {} of {}", wanted_index, impl_->num_wanted);
  return impl_->source->has_column(static_cast<size_t>(found - impl_->from_source.begin()));
}

const std::vector<std::string>& TableReader::column_names() const { return impl_->source->column_names(); }
std::string TableReader::where(const TableRow& row) const { return impl_->source->where(row); }
const SkippedRows& TableReader::skipped() const { return impl_->policy.skipped(); }
int64_t TableReader::num_rows() const { return impl_->num_rows; }

const ColumnMap& choose_layout(const DataFileConfig& file, const std::vector<ColumnMap>& layouts) {
  ALBERT_CHECK(!layouts.empty(), "a task without columns");
  std::error_code error;
  const FileFormat format = file.resolved_format();
  const bool has_columns = format == FileFormat::csv || format == FileFormat::tsv;
  const bool can_look = file.path != kStandardInput && std::filesystem::is_regular_file(file.path, error);
  if (!has_columns || layouts.size() == 1 || !can_look) return layouts.front();
  for (const ColumnMap& layout : layouts) {
    std::vector<WantedColumn> wanted;
    for (const auto& column : {layout.text, layout.text_pair, layout.question}) {
      if (column) wanted.push_back({*column, /*is_optional=*/true});
    }
    const TableReader table(file, wanted);
    bool fits = true;
    for (size_t i = 0; i < wanted.size(); ++i) fits = fits && table.has_column(i);
    if (fits) return layout;
  }
  return layouts.front();
}

}  // namespace albert
