#include "option_text.h"
#include "text_lines.h"

#include "utf16_source.h"
#include "utf8.h"

#include <albert/base/error.h>

#include <algorithm>
#include <cstring>

namespace albert {
namespace {

constexpr size_t kReadBytes = size_t{1} << 17U;

/// U+0080 to U+00FF are two bytes in UTF-8.
void append_latin1(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80U) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (byte >> 6U));
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
}

/// Bytes that ISO 8859-1 leaves to control characters are rare in its texts.
bool looks_like_latin1(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20U && c != '\t') || (byte >= 0x7FU && byte < 0xA0U);
  });
}

}  // namespace

TextLines::TextLines(const std::filesystem::path& path, const DataFileConfig& file, size_t limit_bytes, LoneReturns returns)
    : name_(path.string()), source_(open_byte_source(path)), encoding_(file.encoding), option_names_(file.option_names), limit_(limit_bytes),
      returns_(returns) {
  if (encoding_ == TextEncoding::utf16) source_ = decode_utf16(std::move(source_), name_);
}

std::string TextLines::where() const { return fmt::format("{}:{}", name_, line_number_); }

bool TextLines::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
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

void TextLines::check_start() {
  checked_start_ = true;
  while (end_ - begin_ < 4 && fill()) {
  }
  const std::string_view start(buffer_.data() + begin_, std::min<size_t>(end_ - begin_, 4));
  if (encoding_ == TextEncoding::utf8 && start.starts_with("\xEF\xBB\xBF")) begin_ = scanned_ = 3;
  if (encoding_ != TextEncoding::utf16 && (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))) {
    throw DataError(fmt::format("{}: expected UTF-8, got UTF-16; set {}", name_, option_text(option_names_, "encoding", "utf-16")));
  }
  if (start.starts_with("\x1F\x8B")) {
    throw DataError(fmt::format("{}: expected text, got gzip data; give the file a name that ends in .gz", name_));
  }
  if (start.starts_with("\x28\xB5\x2F\xFD")) {
    throw DataError(fmt::format("{}: expected text, got zstd data; give the file a name that ends in .zst", name_));
  }
  if (start == "PK\x03\x04") throw DataError(fmt::format("{}: expected text, got a zip archive; unpack it", name_));
}

bool TextLines::next_raw(std::string_view& text) {
  if (!checked_start_) check_start();
  ++line_number_;
  for (;;) {
    const char* found = static_cast<const char*>(std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_));
    const size_t length = (found != nullptr ? static_cast<size_t>(found - buffer_.data()) : end_) - begin_;
    if (length > limit_) {
      check_returns({buffer_.data() + begin_, length});
      throw DataError(fmt::format("{}: expected a line of at most {} bytes, got a longer one; cut the record", where(), limit_));
    }
    if (found == nullptr) {
      scanned_ = end_;
      if (fill()) continue;
      check_returns({buffer_.data() + begin_, length});
      if (length == 0) return false;
    }
    text = {buffer_.data() + begin_, length};
    begin_ = scanned_ = begin_ + length + (found != nullptr ? 1 : 0);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return true;
  }
}

/// `text` is the whole file, or of its first line what has been read.
void TextLines::check_returns(std::string_view text) const {
  if (returns_ == LoneReturns::keep || line_number_ != 1) return;
  const size_t at = text.find('\r');
  if (at >= text.size() - std::min<size_t>(text.size(), 1)) return;  // none, or the last byte
  throw DataError(fmt::format("{}: expected lines that end with a line feed, got carriage returns only (line ends of old Macs); "
                              "convert the file, for example with: tr '\\r' '\\n'", name_));
}

std::string TextLines::problem_of(std::string_view text) const {
  const size_t valid = valid_text_prefix(text);
  if (valid == text.size()) return {};
  const std::string place = fmt::format("{}:{}", where(), valid + 1);
  if (text[valid] == '\0') return fmt::format("{}: expected text, got a NUL byte; is this a text file?", place);
  return fmt::format("{}: expected UTF-8, got byte 0x{:02x}; {}", place, static_cast<unsigned char>(text[valid]),
                     looks_like_latin1(text) ? "set " + option_text(option_names_, "encoding", "latin-1") : "convert the file to UTF-8");
}

bool TextLines::next(TextLine& line) {
  line.problem.clear();
  if (!next_raw(line.text)) return false;
  if (encoding_ == TextEncoding::latin1) {
    decoded_.clear();
    append_latin1(line.text, decoded_);
    line.text = decoded_;
  }
  line.problem = problem_of(line.text);
  return true;
}

std::string read_text(const DataFileConfig& file, size_t limit_bytes) {
  TextLines lines(file.path, file, limit_bytes, LoneReturns::keep);
  std::string text;
  TextLine line;
  while (lines.next(line)) {
    if (!line.problem.empty()) throw DataError(line.problem);
    if (text.size() + line.text.size() >= limit_bytes) {
      throw DataError(fmt::format("{}: expected at most {} bytes of text, got more; split the file", file.path.string(), limit_bytes));
    }
    text.append(line.text) += '\n';
  }
  return text;
}

}  // namespace albert
