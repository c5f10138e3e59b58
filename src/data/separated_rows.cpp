#include "option_text.h"
#include "quoted.h"
#include "record_splitter.h"
#include "row_source.h"

#include <albert/base/error.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace albert {
namespace {

constexpr size_t kNotThere = SIZE_MAX;

/// Names are short; other first rows are data, which an error text must not repeat.
bool look_like_names(const std::vector<std::string>& fields) {
  return std::ranges::all_of(fields,
                             [](const std::string& field) { return field.size() <= 32 && std::ranges::count(field, ' ') <= 2; });
}

class SeparatedRows final : public RowSource {
 public:
  SeparatedRows(const DataFileConfig& file, std::vector<WantedColumn> wanted)
      : file_(file), format_(file.resolved_format()), wanted_(std::move(wanted)), records_(file) {
    if (records_.next(first_)) find_columns();
  }

  bool next(TableRow& row, std::string& problem) override {
    if (has_first_) {
      std::swap(record_, first_);
      has_first_ = false;
    } else if (is_empty_ || !records_.next(record_)) {
      return false;
    }
    row.line = record_.line;
    row.index = num_records_++;
    problem = record_.problem;
    if (problem.empty() && record_.fields.size() != num_columns_) problem = ragged();
    if (problem.empty()) fill(row);
    return true;
  }

  [[nodiscard]] std::string where(const TableRow& row) const override { return fmt::format("{}:{}", records_.name(), row.line); }
  [[nodiscard]] bool has_column(size_t wanted_index) const override { return positions_[wanted_index] != kNotThere; }
  [[nodiscard]] const std::vector<std::string>& column_names() const override { return names_; }
  [[nodiscard]] std::string empty_file() const override { return is_empty_ ? "an empty file" : "a header only"; }

 private:
  [[nodiscard]] std::string option(std::string_view key, std::string_view value = {}) const { return option_text(file_.option_names, key, value); }

  [[nodiscard]] std::string ragged() const {
    return fmt::format("{}:{}: expected {} columns, got {}; correct the row, or set {}", records_.name(), record_.line,
                       num_columns_, record_.fields.size(), option("invalid_rows", "skip"));
  }

  void fill(TableRow& row) {
    row.cells.resize(positions_.size());
    for (size_t i = 0; i < positions_.size(); ++i) {
      Cell& cell = row.cells[i];
      cell.is_missing = positions_[i] == kNotThere;
      // A column may be wanted twice.
      cell.text = cell.is_missing ? std::string() : record_.fields[positions_[i]];
    }
  }

  void find_columns() {
    is_empty_ = false;
    has_first_ = !is_header();
    // Rows of a broken first record are counted by the names, or by what is left of it.
    if (!has_first_) {
      if (!first_.problem.empty()) throw DataError(first_.problem);
      names_ = first_.fields;
      check_names();
    }
    num_columns_ = names_.empty() ? first_.fields.size() : names_.size();
    for (const WantedColumn& column : wanted_) positions_.push_back(position_of(column));
  }

  /// Decides by HeaderRow's rules; sets the names of a file that has none in itself.
  bool is_header() {
    if (format_ == FileFormat::text) names_ = {"text"};
    if (format_ == FileFormat::text_pairs) names_ = {"text", "text_pair"};
    if (format_ == FileFormat::labelled_lines) names_ = {"label", "text"};
    if (!names_.empty()) return false;
    if (file_.header == HeaderRow::present) return true;
    if (file_.header == HeaderRow::automatic && holds_wanted_names()) return true;
    names_ = file_.column_names;
    if (names_.empty() && file_.header == HeaderRow::automatic) fail_without_header();
    return false;
  }

  [[nodiscard]] bool is_in_first(const std::string& name) const {
    return std::ranges::find(first_.fields, name) != first_.fields.end();
  }

  [[nodiscard]] bool holds_wanted_names() const {
    size_t num_required = 0;
    bool holds_optional = false;
    for (const WantedColumn& column : wanted_) {
      if (column_number(column.name) != 0) continue;
      const bool is_there = is_in_first(column.name);
      if (!column.is_optional && !is_there) return false;
      num_required += column.is_optional ? 0 : 1;
      holds_optional = holds_optional || is_there;
    }
    return num_required > 0 || holds_optional;
  }

  /// The first row lacks a name, and no names were given: with numbers only that is a file without header, else an error.
  void fail_without_header() const {
    for (const WantedColumn& column : wanted_) {
      if (column_number(column.name) != 0 || column.is_optional || is_in_first(column.name)) continue;
      if (look_like_names(first_.fields)) fail_missing(column.name, first_.fields);
      throw DataError(
          fmt::format("{}:{}: expected a header with the column {}, got a row of {} columns without such a name; {}",
                      records_.name(), first_.line, in_quotes(column.name), first_.fields.size(),
                      file_.option_names == OptionNames::configuration ? "give column_names, or name columns by number"
                                                                       : "name columns by number: --column text=1"));
    }
  }

  /// Of a header that is one name: the separator may be another, and then that name is no column to suggest.
  [[nodiscard]] std::string cure_of_one_column(const std::string& name, const std::string& header) const {
    const size_t at = header.find_first_of(";,|\t");
    if (at == std::string::npos) return fmt::format("{}set {}, or {}", suggestion(name, std::vector{header}), option("columns"), option("separator"));
    const std::string separator = header[at] == '\t' ? "a tab (\"\\t\")" : fmt::format("\"{}\"", header[at]);
    return fmt::format("set {} to {}, or {}", option("separator"), separator, option("columns"));
  }

  [[noreturn]] void fail_missing(const std::string& name, const std::vector<std::string>& names) const {
    std::vector<std::string> shown;
    shown.reserve(names.size());
    for (const std::string& column : names) shown.push_back(in_quotes(column));
    const auto cure = names.size() == 1 ? cure_of_one_column(name, names[0]) : fmt::format("{}set {}", suggestion(name, names), option("columns"));
    throw DataError(fmt::format("{}:{}: expected a column {}, got {}; {}", records_.name(), first_.line, in_quotes(name), listed(shown), cure));
  }

  void check_names() const {
    std::set<std::string> seen;
    for (const std::string& name : names_) {
      if (name.empty() || seen.insert(name).second) continue;
      throw DataError(fmt::format("{}:{}: expected each column name once, got {} twice; rename one, or set {}",
                                  records_.name(), first_.line, in_quotes(name), option("header", "absent")));
    }
  }

  [[nodiscard]] size_t position_of(const WantedColumn& column) const {
    if (const size_t number = column_number(column.name); number != 0) {
      if (number <= num_columns_) return number - 1;
      if (column.is_optional) return kNotThere;
      throw DataError(fmt::format("{}:{}: expected a column {}, got {} columns; set {}, or {}", records_.name(), first_.line,
                                  number, num_columns_, option("columns"), option("separator")));
    }
    const auto found = std::ranges::find(names_, column.name);
    if (found != names_.end()) return static_cast<size_t>(found - names_.begin());
    if (column.is_optional) return kNotThere;
    if (names_.empty()) {
      throw DataError(
          fmt::format("{}: expected columns by number, as the file has no header, got {}; set {} to numbers from 1 to {}{}",
                      records_.name(), in_quotes(column.name), option("columns"), num_columns_,
                      file_.option_names == OptionNames::configuration ? ", or give column_names" : ""));
    }
    fail_missing(column.name, names_);
  }

  const DataFileConfig file_;
  FileFormat format_;
  std::vector<WantedColumn> wanted_;
  RecordSplitter records_;
  std::vector<std::string> names_{};
  std::vector<size_t> positions_{};
  size_t num_columns_ = 0;
  int64_t num_records_ = 0;
  SplitRecord first_{};
  SplitRecord record_{};
  bool has_first_ = false;  // it is a row, and not given out yet
  bool is_empty_ = true;
};

}  // namespace

size_t column_number(const std::string& name) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

std::unique_ptr<RowSource> open_separated_rows(const DataFileConfig& file, std::vector<WantedColumn> wanted) {
  return std::make_unique<SeparatedRows>(file, std::move(wanted));
}

}  // namespace albert
