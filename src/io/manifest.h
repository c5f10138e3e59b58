// manifest.json: what a checkpoint must consist of. Byte layout: docs/formats-checkpoint.md.
#pragma once

#include <albert/io/checkpoint_directory.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace albert::io {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr int64_t kManifestVersion = 1;

/// One file of the checkpoint.
struct ManifestFile {
  uint64_t size_bytes = 0;
  std::string xxh3_64;                         ///< of the whole file, 16 hexadecimal digits
  std::map<std::string, std::string> tensors;  ///< XXH3-64 by tensor name, for files of arrays
  bool has_tensors = false;                    ///< a file of arrays may hold none
  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  CheckpointIdentity identity;
  std::map<std::string, ManifestFile> files;
  bool operator==(const Manifest&) const = default;
};

/// The text of the file, its own SHA-256 included.
std::string to_text(const Manifest& manifest);
/// Checks the SHA-256 first, then every field. Throws IoError that starts with `name`.
Manifest parse_manifest(std::string_view text, std::string_view name);

/// A name that stays inside its folder and is not the manifest's: not empty, no '/', no leading '.', at most 255 bytes.
bool is_plain_file_name(std::string_view name);

}  // namespace albert::io
