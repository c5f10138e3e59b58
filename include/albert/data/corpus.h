// Text files to paragraphs, in one streaming pass with bounded memory.
//
//   CorpusReader reader(config);
//   Paragraph paragraph;
//   while (reader.next(paragraph)) ...
#pragma once

#include <albert/data/data_config.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// A line is cut at the last blank before this many bytes (a line of JSON: is refused above kMaximumJsonLineBytes), and so is a
/// paragraph of joined lines. A heading is never longer than kMaximumHeadingBytes.
inline constexpr size_t kMaximumParagraphBytes = size_t{1} << 20U;
inline constexpr size_t kMaximumJsonLineBytes = size_t{16} << 20U;
inline constexpr size_t kMaximumHeadingBytes = 1000;

/// The parsed form of `document_boundary`.
struct DocumentBoundary {
  enum class Kind { blank_line, file, heading_regex };
  Kind kind = Kind::blank_line;
  std::string heading_regex;  ///< ICU syntax; searched for in each line
};
/// "blank_line", "file" or "heading_regex: REGEX". Throws ConfigError (text without key) for another, or a regex that ICU refuses.
DocumentBoundary parse_document_boundary(std::string_view text);

/// One input file.
struct SourceFile {
  std::filesystem::path path;
  size_t source_index = 0;  ///< into DataConfig::sources
  uint64_t size_bytes = 0;
};
/// Expands the patterns; the order is that of the sources, then of the names. Throws DataError with a line for each source with a pattern
/// that matches nothing, a folder, a file that cannot be read, and a file that two sources name.
std::vector<SourceFile> list_source_files(const DataConfig& config);

/// A piece of text that no sentence crosses.
struct Paragraph {
  std::string text;              ///< valid UTF-8, not blank, at most kMaximumParagraphBytes; line breaks inside are already joined
  size_t source_index = 0;
  bool starts_document = false;
  bool is_sentence = false;      ///< format `sentences`: not to be split further
};

/// What was met on the way. With `replace` and `skip` the counts are exact.
struct TextStatistics {
  int64_t lines = 0;
  int64_t replaced_parts = 0;  ///< ill-formed parts (or NUL bytes) that became U+FFFD
  int64_t skipped_lines = 0;   ///< lines left out
  int64_t cut_lines = 0;       ///< lines that were longer than kMaximumParagraphBytes
};

/// Reads all files of a configuration front to back. A byte-order mark at the start of a file is dropped, "\r\n" ends a line as
/// "\n" does, U+2028 and other control characters stay in the text. The end of a file always ends its document. Errors are
/// DataError with file:line:byte (byte counted from 1 in the line).
class CorpusReader {
 public:
  /// `config` must outlive the reader.
  explicit CorpusReader(const DataConfig& config);
  CorpusReader(const CorpusReader&) = delete;
  CorpusReader& operator=(const CorpusReader&) = delete;
  ~CorpusReader();

  /// Fills `paragraph`; false at the end.
  bool next(Paragraph& paragraph);
  [[nodiscard]] const std::vector<SourceFile>& files() const;
  [[nodiscard]] const TextStatistics& statistics() const;
  /// Index into files() of the last paragraph.
  [[nodiscard]] size_t file_index() const;
  /// Line of that file in which the last paragraph ends, from 1 (format `wrapped`: or the one after it).
  [[nodiscard]] int64_t line_number() const;
  /// Bytes of the files (compressed bytes where they are) that were read so far.
  [[nodiscard]] uint64_t bytes_read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A document as --dry-run shows it.
struct PreviewDocument {
  std::string file;                     ///< as the pattern gave it
  std::vector<std::string> sentences;   ///< at most the limit
  bool is_cut = false;                  ///< there are more sentences
};
/// The first documents of the corpus.
std::vector<PreviewDocument> preview_documents(const DataConfig& config, size_t num_documents, size_t max_sentences);

}  // namespace albert
