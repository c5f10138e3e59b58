// Random damage to checkpoints of TensorFlow and to archives: whatever the bytes are, reading them gives tensors or an IoError,
// in little memory and time. Checksums are repaired in most files, so that the damage is met behind them.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/random.h>
#include <albert/io/tar.h>
#include <albert/io/tensor_bundle.h>

#include <gmock/gmock.h>
#include "io/bundle_builder.h"
#include "io/sorted_table.h"
#include "measured_cost.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace albert::io {
namespace {

using testing::table_block;
using testing::table_of;
using testing::table_of_blocks;
using testing::TableEntries;
using testing::with_trailer;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string golden(const std::string& name) {
  return read_file(std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1" / name);
}

void replace_number(std::string& bytes, RandomStream& random) {
  constexpr std::array<uint64_t, 8> kNumbers{0, 1, 0x7f, 0x80, 0xffffffff, 0x80000000, UINT64_MAX, uint64_t{1} << 62U};
  const uint64_t number = kNumbers[random.below(kNumbers.size())];
  const size_t size = std::min<size_t>(random.below(2) == 0 ? 4 : 8, bytes.size());
  std::memcpy(bytes.data() + random.below(bytes.size() - size + 1), &number, size);
}

void damage_once(std::string& bytes, RandomStream& random) {
  constexpr size_t kLongest = 40;
  if (bytes.empty()) return bytes.push_back(static_cast<char>(random.below(256)));
  const size_t at = random.below(bytes.size());
  const size_t length = std::min<size_t>(1 + random.below(kLongest), bytes.size() - at);
  switch (random.below(8)) {
    case 0:
      bytes.erase(at, length);
      break;
    case 1:
      bytes.insert(random.below(bytes.size()), std::string(bytes, at, length));
      break;
    case 2:
      replace_number(bytes, random);
      break;
    case 3:
      bytes.insert(at, testing::varint(random.next() >> random.below(64)));
      break;
    case 4:
      bytes.resize(at);
      break;
    case 5:
      bytes[at] = static_cast<char>(random.below(256));
      break;
    default:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
  }
}

std::string damaged(std::string bytes, RandomStream& random) {
  for (uint64_t times = 1 + random.below(3); times > 0; --times) damage_once(bytes, random);
  return bytes;
}

/// Makes files of a small checkpoint, damaged in one of several ways.
class FileMaker {
 public:
  FileMaker() {
    read_sorted_table(bytes_of(index_), "golden",
                      [&](std::string_view key, std::string_view value) { entries_.emplace_back(key, value); });
    const std::string compressed = golden("snappy/model.ckpt.index");
    compressed_block_ = compressed.substr(0, compressed.size() - kFooter);
  }

  [[nodiscard]] std::string index(RandomStream& random) const {
    switch (random.below(6)) {
      case 0:
        return damaged(index_, random);
      case 1:
        return table_of_blocks({with_trailer(damaged(table_block(entries_), random))});
      case 2:
        return table_of_blocks({with_trailer(damaged(compressed_block_, random), 1)});
      case 3:
        return with_damaged_handles(random);
      default:
        return with_damaged_entries(random);
    }
  }

  [[nodiscard]] std::string data(RandomStream& random) const { return random.below(4) == 0 ? damaged(data_, random) : data_; }

  [[nodiscard]] std::string archive(RandomStream& random) const {
    std::string tar = testing::tar_of(
        {{.path = "m", .kind = '5'}, {.path = "x", .content = "12 path=m/i\n", .kind = 'x'}, {.path = "i", .content = index_}});
    if (random.below(2) == 0) {
      // A header with its checksum repaired.
      std::string header = tar.substr(0, kTarBlock);
      for (uint64_t times = 1 + random.below(3); times > 0; --times) {
        header[random.below(kTarBlock)] = static_cast<char>(random.below(256));
      }
      tar = repaired(header) + tar.substr(kTarBlock);
    } else {
      tar = damaged(tar, random);
    }
    if (random.below(4) != 0) return tar;
    return random.below(2) == 0 ? testing::gzip_of(tar) : damaged(testing::gzip_of(tar), random);
  }

 private:
  static constexpr size_t kFooter = 48;
  static constexpr size_t kTarBlock = 512;

  [[nodiscard]] std::string with_damaged_entries(RandomStream& random) const {
    TableEntries entries = entries_;
    for (uint64_t times = 1 + random.below(2); times > 0; --times) {
      auto& [key, value] = entries[random.below(entries.size())];
      std::string& part = random.below(8) == 0 ? key : value;
      part = damaged(part, random);
    }
    if (random.below(2) == 0) std::ranges::sort(entries);
    return table_of(entries);
  }

  /// The index block and the footer, the block's checksum repaired.
  [[nodiscard]] static std::string with_damaged_handles(RandomStream& random) {
    std::vector<std::string> blocks;
    for (uint64_t count = random.below(4); count > 0; --count)
      blocks.push_back(with_trailer(table_block({{std::to_string(9 - count), "x"}})));
    std::string file = table_of_blocks(blocks);
    std::string handles;
    for (uint64_t count = random.below(6); count > 0; --count) {
      handles += damaged(std::string("\0\1\2a\0\x0e", 6), random);
    }
    const std::string index = with_trailer(damaged(handles + table_block({}), random));
    std::string footer = file.substr(file.size() - kFooter);
    const size_t begin = file.size() - kFooter;
    footer.replace(
        0, 8,
        (testing::varint(0) + testing::varint(8) + testing::varint(begin) + testing::varint(index.size() - 5)).substr(0, 8));
    return file.substr(0, begin) + index + (random.below(2) == 0 ? footer : damaged(footer, random));
  }

  static std::string repaired(std::string header) {
    header.replace(148, 8, 8, ' ');
    uint32_t sum = 0;
    for (const char byte : header) sum += static_cast<uint8_t>(byte);
    header.replace(148, 6, fmt::format("{:06o}", sum));
    header[154] = '\0';
    return header;
  }

  std::string index_ = golden("classifier/model.ckpt-best.index");
  std::string data_ = golden("classifier/model.ckpt-best.data-00000-of-00001");
  TableEntries entries_;
  std::string compressed_block_;
};

/// Tensors that could be read.
size_t read_bundle(std::span<const std::byte> index, const std::string& data) {
  BundleIndex parsed = parse_bundle_index(index, "i");
  const TensorBundle bundle(parsed, std::vector<BundleShard>(parsed.num_shards, {.name = "d", .bytes = bytes_of(data)}));
  size_t count = 0;
  for (const BundleTensor& tensor : bundle.tensors()) {
    const ArrayView view = bundle.read(tensor);
    uint32_t sum = 0;
    for (const std::byte byte : view.bytes) sum += std::to_integer<uint32_t>(byte);
    count += sum < UINT32_MAX ? 1U : 0U;
  }
  return count;
}

size_t read_archive(const std::string& archive, const std::string& data) {
  const MappedFile inflated = is_gzip(bytes_of(archive)) ? inflate_gzip(bytes_of(archive), "g") : MappedFile();
  size_t count = 0;
  for (const TarMember& member : parse_tar(inflated.bytes().empty() ? bytes_of(archive) : inflated.bytes(), "t")) {
    count += read_bundle(member.bytes, data);
  }
  return count;
}

/// 20,000 in the suite, a million with the label slow. Any exception but IoError, a crash or the sanitizer fails the test.
TEST(BundleFuzz, RandomDamageNeverDoesMoreThanThrow) {
  const uint64_t count = testing::num_fuzzed_files(20'000);
  const FileMaker maker;
  testing::CostWatch watch;
  uint64_t num_read = 0;
  for (uint64_t i = 0; i < count; ++i) {
    RandomStream random(1, "bundle-fuzz", i);
    const bool is_archive = random.below(4) == 0;
    const std::string file = is_archive ? maker.archive(random) : maker.index(random);
    const std::string data = maker.data(random);
    ASSERT_TRUE(watch.run(file.size() + data.size(), [&] {
      try {
        num_read += (is_archive ? read_archive(file, data) : read_bundle(bytes_of(file), data)) > 0 ? 1U : 0U;
      } catch (const IoError&) {
      }
    })) << "file "
        << i;
  }
  EXPECT_GT(num_read, count / 100) << "some damage should be harmless";
  EXPECT_LT(num_read, count / 2) << "most damage should be noticed";
  std::printf("%lu files, %lu read, at most %zu bytes and %.4f s for one\n", count, num_read, watch.most_bytes(), watch.longest_seconds());
}

/// A block of one entry that repeats `unit`, in snappy: 3 bytes for each 64.
std::string repeating_block(const std::string& key, const std::string& unit, size_t num_copies) {
  constexpr size_t kCopied = 64;
  const std::string tail = table_block({});
  const size_t value_bytes = unit.size() + num_copies * kCopied;
  const std::string head = testing::varint(0) + testing::varint(key.size()) + testing::varint(value_bytes) + key + unit;
  std::string block = testing::varint(head.size() + num_copies * kCopied + tail.size());
  block += static_cast<char>((head.size() - 1) << 2U) + head;
  for (size_t i = 0; i < num_copies; ++i) block += std::string("\xfe") + static_cast<char>(unit.size()) + '\0';
  return with_trailer(block + static_cast<char>((tail.size() - 1) << 2U) + tail, 1);
}

/// As much in one table of 4 MiB as snappy can pack: each of the repeated fields is walked by the parser of entries.
TEST(BundleFuzz, TheTimeForACompressedTableIsBounded) {
  constexpr size_t kCopies = 31'000;  // 2 MB of each block
  for (const std::string& unit : {std::string("\x3a\0", 2), std::string("\x78\0", 2)}) {
    std::vector<std::string> blocks{with_trailer(table_block({{"", testing::bundle_header()}}))};
    for (size_t bytes = 0; bytes < kMaxTableBytes - (size_t{200} << 10U); bytes += blocks.back().size()) {
      blocks.push_back(repeating_block(fmt::format("a{:05}", blocks.size()), unit, kCopies));
    }
    const std::string file = table_of_blocks(blocks);
    ASSERT_LT(file.size(), kMaxTableBytes);
    testing::CostWatch watch;
    std::string error;
    EXPECT_TRUE(watch.run(file.size(), [&] {
      try {
        (void)parse_bundle_index(bytes_of(file), "i");
      } catch (const IoError& thrown) {
        error = thrown.what();
      }
    }));
    EXPECT_FALSE(error.empty());
    EXPECT_LT(watch.longest_seconds(), 0.5) << error;
  }
}

TEST(BundleFuzz, WhatCompressedBlocksStandForIsBoundedInAll) {
  const std::string unit = testing::proto_bytes(7, "");  // a slice
  std::vector<std::string> blocks{with_trailer(table_block({{"", testing::bundle_header()}}))};
  for (const char* key : {"a", "b", "c"}) blocks.push_back(repeating_block(key, unit, 31'000));
  try {
    (void)parse_bundle_index(bytes_of(table_of_blocks(blocks)), "i");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("wanted snappy data of at most 226"));
  }
}

}  // namespace
}  // namespace albert::io
