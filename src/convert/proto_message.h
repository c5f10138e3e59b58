// A writer of protobuf's wire format (https://protobuf.dev/programming-guides/encoding), as much of it as ONNX needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// One message, its fields in the order in which they were added. Long contents are made when the message is written, so that
/// they never are in memory all at once.
class ProtoMessage {
 public:
  using Make = std::function<std::vector<std::byte>()>;

  void add_number(uint32_t field, int64_t value);
  void add_float(uint32_t field, float value);
  void add_text(uint32_t field, std::string_view text);
  /// A packed list.
  void add_numbers(uint32_t field, std::span<const int64_t> values);
  /// `make` must give `size` bytes.
  void add_bytes(uint32_t field, uint64_t size, Make make);
  void add_message(uint32_t field, ProtoMessage message);
  /// The fields of another message as fields of this one.
  void append_fields(ProtoMessage message);

  [[nodiscard]] uint64_t size_bytes() const { return size_; }
  void write(const std::function<void(std::span<const std::byte>)>& sink) const;

 private:
  /// Bytes that are there, then `size` bytes that `make` gives.
  struct Part {
    std::string bytes;
    uint64_t size = 0;
    Make make;
  };
  void append(std::string_view bytes);
  void append_tag(uint32_t field, uint32_t wire_type);
  void append_varint(uint64_t value);

  std::vector<Part> parts_;
  uint64_t size_ = 0;
};

}  // namespace albert
