// Lines of a file with bounded memory, checked to be UTF-8 by policy.
#pragma once

#include "byte_source.h"

#include <albert/data/corpus.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace albert {

/// What to do with a line that is longer than the limit.
enum class LongLine { cut, refuse };

/// A line, or a part of one that was cut.
struct Line {
  std::string_view text;       ///< valid until the next call; without its end
  bool starts_line = true;     ///< false: the part follows a cut
};

class LineReader {
 public:
  /// `statistics` is added to.
  LineReader(const std::filesystem::path& path, LongLine long_line, InvalidUtf8 policy, TextStatistics& statistics);

  /// False at the end of the file. Throws DataError with file:line:byte.
  bool next(Line& line);
  /// Number of the last line, from 1.
  [[nodiscard]] int64_t line_number() const { return line_number_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uint64_t bytes_read() const { return source_->bytes_read(); }

 private:
  bool next_raw(std::string_view& text);
  bool fill();
  void check_start();
  bool apply_policy(std::string_view text, Line& line);

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  LongLine long_line_;
  InvalidUtf8 policy_;
  TextStatistics& statistics_;
  std::string buffer_;
  size_t begin_ = 0;            // of the unread part of buffer_
  size_t end_ = 0;
  size_t scanned_ = 0;          // no line end in [begin_, scanned_)
  bool at_end_ = false;
  bool checked_start_ = false;
  bool part_follows_ = false;   // the next part belongs to the same line
  int64_t line_number_ = 0;
  uint64_t part_offset_ = 0;    // of the current part in its line
  uint64_t next_offset_ = 0;
  std::string repaired_;
};

}  // namespace albert
