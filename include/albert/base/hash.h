// Checksums: XXH3-64 against damage, SHA-256 for identity, CRC-32C for the formats of TensorFlow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace albert {

/// XXH3 with 64 bits of the whole span.
uint64_t xxh3_64(std::span<const std::byte> bytes);
uint64_t xxh3_64(std::string_view text);

/// XXH3-64 of bytes that come in parts.
class Xxh3Stream {
 public:
  Xxh3Stream();
  Xxh3Stream(const Xxh3Stream&) = delete;
  Xxh3Stream& operator=(const Xxh3Stream&) = delete;
  ~Xxh3Stream();
  void update(std::span<const std::byte> bytes);
  [[nodiscard]] uint64_t digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 16 lower-case hexadecimal digits.
std::string to_hex(uint64_t value);

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);

/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4; about 1.5 GB/s.
uint32_t crc32c(std::span<const std::byte> bytes);
uint32_t crc32c(std::string_view text);
/// What stands in the files of TensorFlow and LevelDB for a CRC-32C (tensorflow/core/lib/hash/crc32c.h): a checksum of bytes that
/// hold a checksum would be weak.
uint32_t mask_crc32c(uint32_t value);

}  // namespace albert
