// Archives that others made (tar, tar.gz), read in place: nothing is ever extracted to a path that an archive names.
//
//   const MappedFile tar = is_gzip(file.bytes()) ? inflate_gzip(file.bytes(), path) : std::move(file);
//   for (const TarMember& member : parse_tar(tar.bytes(), path)) ...
#pragma once

#include <albert/base/file.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace albert::io {

/// Caps of the reader.
inline constexpr size_t kMaxTarMembers = 4096;
inline constexpr size_t kMaxTarPathBytes = 4096;

/// A regular file of an archive. `path` has no empty, "." or ".." part and does not begin with "/".
struct TarMember {
  std::string path;
  std::span<const std::byte> bytes;
};

/// Whether the bytes begin with a header of ustar, pax, GNU tar, or tar as it was before these.
bool is_tar(std::span<const std::byte> bytes);
/// Regular files in the order of the archive; folders are passed over. Throws IoError "<name>: ..." for links, devices and
/// anything else that is neither file nor folder, absolute paths, ".." and control characters, the same path twice, wrong
/// checksums, sizes that leave the archive, and an archive without its end.
std::vector<TarMember> parse_tar(std::span<const std::byte> bytes, const std::string& name);

/// What may come out of a compressed file. Weights hardly compress; more than this is no checkpoint.
struct GzipLimits {
  uint64_t size_bytes = uint64_t{16} << 30U;
  uint64_t free_bytes = uint64_t{16} << 20U;  ///< allowed whatever the input's size
  uint64_t ratio = 32;                        ///< allowed for each byte of the input, in addition
};

bool is_gzip(std::span<const std::byte> bytes);
/// Decompresses into a scratch file (TMPDIR), in a few hundred KiB of memory. Throws IoError "<name>: ..." for damaged data, an
/// early end, other bytes than zeros after the end, and the limits.
MappedFile inflate_gzip(std::span<const std::byte> bytes, const std::string& name, const GzipLimits& limits = {});

}  // namespace albert::io
