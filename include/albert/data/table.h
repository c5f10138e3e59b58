// Rows of csv, tsv, jsonl, json and plain text files, one at a time, as text in named columns.
//
//   TableReader table(file, {{"sentence"}, {"label"}});
//   TableRow row;
//   while (table.next(row)) use(row.cells[0].text, row.cells[1].text);
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/invalid_rows.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace albert {

/// A record (its quoted line breaks included) and a line hold at most so many bytes; a json document at most kMaximumJsonBytes.
inline constexpr size_t kMaximumRecordBytes = size_t{16} << 20U;
inline constexpr size_t kMaximumJsonBytes = size_t{1} << 30U;

/// A column that the caller reads.
struct WantedColumn {
  std::string name;          ///< name of the header, key of JSON, or number from 1
  bool is_optional = false;  ///< no error where the file has no such column
};

/// The column number of "3", from 1; 0 where the name is none.
size_t column_number(const std::string& name);

/// A value of a row: valid UTF-8 without NUL.
struct Cell {
  std::string text{};                ///< string as it is; number in decimal; "true", "false"; empty for a list
  std::vector<std::string> items{};  ///< the values of a JSON list
  bool is_list = false;
  bool is_missing = false;  ///< JSON's null; or an optional column that the file or the object does not have
};

struct TableRow {
  int64_t line = 0;           ///< number of the first line of the record, from 1; json: number of the record, from 1
  int64_t index = 0;          ///< number of the record in the file, from 0; rows that were left out have theirs, too
  std::vector<Cell> cells{};  ///< in the order of the wanted columns
};

/// Reads front to back in bounded memory (json: the whole document). A byte-order mark is dropped, "\r\n" ends a line as "\n"
/// does (and is "\n" inside a quoted field), empty lines are no rows except in `text`. Errors are DataError: file:line for a
/// ragged row, text after a closing quote, JSON that is not an object or lacks a key; file:line:byte for bytes that are not UTF-8
/// and for NUL. These follow `invalid_rows`; a missing column, two columns of one name, a quote that never ends, a record over
/// the limit, and a file without any row are always errors. A SNIPS folder is a table of "text" and "label".
class TableReader {
 public:
  /// Opens the file and finds the columns. A name that the file does not have: DataError that lists those it has and names the
  /// nearest.
  TableReader(const DataFileConfig& file, std::vector<WantedColumn> wanted);
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;
  ~TableReader();

  /// False at the end of the file.
  bool next(TableRow& row);
  /// For what the caller finds wrong with the last row: by `invalid_rows`, DataError "file:line: problem", or counts it as
  /// skipped.
  void refuse(const TableRow& row, const std::string& problem);
  /// False for an optional column that the file has not; json, jsonl: true, a key may be in one object and not in the next.
  [[nodiscard]] bool has_column(size_t wanted_index) const;
  /// Names of the header or the configuration; empty for json, jsonl and where columns have only numbers.
  [[nodiscard]] const std::vector<std::string>& column_names() const;
  /// "file:line" of a row.
  [[nodiscard]] std::string where(const TableRow& row) const;
  [[nodiscard]] const SkippedRows& skipped() const;
  /// Rows that were given out and not refused.
  [[nodiscard]] int64_t num_rows() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// The first of `layouts` whose columns (all but label and id) the header of `file` has; the first where there is no header,
/// where none fits, and for a pipe.
const ColumnMap& choose_layout(const DataFileConfig& file, const std::vector<ColumnMap>& layouts);

}  // namespace albert
