#include "io/snappy.h"

#include <albert/base/error.h>
#include <albert/base/protobuf_reader.h>

namespace albert::io {
namespace {

/// Elements after the length: literals, and copies of what was written before.
class Decoder {
 public:
  Decoder(std::string_view elements, size_t length, const std::string& where) : rest_(elements), length_(length), where_(where) {
    text_.reserve(length);
  }

  std::string run() {
    while (!rest_.empty()) {
      const auto tag = static_cast<uint8_t>(number(1));
      switch (tag & 3U) {
        case 0:
          literal(tag >> 2U);
          break;
        case 1: {
          const size_t offset = ((tag & 0xE0U) << 3U) | number(1);
          copy(offset, ((tag >> 2U) & 7U) + 4);
          break;
        }
        default:
          copy(number((tag & 3U) == 2 ? 2 : 4), (tag >> 2U) + 1U);
      }
    }
    if (text_.size() != length_) fail(fmt::format("{} bytes of {}", text_.size(), length_));
    return std::move(text_);
  }

 private:
  /// Little-endian, of `size` bytes.
  size_t number(size_t size) {
    if (rest_.size() < size) fail("an end inside an element");
    size_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= static_cast<size_t>(static_cast<uint8_t>(rest_[i])) << (8 * i);
    rest_.remove_prefix(size);
    return value;
  }

  /// Lengths above 60 stand in the next one to four bytes.
  void literal(size_t code) {
    constexpr size_t kInTag = 60;
    const size_t length = 1 + (code < kInTag ? code : number(code - kInTag + 1));
    if (length > rest_.size()) fail("a literal that is longer than what is left");
    require_room(length);
    text_.append(rest_.substr(0, length));
    rest_.remove_prefix(length);
  }

  /// May reach into what it writes: "ab" and a copy of 4 bytes at distance 2 make "ababab".
  void copy(size_t distance, size_t length) {
    if (distance == 0 || distance > text_.size()) fail("a copy from before the beginning");
    require_room(length);
    for (size_t i = 0; i < length; ++i) text_.push_back(text_[text_.size() - distance]);
  }

  void require_room(size_t length) const {
    if (length > length_ - text_.size()) fail("more bytes than announced");
  }

  [[noreturn]] void fail(std::string_view found) const {
    throw IoError(fmt::format("{}: wanted snappy data, got {}; the file is damaged", where_, found));
  }

  std::string_view rest_;
  size_t length_;
  const std::string& where_;
  std::string text_;
};

}  // namespace

std::string decompress_snappy(std::string_view compressed, size_t limit_bytes, const std::string& where) {
  const auto length = protobuf::take_varint(compressed);
  if (!length) throw IoError(fmt::format("{}: wanted snappy data, got no length; the file is damaged", where));
  if (*length > limit_bytes)
    throw IoError(fmt::format("{}: wanted snappy data of at most {} more bytes, got {}", where, limit_bytes, *length));
  return Decoder(compressed, static_cast<size_t>(*length), where).run();
}

}  // namespace albert::io
