// The safetensors format: named arrays behind a JSON header (https://github.com/huggingface/safetensors,
// docs/formats-checkpoint.md).
//
//   u64 little-endian header length | header: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...} | data
//
// The reader trusts nothing: every length is checked against the file before it is used, and no array is allocated or copied.
#pragma once

#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/io/named_tensors.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace albert::io {

/// The header's "__metadata__".
using SafetensorsMetadata = std::map<std::string, std::string, std::less<>>;

/// Caps of the reader (and of the writer, so that we can read what we write). That of the header is the reference library's; it has no
/// other, but a file that is all header must not cost many times its size in memory.
inline constexpr size_t kMaxSafetensorsHeaderBytes = 100'000'000;
inline constexpr size_t kMaxSafetensorsArrays = 65'536;
inline constexpr size_t kMaxSafetensorsMetadata = 65'536;
inline constexpr size_t kMaxSafetensorsRank = 64;

/// What a file holds; the views point into the bytes that were parsed.
struct SafetensorsContent {
  NamedArrays arrays;
  SafetensorsMetadata metadata;
};

/// Parses a whole file in memory. Takes what the reference library 0.8 takes and refuses what it refuses, the caps above and dimensions
/// of 2^63 and more apart (docs/formats-checkpoint.md). Throws IoError that starts with `name` (the file) and names the array: header
/// length, JSON (depth, UTF-8, number types), unknown dtype, sizes that overflow or do not fit the shape, arrays that overlap, leave
/// holes or end before or after the end of the file.
SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, std::string_view name);

/// A memory-mapped file; the views live as long as this object. Their bytes need not be aligned to the element size (files of
/// other writers): copy with memcpy.
class SafetensorsFile {
 public:
  /// Throws IoError (see parse_safetensors).
  static SafetensorsFile open(const std::filesystem::path& path);

  [[nodiscard]] const NamedArrays& arrays() const { return content_.arrays; }
  [[nodiscard]] const SafetensorsMetadata& metadata() const { return content_.metadata; }
  /// Throws IoError naming file and array when it is missing.
  [[nodiscard]] const ArrayView& at(std::string_view name) const;

 private:
  SafetensorsFile(const std::filesystem::path& path, MappedFile file);
  std::filesystem::path path_;
  MappedFile file_;
  SafetensorsContent content_;
};

/// Writes the format to an open file, front to back, byte for byte as the reference library does: arrays ordered by element type
/// (widest first), then by name; no white space in the header but the spaces that pad it to a multiple of 8 bytes. `digest`,
/// where given, sees every byte written. Throws IoError from the writer, and for more arrays or a longer header than the reader
/// allows. InternalError where an array's bytes do not fit its shape.
void write_safetensors(FileWriter& writer, const NamedArrays& arrays, const SafetensorsMetadata& metadata = {},
                       Xxh3Stream* digest = nullptr);
/// A new file, fsynced and closed; nothing is left behind on an error. The folder is not fsynced.
void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays, const SafetensorsMetadata& metadata = {});

}  // namespace albert::io
