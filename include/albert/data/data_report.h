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
/// The same of an answer that is numbers: classes, labels, tags.
uint64_t gold_hash(const std::vector<int64_t>& gold);

/// What a part is for. Only repeats of what was trained on make a measurement too good.
enum class ReportRole { train, evaluation, prediction };

/// What becomes of an input over max_length.
enum class LongInputs {
  cut,       ///< the rest is not read
  windowed,  ///< all of it is read, in several windows
};

/// How often each class stands in a part: classes, labels, tags of words, right options.
struct ClassTable {
  std::string what{};                ///< of the names, in the plural: "classes", "tags of 120 words"
  std::vector<std::string> names{};  ///< empty where the task has no classes, or the part no gold
  std::vector<int64_t> counts{};     ///< of each name
  int64_t total = 0;                 ///< what the shares are of: examples, words
};

/// A part of the data, as parallel lists with an entry for each example.
struct ReportPart {
  std::string name{};  ///< "train", "validation", "test"
  ReportRole role = ReportRole::train;
  std::vector<uint64_t> text_hashes{};
  std::vector<uint64_t> gold_hashes{};  ///< of the answers, to tell them apart; empty where there is no gold, or none to compare
  std::vector<int64_t> lengths{};       ///< pieces of the whole input before it is cut, special pieces included
  ClassTable classes{};
  LongInputs long_inputs = LongInputs::cut;
  int64_t num_blank = 0;    ///< examples whose text is empty or blanks
  int64_t num_skipped = 0;  ///< rows left out under `invalid_rows: skip`
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
  ReportRole role = ReportRole::train;
  int64_t num_examples = 0;
  int64_t num_skipped = 0;
  int64_t num_blank = 0;
  ClassTable classes{};
  LengthSummary lengths{};
  LongInputs long_inputs = LongInputs::cut;
  int64_t num_long = 0;  ///< longer than max_length
  double share_long = 0;
  int64_t num_duplicates = 0;         ///< examples whose text stood before in this part
  bool has_gold = false;              ///< the next is known
  int64_t num_conflicting_texts = 0;  ///< texts that stand with more than one answer
  int64_t num_in_train = 0;           ///< examples whose text stands in the training part, too; 0 where there is none
};

struct DataReport {
  int64_t max_length = 0;
  std::vector<PartReport> parts{};

  /// Lines for a log: a line for each part, its classes (at most `max_classes`, the most frequent), lengths, and what to look at.
  [[nodiscard]] std::vector<std::string> lines(size_t max_classes = 12) const;
};

DataReport make_data_report(const std::vector<ReportPart>& parts, int64_t max_length);

}  // namespace albert
