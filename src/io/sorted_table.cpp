#include "io/sorted_table.h"

#include "io/snappy.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/base/protobuf_reader.h>

#include <cstring>
#include <optional>

namespace albert::io {
namespace {

constexpr size_t kTrailerBytes = 5;  // type, masked checksum
constexpr size_t kMagicBytes = 8;
constexpr size_t kFooterBytes = 48;
constexpr uint64_t kMagic = 0xdb4775248b80fb57U;

template <typename T>
T little_endian(std::string_view text, size_t position) {
  T value{};
  std::memcpy(&value, text.data() + position, sizeof(T));
  return value;
}

/// Where a block stands; its trailer follows.
struct BlockHandle {
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
};

class TableReader {
 public:
  using Visitor = std::function<void(std::string_view key, std::string_view value)>;

  TableReader(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  void run(const Visitor& visit) {
    if (file_.size() > kMaxTableBytes) fail(fmt::format("wanted at most {} bytes, got {}", kMaxTableBytes, file_.size()));
    const auto [metaindex, index] = read_footer();
    uint64_t end = 0;
    std::string last;
    read_block(index, [&](std::string_view /*separator*/, std::string_view value) {
      const BlockHandle data = whole_handle(value);
      require_place(data, end, metaindex.offset);
      end = data.offset + data.size_bytes + kTrailerBytes;
      read_block(data, [&](std::string_view key, std::string_view content) {
        count(key, last);
        visit(key, content);
      });
    });
    require_place(metaindex, end, index.offset);
    if (metaindex.offset + metaindex.size_bytes + kTrailerBytes != index.offset) fail_cover(metaindex);
    read_block(metaindex, [](std::string_view /*name*/, std::string_view /*handle*/) {});
  }

 private:
  struct Footer {
    BlockHandle metaindex;
    BlockHandle index;
  };

  Footer read_footer() const {
    if (file_.size() < kFooterBytes)
      fail(fmt::format("wanted at least {} bytes, got {}; the file is cut short", kFooterBytes, file_.size()));
    std::string_view footer = file_.substr(file_.size() - kFooterBytes);
    if (little_endian<uint64_t>(footer, kFooterBytes - kMagicBytes) != kMagic) {
      fail("wanted a table's magic number at the end, got other bytes; the file is cut short or no checkpoint of TensorFlow");
    }
    footer.remove_suffix(kMagicBytes);
    const Footer found{.metaindex = take_handle(footer), .index = take_handle(footer)};
    if (footer.find_first_not_of('\0') != std::string_view::npos)
      fail("wanted zeros in the footer, got other bytes; the file is damaged");
    const uint64_t room = file_.size() - kFooterBytes;
    require_inside(found.index, room);
    require_inside(found.metaindex, found.index.offset);
    if (found.index.offset + found.index.size_bytes + kTrailerBytes != room) fail_cover(found.index);
    return found;
  }

  BlockHandle take_handle(std::string_view& rest) const {
    const auto offset = protobuf::take_varint(rest);
    const auto size = offset ? protobuf::take_varint(rest) : std::nullopt;
    if (!size) fail("wanted offset and size of a block, got other bytes; the file is damaged");
    return {.offset = *offset, .size_bytes = *size};
  }

  BlockHandle whole_handle(std::string_view value) const {
    const BlockHandle handle = take_handle(value);
    if (!value.empty()) fail("wanted offset and size of a block, got more; the file is damaged");
    return handle;
  }

  void require_inside(const BlockHandle& handle, uint64_t room) const {
    if (handle.offset > room || handle.size_bytes > room - handle.offset ||
        room - handle.offset - handle.size_bytes < kTrailerBytes) {
      fail(fmt::format("wanted a block inside the first {} bytes, got {} bytes at {}; the file is damaged", room,
                       handle.size_bytes, handle.offset));
    }
  }

  void require_place(const BlockHandle& handle, uint64_t begin, uint64_t room) const {
    require_inside(handle, room);
    if (handle.offset != begin) fail_cover(handle);
  }

  [[noreturn]] void fail_cover(const BlockHandle& handle) const {
    fail(fmt::format("wanted blocks that follow one another, got {} bytes at {}; the file is damaged", handle.size_bytes,
                     handle.offset));
  }

  void count(std::string_view key, std::string& last) {
    if (num_entries_++ > 0 && key <= last) fail("wanted keys in ascending order, got others; the file is damaged");
    if (num_entries_ > kMaxTableEntries) fail(fmt::format("wanted at most {} entries, got more", kMaxTableEntries));
    key_bytes_ += key.size();
    if (key_bytes_ > kMaxTableKeyBytes) fail(fmt::format("wanted at most {} bytes of names, got more", kMaxTableKeyBytes));
    last = key;
  }

  /// Verifies the block's checksum, then calls `visit` for its entries.
  template <typename Visit>
  void read_block(const BlockHandle& handle, const Visit& visit) {
    const std::string_view stored = file_.substr(handle.offset, handle.size_bytes + 1);  // with its type
    if (mask_crc32c(crc32c(stored)) != little_endian<uint32_t>(file_, handle.offset + handle.size_bytes + 1)) {
      fail(fmt::format("wanted the checksum of the block at byte {}, got another; the file is damaged", handle.offset));
    }
    std::string_view block = stored.substr(0, handle.size_bytes);
    std::string text;
    switch (stored.back()) {
      case 0:
        break;
      case 1:
        text = decompress_snappy(block, kMaxTableInflatedBytes - inflated_bytes_, fmt::format("{}: block at byte {}", name_, handle.offset));
        inflated_bytes_ += text.size();
        block = text;
        break;
      default:
        fail(fmt::format("wanted block type 0 (plain) or 1 (snappy), got {} at byte {}",
                         static_cast<int>(static_cast<uint8_t>(stored.back())), handle.offset));
    }
    read_entries(block, handle, visit);
  }

  template <typename Visit>
  void read_entries(std::string_view block, const BlockHandle& handle, const Visit& visit) const {
    constexpr size_t kWord = sizeof(uint32_t);
    const auto fail_block = [&](std::string_view what) {
      fail(fmt::format("wanted {} in the block at byte {}, got other bytes; the file is damaged", what, handle.offset));
    };
    if (block.size() < kWord) fail_block("restart points");
    const uint64_t restarts = little_endian<uint32_t>(block, block.size() - kWord);
    if (restarts > (block.size() - kWord) / kWord) fail_block("restart points");
    block.remove_suffix((restarts + 1) * kWord);
    std::string key;
    while (!block.empty()) {
      const auto shared = protobuf::take_varint(block);
      const auto added = shared ? protobuf::take_varint(block) : std::nullopt;
      const auto size = added ? protobuf::take_varint(block) : std::nullopt;
      if (!size || *shared > key.size() || *added > block.size() || *size > block.size() - *added) fail_block("an entry");
      key.resize(*shared);
      key.append(block.substr(0, *added));
      if (key.size() > kMaxTableKeyBytes) fail_block("a shorter key");
      visit(std::string_view(key), block.substr(*added, *size));
      block.remove_prefix(*added + *size);
    }
  }

  [[noreturn]] void fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", name_, text)); }

  std::string_view file_;
  const std::string& name_;
  size_t num_entries_ = 0;
  size_t key_bytes_ = 0;
  size_t inflated_bytes_ = 0;
};

}  // namespace

void read_sorted_table(std::span<const std::byte> bytes, const std::string& name, const TableReader::Visitor& visit) {
  TableReader({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name).run(visit);
}

}  // namespace albert::io
