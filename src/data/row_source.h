// What TableReader reads from: one class for separated columns, one for JSON.
#pragma once

#include <albert/data/table.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace albert {

class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Fills line, index and cells of `row`; false at the end. `problem` is not empty where the row is not as described: the whole
  /// error text. The cells are then unspecified.
  virtual bool next(TableRow& row, std::string& problem) = 0;
  /// "file:line" of a row.
  [[nodiscard]] virtual std::string where(const TableRow& row) const = 0;
  [[nodiscard]] virtual bool has_column(size_t wanted_index) const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& column_names() const = 0;
  /// What a file without rows is: "an empty file", "a header only".
  [[nodiscard]] virtual std::string empty_file() const = 0;
};

/// csv, tsv, text, text_pairs, labelled_lines.
std::unique_ptr<RowSource> open_separated_rows(const DataFileConfig& file, std::vector<WantedColumn> wanted);
/// jsonl, json.
std::unique_ptr<RowSource> open_json_rows(const DataFileConfig& file, std::vector<WantedColumn> wanted);

}  // namespace albert
