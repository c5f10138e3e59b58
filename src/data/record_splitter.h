// Records of csv, tsv, text, text_pairs and labelled_lines files as lists of fields.
#pragma once

#include "text_lines.h"

#include <albert/data/data_file.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

struct SplitRecord {
  std::vector<std::string> fields{};
  int64_t line = 0;       ///< of its first line
  std::string problem{};  ///< empty, or the whole error text for a record that is not as described
};

class RecordSplitter {
 public:
  explicit RecordSplitter(const DataFileConfig& file);

  /// False at the end. Throws DataError for a quote that never ends and a record over the limit.
  bool next(SplitRecord& record);
  [[nodiscard]] const std::string& name() const { return lines_.name(); }

 private:
  void split_plain(std::string_view text, SplitRecord& record) const;
  void split_label(std::string_view text, SplitRecord& record) const;
  void split_quoted(SplitRecord& record);
  /// Takes the next field of `rest`, with its separator; false where it was the last.
  bool take_field(std::string_view& rest, SplitRecord& record);
  void take_quoted(std::string_view& rest, SplitRecord& record);

  TextLines lines_;
  OptionNames option_names_;
  FileFormat format_;
  char separator_;
  bool is_quoting_;
  TextLine line_{};
};

}  // namespace albert
