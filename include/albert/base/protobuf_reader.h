// A reader of protobuf's wire format that never trusts a length: for files of others (spiece.model, checkpoints of TensorFlow).
//
//   const Refusal refuse = [&](const std::string& found) { throw DataError(fmt::format("{}: must be ..., got {}", path, found)); };
//   Reader reader(message, refuse);
//   for (Field field; reader.next(field);) ...
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

/// Takes a base-128 number from the front of `rest`. Nothing where the bytes end inside it (`rest` is empty then) or where it has
/// more than 64 bits.
std::optional<uint64_t> take_varint(std::string_view& rest);

/// Throws the error that fits the kind of file. It gets what was found: "a number that is cut off at byte 3 of 10".
using Refusal = std::function<void(const std::string& found)>;

/// Walks the fields of one message, front to back, without copying. Refuses the first byte that is not valid wire format (groups
/// included: no proto of today uses them).
class Reader {
 public:
  /// `refuse` must outlive the reader.
  Reader(std::string_view message, const Refusal& refuse) : rest_(message), refuse_(refuse), size_(message.size()) {}
  /// False at the end of the message.
  bool next(Field& field);

 private:
  uint64_t varint();
  std::string_view take(uint64_t length);
  [[noreturn]] void fail(std::string_view what) const;

  std::string_view rest_;
  const Refusal& refuse_;
  size_t size_;
};

}  // namespace albert::protobuf
