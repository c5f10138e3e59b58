// Input and output of `albert predict`.
#pragma once

#include <albert/base/replacing_file.h>
#include <albert/data/data_file.h>
#include <albert/data/invalid_rows.h>
#include <albert/recipes/predict.h>
#include <albert/tasks/task_config.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace albert {

/// Rows that are read, scored and written at once.
inline constexpr int64_t kRowsPerPart = 256;

/// A file, and where the parts of its examples stand.
struct PredictInput {
  DataFileConfig file{};
  ColumnMap columns{};
};

/// Input of the task of a fine-tuned model. Throws ConfigError for a format or column that is not known, or has no use here.
PredictInput task_input(const PredictOptions& options, const TaskOptions& task);
/// Input of what takes single texts.
PredictInput text_input(const PredictOptions& options);

/// Warns of rows that were left out (--invalid-rows skip).
void warn_of_skipped(const SkippedRows& skipped, const PredictInput& input);

/// Text that goes to a file, which stands there only when it is whole, or to a stream. Throws IoError.
class PredictOutput {
 public:
  PredictOutput(const std::optional<std::filesystem::path>& path, std::ostream& stream);
  void write(const std::string& text);
  void commit();

 private:
  std::optional<ReplacingFile> file_{};
  std::ostream& stream_;
};

}  // namespace albert
