#include "line_reader.h"

#include "utf8.h"

#include <albert/base/error.h>

#include <cstring>

namespace albert {
namespace {

constexpr size_t kReadBytes = size_t{1} << 17U;

}  // namespace

LineReader::LineReader(const std::filesystem::path& path, LongLine long_line, InvalidUtf8 policy, TextStatistics& statistics)
    : name_(path.string()), source_(open_byte_source(path)), long_line_(long_line), policy_(policy), statistics_(statistics) {}

bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0 && (begin_ == end_ || buffer_.size() - end_ < kReadBytes)) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kReadBytes) buffer_.resize(std::max(buffer_.size() * 2, end_ + kReadBytes));
  const size_t got = source_->read(buffer_.data() + end_, kReadBytes);
  end_ += got;
  at_end_ = got == 0;
  return got > 0;
}

void LineReader::check_start() {
  checked_start_ = true;
  while (end_ - begin_ < 4 && fill()) {
  }
  const std::string_view start(buffer_.data() + begin_, std::min<size_t>(end_ - begin_, 4));
  if (start.starts_with("\xEF\xBB\xBF")) begin_ = scanned_ = 3;
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    throw DataError(fmt::format("{}: expected UTF-8, got UTF-16; convert the file, for example with: iconv -f UTF-16 -t UTF-8", name_));
  }
  if (start.starts_with("\x1F\x8B")) {
    throw DataError(fmt::format("{}: expected text, got gzip data; give the file a name that ends in .gz", name_));
  }
  if (start.starts_with("\x28\xB5\x2F\xFD")) {
    throw DataError(fmt::format("{}: expected text, got zstd data; give the file a name that ends in .zst", name_));
  }
}

bool LineReader::next_raw(std::string_view& text) {
  if (!checked_start_) check_start();
  const size_t limit = long_line_ == LongLine::cut ? kMaximumParagraphBytes : kMaximumJsonLineBytes;
  if (!part_follows_) {
    ++line_number_;
    next_offset_ = 0;
  }
  for (;;) {
    const char* found = static_cast<const char*>(std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_));
    const size_t length = (found != nullptr ? static_cast<size_t>(found - buffer_.data()) : end_) - begin_;
    if (length > limit) {
      if (long_line_ == LongLine::refuse) {
        throw DataError(fmt::format("{}:{}: expected a line of at most {} bytes, got a longer one; cut the record", name_, line_number_, limit));
      }
      const size_t cut = cut_at_blank({buffer_.data() + begin_, length}, limit);
      text = {buffer_.data() + begin_, cut};
      if (!part_follows_) ++statistics_.cut_lines;
      part_follows_ = true;
      begin_ += cut;
      scanned_ = begin_;
      break;
    }
    if (found == nullptr) {
      scanned_ = end_;
      if (fill()) continue;
      if (length == 0) return false;
    }
    text = {buffer_.data() + begin_, length};
    begin_ = scanned_ = begin_ + length + (found != nullptr ? 1 : 0);
    part_follows_ = false;
    break;
  }
  part_offset_ = next_offset_;
  next_offset_ += text.size();
  if (!part_follows_ && text.ends_with('\r')) text.remove_suffix(1);
  return true;
}

bool LineReader::apply_policy(std::string_view text, Line& line) {
  const size_t valid = valid_text_prefix(text);
  if (valid == text.size()) {
    line.text = text;
    return true;
  }
  if (policy_ == InvalidUtf8::skip) {
    ++statistics_.skipped_lines;
    return false;
  }
  if (policy_ == InvalidUtf8::replace) {
    repaired_.clear();
    statistics_.replaced_parts += append_repaired(text, repaired_);
    line.text = repaired_;
    return true;
  }
  const std::string where = fmt::format("{}:{}:{}", name_, line_number_, part_offset_ + valid + 1);
  if (text[valid] == '\0') {
    throw DataError(fmt::format("{}: expected text, got a NUL byte; is this a text file? Or set data.invalid_utf8 to replace or skip", where));
  }
  throw DataError(fmt::format("{}: expected UTF-8, got byte 0x{:02x}; convert the file, or set data.invalid_utf8 to replace or skip", where,
                              static_cast<unsigned char>(text[valid])));
}

bool LineReader::next(Line& line) {
  std::string_view text;
  for (;;) {
    const bool starts_line = !part_follows_;
    if (!next_raw(text)) return false;
    if (starts_line) ++statistics_.lines;
    line.starts_line = starts_line;
    if (apply_policy(text, line)) return true;
  }
}

}  // namespace albert
