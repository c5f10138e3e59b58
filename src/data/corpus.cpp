#include "document_boundary.h"
#include "json_text.h"
#include "line_reader.h"
#include "utf8.h"

#include <albert/base/error.h>
#include <albert/data/corpus.h>
#include <albert/data/sentences.h>

#include <utility>

namespace albert {

struct CorpusReader::Impl {
  explicit Impl(const DataConfig& c) : config(c), files(list_source_files(c)) {}

  bool next(Paragraph& paragraph);
  bool next_line(Paragraph& paragraph);
  bool next_json(Paragraph& paragraph);
  bool next_wrapped(Paragraph& paragraph);
  bool next_of_file(Paragraph& paragraph);
  bool open_file();
  void close_file();
  void emit(Paragraph& paragraph);
  bool ends_document(const Line& line, std::string_view text);
  [[nodiscard]] const DataSourceConfig& source() const { return config.sources[files[file_index].source_index]; }

  const DataConfig& config;
  std::vector<SourceFile> files;
  TextStatistics statistics;
  size_t file_index = 0;
  uint64_t closed_bytes = 0;
  std::unique_ptr<LineReader> reader;
  std::unique_ptr<HeadingMatcher> heading;  // null: no headings
  DocumentBoundary::Kind boundary = DocumentBoundary::Kind::file;
  bool starts_document = true;   // the next paragraph does
  std::string joined;            // format wrapped: the paragraph so far
  bool has_next_joined = false;  // `next_joined` begins the next paragraph
  std::string next_joined;
  bool next_starts_document = false;
  std::string record;            // format jsonl: the text, read from record_offset
  size_t record_offset = 0;
};

bool CorpusReader::Impl::open_file() {
  if (file_index == files.size()) return false;
  const DocumentBoundary parsed = parse_document_boundary(source().document_boundary);
  boundary = parsed.kind;
  heading = parsed.kind == DocumentBoundary::Kind::heading_regex ? std::make_unique<HeadingMatcher>(parsed.heading_regex) : nullptr;
  const auto long_line = source().format == TextFormat::jsonl ? LongLine::refuse : LongLine::cut;
  reader = std::make_unique<LineReader>(files[file_index].path, long_line, config.invalid_utf8, statistics);
  starts_document = true;
  return true;
}

void CorpusReader::Impl::close_file() {
  closed_bytes += reader->bytes_read();
  reader.reset();
  ++file_index;
}

/// Sets everything but the text.
void CorpusReader::Impl::emit(Paragraph& paragraph) {
  paragraph.source_index = files[file_index].source_index;
  paragraph.starts_document = std::exchange(starts_document, false);
  paragraph.is_sentence = source().format == TextFormat::sentences;
}

/// Whether a new document begins at (heading) or after (blank line) this line. `text` is the line without surrounding blanks; headings
/// are searched for in the whole line, whose indentation may tell them apart (" = Title = ").
bool CorpusReader::Impl::ends_document(const Line& line, std::string_view text) {
  if (!line.starts_line) return false;
  if (text.empty()) return boundary == DocumentBoundary::Kind::blank_line;
  return heading != nullptr && heading->matches(line.text);
}

bool CorpusReader::Impl::next_line(Paragraph& paragraph) {
  Line line;
  while (reader->next(line)) {
    const std::string_view text = trim(line.text);
    if (ends_document(line, text)) starts_document = true;
    if (text.empty()) continue;
    paragraph.text.assign(text);
    emit(paragraph);
    return true;
  }
  return false;
}

bool CorpusReader::Impl::next_wrapped(Paragraph& paragraph) {
  joined.clear();
  if (std::exchange(has_next_joined, false)) {
    joined.swap(next_joined);
    if (std::exchange(next_starts_document, false)) starts_document = true;
  }
  Line line;
  while (reader->next(line)) {
    const std::string_view text = trim(line.text);
    if (text.empty()) {
      if (!line.starts_line) continue;
      const bool ends = ends_document(line, text);
      if (joined.empty()) {
        starts_document = starts_document || ends;
        continue;
      }
      paragraph.text = joined;
      emit(paragraph);
      starts_document = ends;
      return true;
    }
    const bool is_heading = ends_document(line, text);
    if (!joined.empty() && (is_heading || joined.size() + 1 + text.size() > kMaximumParagraphBytes)) {
      next_joined.assign(text);
      has_next_joined = true;
      next_starts_document = is_heading;
      paragraph.text = joined;
      emit(paragraph);
      return true;
    }
    if (is_heading) starts_document = true;
    if (!joined.empty()) joined.push_back(' ');
    joined.append(text);
  }
  if (joined.empty()) return false;
  paragraph.text = joined;
  emit(paragraph);
  return true;
}

bool CorpusReader::Impl::next_json(Paragraph& paragraph) {
  for (;;) {
    while (record_offset < record.size()) {
      std::string_view rest = std::string_view(record).substr(record_offset);
      size_t length = std::min(rest.find('\n'), rest.size());
      if (length > kMaximumParagraphBytes) length = cut_at_blank(rest, kMaximumParagraphBytes);
      record_offset += length;
      if (record_offset < record.size() && record[record_offset] == '\n') ++record_offset;
      const std::string_view text = trim(rest.substr(0, length));
      if (text.empty()) continue;
      paragraph.text.assign(text);
      emit(paragraph);
      return true;
    }
    Line line;
    if (!reader->next(line)) return false;
    if (trim(line.text).empty()) continue;
    const std::string where = fmt::format("{}:{}", reader->name(), reader->line_number());
    std::string text = json_text(line.text, source().text_key, where);
    record.clear();
    record_offset = 0;
    starts_document = true;
    if (valid_text_prefix(text) == text.size()) {
      record = std::move(text);
    } else if (config.invalid_utf8 == InvalidUtf8::replace) {
      statistics.replaced_parts += append_repaired(text, record);
    } else if (config.invalid_utf8 == InvalidUtf8::skip) {
      ++statistics.skipped_lines;
    } else {
      throw DataError(fmt::format("{}: expected text at key \"{}\", got a NUL character; clean the record, or set data.invalid_utf8 to "
                                  "replace or skip", where, source().text_key));
    }
  }
}

bool CorpusReader::Impl::next_of_file(Paragraph& paragraph) {
  switch (source().format) {
    case TextFormat::jsonl: return next_json(paragraph);
    case TextFormat::wrapped: return next_wrapped(paragraph);
    case TextFormat::sentences:
    case TextFormat::paragraphs: break;
  }
  return next_line(paragraph);
}

bool CorpusReader::Impl::next(Paragraph& paragraph) {
  for (;;) {
    if (reader == nullptr && !open_file()) return false;
    if (next_of_file(paragraph)) return true;
    close_file();
  }
}

CorpusReader::CorpusReader(const DataConfig& config) : impl_(std::make_unique<Impl>(config)) {}
CorpusReader::~CorpusReader() = default;
bool CorpusReader::next(Paragraph& paragraph) { return impl_->next(paragraph); }
const std::vector<SourceFile>& CorpusReader::files() const { return impl_->files; }
const TextStatistics& CorpusReader::statistics() const { return impl_->statistics; }
uint64_t CorpusReader::bytes_read() const {
  return impl_->closed_bytes + (impl_->reader != nullptr ? impl_->reader->bytes_read() : 0);
}
size_t CorpusReader::file_index() const { return impl_->file_index; }
int64_t CorpusReader::line_number() const { return impl_->reader != nullptr ? impl_->reader->line_number() : 0; }

}  // namespace albert
