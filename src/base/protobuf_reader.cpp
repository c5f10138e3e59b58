#include <albert/base/error.h>
#include <albert/base/protobuf_reader.h>

#include <bit>

namespace albert::protobuf {

float Field::float_value() const { return std::bit_cast<float>(static_cast<uint32_t>(number_value)); }

std::optional<uint64_t> take_varint(std::string_view& rest) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest.front());
    if (shift == 63 && byte > 1) break;
    rest.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

void Reader::fail(std::string_view what) const {
  refuse_(fmt::format("{} at byte {} of {}", what, size_ - rest_.size(), size_));
  throw InternalError("a refusal must throw");
}

uint64_t Reader::varint() {
  const auto value = take_varint(rest_);
  if (!value) fail(rest_.empty() ? "a number that is cut off" : "a number of more than 64 bits");
  return *value;
}

std::string_view Reader::take(uint64_t length) {
  if (length > rest_.size()) fail("a field that is longer than what is left");
  const std::string_view result = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return result;
}

bool Reader::next(Field& field) {
  if (rest_.empty()) return false;
  const uint64_t tag = varint();
  const uint64_t number = tag >> 3U;
  if (number == 0 || number >= (uint64_t{1} << 29U)) fail("an invalid field number");
  field = {};
  field.number = static_cast<uint32_t>(number);
  switch (tag & 7U) {
    case 0:
      field.type = WireType::varint;
      field.number_value = varint();
      return true;
    case 1:
    case 5: {
      field.type = (tag & 7U) == 1 ? WireType::fixed64 : WireType::fixed32;
      const std::string_view raw = take(field.type == WireType::fixed64 ? 8 : 4);
      for (size_t i = 0; i < raw.size(); ++i) field.number_value |= uint64_t{static_cast<uint8_t>(raw[i])} << (8 * i);
      return true;
    }
    case 2:
      field.type = WireType::bytes;
      field.bytes = take(varint());
      return true;
    default:
      fail("an invalid field type");
  }
}

}  // namespace albert::protobuf
