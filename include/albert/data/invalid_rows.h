// The one place where a row that is not as described is refused or counted.
#pragma once

#include <albert/data/data_file.h>

#include <cstdint>
#include <string>
#include <vector>

namespace albert {

/// Rows that were left out under `invalid_rows: skip`.
struct SkippedRows {
  static constexpr size_t kMaximumListed = 20;
  int64_t count = 0;
  std::vector<std::string> first{};  ///< what was wrong with the first of them: "file:line: ...", at most kMaximumListed

  /// Appends those of a later reading.
  void add(const SkippedRows& other);
};

/// Applies InvalidRows.
class RowPolicy {
 public:
  explicit RowPolicy(InvalidRows policy) : policy_(policy) {}
  /// error: throws DataError(text). skip: counts the row.
  void refuse(const std::string& text);
  [[nodiscard]] const SkippedRows& skipped() const { return skipped_; }

 private:
  InvalidRows policy_;
  SkippedRows skipped_{};
};

}  // namespace albert
