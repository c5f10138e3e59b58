// Texts with their labels or numbers: the examples of sequence classification and regression before they are tokenised.
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/invalid_rows.h>
#include <albert/data/table.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace albert {

/// What stands in the label column.
enum class LabelKind {
  none,    ///< it is not read (prediction)
  single,  ///< one label
  multi,   ///< any number of labels: a JSON list, or text parted by ColumnMap::label_separator; none is allowed
  number,  ///< a finite number (regression)
};

struct LabelledRow {
  std::string text_a{};
  std::string text_b{};
  bool has_b = false;
  std::vector<std::string> labels{};  ///< one for `single`; without repeats for `multi`
  std::optional<double> value{};      ///< for `number`
  std::string id{};                   ///< the id column, or the number of the record in the file from 0
  int64_t line = 0;
};

/// The labels of a task and their order, which is the order of the logits.
class LabelVocabulary {
 public:
  /// In the given order. Throws ConfigError that names task.labels for fewer than two, an empty one, and one that stands twice.
  explicit LabelVocabulary(std::vector<std::string> names);
  /// All labels of `rows`, sorted by Unicode code point (so "10" stands before "2", and capitals before small letters). Throws
  /// DataError that names `file` where there are fewer than two.
  static LabelVocabulary found_in(std::span<const LabelledRow> rows, const std::string& file);

  [[nodiscard]] std::optional<int64_t> find(const std::string& name) const;
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(names_.size()); }
  /// "negative, positive"; the first 20 of many.
  [[nodiscard]] std::string list() const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int64_t> index_{};
};

struct LabelledRowOptions {
  ColumnMap columns{};
  LabelKind label = LabelKind::single;
  /// The labels that may stand in the file; null: any. Must outlive the reader.
  const LabelVocabulary* known_labels = nullptr;
  /// A label that is accepted beside the known ones (out-of-scope intents, which training data may lack).
  std::optional<std::string> out_of_scope_label{};
};

/// One row at a time, in bounded memory. What TableReader refuses, and: a text or label that is null or a list, an empty label, a
/// label that is not known (with the nearest known one), a number that is none - by `invalid_rows`.
class LabelledRowReader {
 public:
  LabelledRowReader(const DataFileConfig& file, const LabelledRowOptions& options);
  bool next(LabelledRow& row);
  [[nodiscard]] const SkippedRows& skipped() const { return table_.skipped(); }

 private:
  /// Empty where the row is as it should be, else what is wrong with it.
  [[nodiscard]] std::string fill(const TableRow& from, LabelledRow& row) const;
  [[nodiscard]] std::string fill_label(const Cell& cell, LabelledRow& row) const;
  [[nodiscard]] std::string unknown_label(const std::string& label) const;

  LabelledRowOptions options_;
  OptionNames option_names_;
  TableReader table_;
  TableRow cells_{};
};

struct LabelledRows {
  std::vector<LabelledRow> rows{};
  SkippedRows skipped{};
};
/// The whole file. Throws DataError where no row is left.
LabelledRows read_labelled_rows(const DataFileConfig& file, const LabelledRowOptions& options);

}  // namespace albert
