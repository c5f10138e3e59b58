// Files of sorted keys and values as LevelDB and TensorFlow write them (leveldb/doc/table_format.md), read once, front to back.
//
//   data blocks | metaindex block | index block | footer: two block handles, padding, magic number
//   a block: entries with shared prefixes, restart points; then its type (0 plain, 1 snappy) and the masked CRC-32C of both
//
// The blocks must cover the file without overlap or hole, so every byte but those of the footer is under a checksum, and the
// footer has no byte that is not checked otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace albert::io {

/// Caps of the reader: a table of a checkpoint has some hundred entries.
inline constexpr size_t kMaxTableBytes = size_t{4} << 20U;
inline constexpr size_t kMaxTableEntries = 16'384;
inline constexpr size_t kMaxTableKeyBytes = size_t{1}
                                            << 20U;  ///< of all keys together: shared prefixes can repeat a long key for 3 bytes
inline constexpr size_t kMaxTableInflatedBytes = size_t{4} << 20U;  ///< of all compressed blocks together: snappy makes 21 of a byte

/// Calls `visit` for every entry in the order of keys; both views end with the call. Throws IoError "<name>: ..." for anything
/// that the format does not allow, a wrong checksum, keys that do not ascend and every cap. Errors of `visit` pass through.
void read_sorted_table(std::span<const std::byte> bytes, const std::string& name,
                       const std::function<void(std::string_view key, std::string_view value)>& visit);

}  // namespace albert::io
