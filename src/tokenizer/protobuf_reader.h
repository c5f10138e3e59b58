// A reader of protobuf's wire format that never trusts a length: the only one that sees a `spiece.model` before it is checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace albert::protobuf {

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field. `number_value` holds a varint or fixed number, `bytes` the payload of a string, byte string or message.
struct Field {
  uint32_t number = 0;
  WireType type = WireType::varint;
  uint64_t number_value = 0;
  std::string_view bytes;

  /// The float of a fixed32 field.
  [[nodiscard]] float float_value() const;
};

/// Walks the fields of one message, front to back, without copying. Throws DataError "<where>: ..." at the first byte that is
/// not valid wire format (groups included: no proto of today uses them).
class Reader {
 public:
  /// `where` is what errors call the message; it must outlive the reader.
  Reader(std::string_view message, const std::string& where) : rest_(message), where_(where), size_(message.size()) {}
  /// False at the end of the message.
  bool next(Field& field);

 private:
  uint64_t varint();
  std::string_view take(uint64_t length);
  [[noreturn]] void fail(std::string_view what) const;

  std::string_view rest_;
  const std::string& where_;
  size_t size_;
};

}  // namespace albert::protobuf
