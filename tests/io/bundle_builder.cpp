#include "io/bundle_builder.h"

#include <albert/base/hash.h>

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>
#include <numeric>
#include <stdexcept>

namespace albert::testing {
namespace {

std::string fixed32(uint32_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

void put(std::string& header, size_t position, std::string_view text) { header.replace(position, text.size(), text); }

}  // namespace

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80U; value >>= 7U) bytes.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string proto_number(uint32_t field, uint64_t value) { return varint(uint64_t{field} << 3U) + varint(value); }
std::string proto_bytes(uint32_t field, std::string_view value) {
  return varint((uint64_t{field} << 3U) | 2U) + varint(value.size()) + std::string(value);
}
std::string proto_fixed32(uint32_t field, uint32_t value) { return varint((uint64_t{field} << 3U) | 5U) + fixed32(value); }

std::string table_block(const TableEntries& entries) {
  std::string block;
  for (const auto& [key, value] : entries) block += varint(0) + varint(key.size()) + varint(value.size()) + key + value;
  return block + fixed32(0) + fixed32(1);
}

std::string with_trailer(std::string_view block, char type) {
  const std::string stored = std::string(block) + type;
  return stored + fixed32(mask_crc32c(crc32c(stored)));
}

std::string table_of_blocks(const std::vector<std::string>& blocks) {
  constexpr size_t kTrailer = 5;
  std::string file;
  TableEntries handles;
  for (const std::string& block : blocks) {
    handles.emplace_back(fmt::format("{:08}", handles.size()), varint(file.size()) + varint(block.size() - kTrailer));
    file += block;
  }
  const std::string metaindex = with_trailer(table_block({}));
  const std::string index = with_trailer(table_block(handles));
  std::string footer = varint(file.size()) + varint(metaindex.size() - kTrailer);
  footer += varint(file.size() + metaindex.size()) + varint(index.size() - kTrailer);
  footer.resize(40, '\0');
  return file + metaindex + index + footer + "\x57\xfb\x80\x8b\x24\x75\x47\xdb";
}

std::string table_of(const TableEntries& entries) { return table_of_blocks({with_trailer(table_block(entries))}); }

std::string bundle_header(uint64_t num_shards) { return proto_number(1, num_shards) + proto_bytes(3, proto_number(1, 1)); }

std::string bundle_entry(const std::vector<uint64_t>& shape, uint64_t offset, std::string_view bytes) {
  std::string dimensions;
  for (const uint64_t size : shape) dimensions += proto_bytes(2, proto_number(1, size));
  return proto_number(1, 1) + proto_bytes(2, dimensions) + proto_number(4, offset) + proto_number(5, bytes.size()) +
         proto_fixed32(6, mask_crc32c(crc32c(bytes)));
}

std::string tar_entry(const TarEntry& entry) {
  constexpr size_t kBlock = 512;
  std::string header(kBlock, '\0');
  put(header, 0, std::string_view(entry.path).substr(0, 100));
  put(header, 100, "0000644");
  put(header, 124, fmt::format("{:011o}", entry.content.size()));
  put(header, 148, "        ");
  header[156] = entry.kind;
  put(header, 257, std::string_view("ustar\00000", 8));
  put(header, 345, entry.prefix);
  const auto sum = std::accumulate(header.begin(), header.end(), 0U,
                                   [](unsigned total, char byte) { return total + static_cast<uint8_t>(byte); });
  put(header, 148, std::string_view(fmt::format("{:06o}", sum) + std::string("\0 ", 2)));
  return header + entry.content + std::string((kBlock - entry.content.size() % kBlock) % kBlock, '\0');
}

std::string tar_of(const std::vector<TarEntry>& entries) {
  std::string archive;
  for (const TarEntry& entry : entries) archive += tar_entry(entry);
  return archive + std::string(1024, '\0');
}

std::string gzip_of(std::string_view bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  constexpr int kMemoryLevel = 8;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string compressed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int code = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw std::runtime_error("deflate");
  return compressed;
}

}  // namespace albert::testing
