#include "convert/proto_message.h"

#include <albert/base/error.h>

#include <bit>
#include <utility>

namespace albert {
namespace {

constexpr uint32_t kVarint = 0;
constexpr uint32_t kBytes = 2;
constexpr uint32_t kFixed32 = 5;

std::string varint(uint64_t value) {
  std::string result;
  for (; value >= 0x80; value >>= 7U) result += static_cast<char>((value & 0x7FU) | 0x80U);
  return result + static_cast<char>(value);
}

}  // namespace

void ProtoMessage::append(std::string_view bytes) {
  if (parts_.empty() || parts_.back().make) parts_.emplace_back();
  parts_.back().bytes += bytes;
  size_ += bytes.size();
}

void ProtoMessage::append_varint(uint64_t value) { append(varint(value)); }

void ProtoMessage::append_tag(uint32_t field, uint32_t wire_type) { append_varint(field << 3U | wire_type); }

void ProtoMessage::add_number(uint32_t field, int64_t value) {
  append_tag(field, kVarint);
  append_varint(static_cast<uint64_t>(value));
}

void ProtoMessage::add_float(uint32_t field, float value) {
  append_tag(field, kFixed32);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (uint32_t shift = 0; shift < 32; shift += 8) append(std::string(1, static_cast<char>(bits >> shift & 0xFFU)));
}

void ProtoMessage::add_text(uint32_t field, std::string_view text) {
  append_tag(field, kBytes);
  append_varint(text.size());
  append(text);
}

void ProtoMessage::add_numbers(uint32_t field, std::span<const int64_t> values) {
  std::string packed;
  for (const int64_t value : values) packed += varint(static_cast<uint64_t>(value));
  add_text(field, packed);
}

void ProtoMessage::add_bytes(uint32_t field, uint64_t size, Make make) {
  append_tag(field, kBytes);
  append_varint(size);
  parts_.back().size = size;
  parts_.back().make = std::move(make);
  size_ += size;
}

void ProtoMessage::add_message(uint32_t field, ProtoMessage message) {
  append_tag(field, kBytes);
  append_varint(message.size_);
  append_fields(std::move(message));
}

void ProtoMessage::append_fields(ProtoMessage message) {
  for (Part& part : message.parts_) {
    append(part.bytes);
    parts_.back().size = part.size;
    parts_.back().make = std::move(part.make);
    size_ += part.size;
  }
}

void ProtoMessage::write(const std::function<void(std::span<const std::byte>)>& sink) const {
  for (const Part& part : parts_) {
    sink(std::as_bytes(std::span(part.bytes)));
    if (!part.make) continue;
    const auto bytes = part.make();
    ALBERT_CHECK(bytes.size() == part.size, "a part of a message must have {} bytes, got {}", part.size, bytes.size());
    sink(bytes);
  }
}

}  // namespace albert
