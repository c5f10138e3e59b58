// Where the text of a store came from: enough to tell whether it is still the same, and nothing that is private.
#pragma once

#include <albert/data/corpus.h>
#include <albert/data/data_config.h>

#include <cstdint>
#include <string>
#include <vector>

namespace albert {

/// One file as it was read.
struct FileFingerprint {
  std::string name;  ///< without folders
  uint64_t source_index = 0;
  uint64_t size_bytes = 0;
  int64_t changed_ns = 0;  ///< time of the last change, nanoseconds since 1970
  std::string content;     ///< XXH3-64 of the bytes; empty: not known
};

struct StoreFingerprint {
  /// Options that change what is read from the same bytes, as "name=value".
  std::vector<std::string> options;
  std::vector<FileFingerprint> files;
};

/// Without the content hashes, which cost a pass over the files.
StoreFingerprint fingerprint_of(const DataConfig& config);
/// XXH3-64 of a file.
std::string content_hash(const std::filesystem::path& path);

std::string to_json(const StoreFingerprint& fingerprint);
/// Throws DataError that begins with `where`.
StoreFingerprint fingerprint_from_json(const std::string& text, const std::string& where);

/// Empty when `now` would give the same store; else what differs, for example
/// "b.txt has changed (12 bytes, were 10)". Content is compared where size is equal and time is not.
std::string difference(const StoreFingerprint& made_from, const StoreFingerprint& now, const std::vector<SourceFile>& files);

}  // namespace albert
