#include "utf16_source.h"

#include <albert/base/error.h>

#include <array>
#include <cstring>
#include <string_view>

namespace albert {
namespace {

constexpr size_t kReadBytes = size_t{1} << 16U;
constexpr uint32_t kFirstHighSurrogate = 0xD800;
constexpr uint32_t kFirstLowSurrogate = 0xDC00;
constexpr uint32_t kAfterSurrogates = 0xE000;

void append_utf8(uint32_t point, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
  if (point < 0x80U) {
    out += static_cast<char>(point);
  } else if (point < 0x800U) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000U) {
    out += static_cast<char>(0xE0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Utf16Source final : public ByteSource {
 public:
  Utf16Source(std::unique_ptr<ByteSource> source, std::string name) : source_(std::move(source)), name_(std::move(name)) {}

  size_t read(char* data, size_t size) override {
    if (offset_ == 0) read_mark();
    while (taken_ == decoded_.size() && decode_more()) {
    }
    const size_t count = std::min(size, decoded_.size() - taken_);
    std::memcpy(data, decoded_.data() + taken_, count);
    taken_ += count;
    return count;
  }
  [[nodiscard]] uint64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  [[noreturn]] void fail(std::string_view got) const {
    throw DataError(
        fmt::format("{}: expected UTF-16, got {} at byte {}; set encoding to that of the file", name_, got, offset_ + 1));
  }

  void read_mark() {
    fill(2);
    if (raw_.empty()) return;
    const std::string_view start = std::string_view(raw_).substr(0, 2);
    if (start != "\xFF\xFE" && start != "\xFE\xFF") fail("no byte-order mark");
    is_big_endian_ = start[0] == '\xFE';
    raw_.erase(0, 2);
    offset_ = 2;
  }

  /// Reads until there are `wanted` bytes, or all that are left.
  void fill(size_t wanted) {
    while (raw_.size() < wanted) {
      const size_t before = raw_.size();
      raw_.resize(before + kReadBytes);
      const size_t got = source_->read(raw_.data() + before, kReadBytes);
      raw_.resize(before + got);
      if (got == 0) return;
    }
  }

  [[nodiscard]] uint32_t unit_at(size_t i) const {
    const auto first = static_cast<unsigned char>(raw_[i]);
    const auto second = static_cast<unsigned char>(raw_[i + 1]);
    return is_big_endian_ ? (uint32_t{first} << 8U) | second : (uint32_t{second} << 8U) | first;
  }

  bool decode_more() {
    decoded_.clear();
    taken_ = 0;
    fill(4);
    if (raw_.empty()) return false;
    size_t i = 0;
    while (i + 1 < raw_.size()) {
      uint32_t point = unit_at(i);
      if (point >= kFirstHighSurrogate && point < kAfterSurrogates) {
        if (i + 4 > raw_.size() && i > 0) break;  // its second half may come
        const uint32_t low = i + 4 <= raw_.size() ? unit_at(i + 2) : 0;
        if (point >= kFirstLowSurrogate || low < kFirstLowSurrogate || low >= kAfterSurrogates) fail("an unpaired surrogate");
        point = 0x10000U + ((point - kFirstHighSurrogate) << 10U) + (low - kFirstLowSurrogate);
        i += 2;
        offset_ += 2;
      }
      append_utf8(point, decoded_);
      i += 2;
      offset_ += 2;
    }
    if (i == 0) fail("half a character");
    raw_.erase(0, i);
    return true;
  }

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::string raw_{};
  std::string decoded_{};
  size_t taken_ = 0;     // of decoded_
  uint64_t offset_ = 0;  // of raw_ in the file
  bool is_big_endian_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> decode_utf16(std::unique_ptr<ByteSource> source, const std::string& name) {
  return std::make_unique<Utf16Source>(std::move(source), name);
}

}  // namespace albert
