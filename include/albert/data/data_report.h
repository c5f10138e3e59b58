// What is known about labelled data before training: sizes, classes, lengths, repeats, overlap. It holds no text of the data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert {

/// XXH3-64 of the texts of an example; ("ab", "c") and ("a", "bc") differ.
uint64_t text_hash(std::string_view text_a, std::string_view text_b = {});

/// A part of the data, as parallel lists with an entry for each example.
struct ReportPart {
  std::string name;  ///< "train", "validation", "test"
  std::vector<uint64_t> text_hashes{};
  std::vector<int64_t> classes{};  ///< index into the class names, -1 for none; empty where the task has no classes
  std::vector<int64_t> lengths{};  ///< pieces of the whole input before it is cut, special pieces included
  int64_t num_blank = 0;           ///< examples whose text is empty or blanks
  int64_t num_skipped = 0;         ///< rows left out under `invalid_rows: skip`
};

struct ClassShare {
  std::string name;
  int64_t count = 0;
  double share = 0;  ///< of the examples of the part
};

/// Nearest-rank percentiles: the smallest length that at least p percent of the examples do not exceed.
struct LengthSummary {
  int64_t p50 = 0;
  int64_t p90 = 0;
  int64_t p95 = 0;
  int64_t p99 = 0;
  int64_t maximum = 0;
  double mean = 0;
};

struct PartReport {
  std::string name;
  int64_t num_examples = 0;
  int64_t num_skipped = 0;
  int64_t num_blank = 0;
  std::vector<ClassShare> classes{};  ///< in the order of the labels; empty where the task has none
  LengthSummary lengths{};
  int64_t num_truncated = 0;  ///< longer than max_length
  double share_truncated = 0;
  int64_t num_duplicates = 0;         ///< examples whose text stood before in this part
  int64_t num_conflicting_texts = 0;  ///< texts that stand with more than one class
  int64_t num_in_train = 0;           ///< examples whose text stands in the first part, too; 0 for the first
};

struct DataReport {
  int64_t max_length = 0;
  std::vector<PartReport> parts{};

  /// Lines for a log: a line for each part, its classes (at most `max_classes`, the most frequent), lengths, and what to look at.
  [[nodiscard]] std::vector<std::string> lines(size_t max_classes = 12) const;
};

/// The first part is the training data.
DataReport make_data_report(const std::vector<ReportPart>& parts, const std::vector<std::string>& class_names,
                            int64_t max_length);

}  // namespace albert
