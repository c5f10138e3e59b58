// Bytes of a file, plain or decompressed, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace albert {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills at most `size` bytes; 0 at the end. Throws DataError that names the file.
  virtual size_t read(char* data, size_t size) = 0;
  /// Bytes of the file itself that were consumed.
  [[nodiscard]] virtual uint64_t bytes_read() const = 0;
};

/// The bytes as they lie on disk.
std::unique_ptr<ByteSource> open_plain_source(const std::filesystem::path& path);
/// By extension: .gz, .zst, else plain. Throws DataError.
std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path);

}  // namespace albert
