// Writes files of TensorFlow's checkpoints and tar archives byte by byte, also ones that no program makes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert::testing {

std::string varint(uint64_t value);
/// A field of a protobuf message: a number, or bytes.
std::string proto_number(uint32_t field, uint64_t value);
std::string proto_bytes(uint32_t field, std::string_view value);
std::string proto_fixed32(uint32_t field, uint32_t value);

using TableEntries = std::vector<std::pair<std::string, std::string>>;  // key, value

/// A block without its trailer: entries without shared prefixes, one restart point.
std::string table_block(const TableEntries& entries);
/// The block with its type and checksum.
std::string with_trailer(std::string_view block, char type = 0);
/// A table around data blocks that are given with their trailers.
std::string table_of_blocks(const std::vector<std::string>& blocks);
/// A table of one data block.
std::string table_of(const TableEntries& entries);

/// BundleHeaderProto for a number of data files.
std::string bundle_header(uint64_t num_shards = 1);
/// BundleEntryProto of a float32 tensor whose bytes are `bytes`, at `offset` of the first data file.
std::string bundle_entry(const std::vector<uint64_t>& shape, uint64_t offset, std::string_view bytes);

/// A tar member with its header and padding; `kind` as in ustar.
struct TarEntry {
  std::string path;
  std::string content{};
  char kind = '0';
  std::string prefix{};
};
std::string tar_entry(const TarEntry& entry);
/// Entries and the two empty blocks at the end.
std::string tar_of(const std::vector<TarEntry>& entries);
std::string gzip_of(std::string_view bytes);

}  // namespace albert::testing
