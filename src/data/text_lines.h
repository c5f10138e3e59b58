// Lines of a file of labelled data as UTF-8, whatever its encoding.
#pragma once

#include "byte_source.h"

#include <albert/data/data_file.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace albert {

struct TextLine {
  std::string_view text{};  ///< valid until the next call; without "\n" or "\r\n"
  std::string problem{};    ///< empty, or "file:line:byte: ..." for the first bytes that are no text
};

/// What a file of one line with carriage returns inside is.
enum class LoneReturns {
  refuse,  ///< one with the line ends of old Macs: its rows would be read as one
  keep,    ///< one line: to JSON they are white space
};

class TextLines {
 public:
  /// A line is at most `limit_bytes` long. Throws DataError that names the file.
  /// Of `file` are read the encoding and the names of options, not the path.
  TextLines(const std::filesystem::path& path, const DataFileConfig& file, size_t limit_bytes, LoneReturns returns = LoneReturns::refuse);

  /// False at the end of the file. A last line without a line end counts, an empty one does not. Throws DataError for a line over
  /// the limit, data that is compressed or UTF-16 without being called so, line ends of old Macs, and damaged data.
  bool next(TextLine& line);
  /// Number of the last line, from 1.
  [[nodiscard]] int64_t line_number() const { return line_number_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// "file:line" of the last line.
  [[nodiscard]] std::string where() const;

 private:
  bool fill();
  void check_start();
  void check_returns(std::string_view text) const;
  bool next_raw(std::string_view& text);
  [[nodiscard]] std::string problem_of(std::string_view text) const;

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  TextEncoding encoding_;
  OptionNames option_names_;
  size_t limit_;
  LoneReturns returns_;
  std::string buffer_{};
  size_t begin_ = 0;  // of the unread part of buffer_
  size_t end_ = 0;
  size_t scanned_ = 0;  // no line end in [begin_, scanned_)
  bool at_end_ = false;
  bool checked_start_ = false;
  int64_t line_number_ = 0;
  std::string decoded_{};
};

/// The whole file, its lines ended by "\n". Throws DataError for bytes that are no text, and above `limit_bytes`.
std::string read_text(const DataFileConfig& file, size_t limit_bytes);

}  // namespace albert
