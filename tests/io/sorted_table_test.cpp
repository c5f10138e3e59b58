// Tables that no writer makes: each must end in one IoError that says what is wrong.
#include "io/sorted_table.h"

#include "io/snappy.h"

#include <albert/base/error.h>

#include <gmock/gmock.h>
#include "io/bundle_builder.h"

namespace albert::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::table_block;
using testing::table_of;
using testing::table_of_blocks;
using testing::TableEntries;
using testing::varint;
using testing::with_trailer;

TableEntries read_table(const std::string& file) {
  TableEntries found;
  read_sorted_table(std::as_bytes(std::span(file)), "t",
                    [&](std::string_view key, std::string_view value) { found.emplace_back(key, value); });
  return found;
}

std::string table_error(const std::string& file) {
  try {
    (void)read_table(file);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

/// A block of given entry bytes.
std::string raw_block(const std::string& entries) { return entries + table_block({}); }

TEST(SortedTable, ReadsBlocksAndSharedPrefixes) {
  EXPECT_TRUE(read_table(table_of_blocks({})).empty());
  EXPECT_THAT(read_table(table_of({{"a", "1"}, {"b", ""}})), ElementsAre(Pair("a", "1"), Pair("b", "")));
  const std::string shared = raw_block(std::string("\0\3\1abc1", 7) + "\2\1\1d2");
  EXPECT_THAT(read_table(table_of_blocks({with_trailer(shared), with_trailer(table_block({{"b", "3"}}))})),
              ElementsAre(Pair("abc", "1"), Pair("abd", "2"), Pair("b", "3")));
}

TEST(SortedTable, ReadsCompressedBlocks) {
  const std::string block = table_block({{"a", "1"}});
  const std::string compressed = varint(block.size()) + static_cast<char>((block.size() - 1) << 2U) + block;
  EXPECT_THAT(read_table(table_of_blocks({with_trailer(compressed, 1)})), ElementsAre(Pair("a", "1")));
}

TEST(SortedTable, RefusesFooters) {
  const std::string sound = table_of({{"a", "1"}});
  EXPECT_EQ(table_error(sound), "");
  EXPECT_EQ(table_error(""), "t: wanted at least 48 bytes, got 0; the file is cut short");
  EXPECT_EQ(table_error(std::string(48, 'x')),
            "t: wanted a table's magic number at the end, got other bytes; the file is cut short or no checkpoint of TensorFlow");
  std::string padded = sound;
  padded[padded.size() - 9] = 1;
  EXPECT_EQ(table_error(padded), "t: wanted zeros in the footer, got other bytes; the file is damaged");
  std::string endless = sound;
  endless.replace(endless.size() - 48, 40, std::string(40, '\xff'));
  EXPECT_EQ(table_error(endless), "t: wanted offset and size of a block, got other bytes; the file is damaged");
  EXPECT_THAT(table_error("x" + sound), HasSubstr("wanted blocks that follow one another"));
  EXPECT_THAT(table_error(sound.substr(1)), HasSubstr("wanted a block inside the first"));
  EXPECT_EQ(table_error(std::string(kMaxTableBytes + 1, 'x')), "t: wanted at most 4194304 bytes, got 4194305");
}

TEST(SortedTable, RefusesBlocks) {
  const auto of_block = [](const std::string& block, char type = 0) {
    return table_error(table_of_blocks({with_trailer(block, type)}));
  };
  EXPECT_EQ(of_block(""), "t: wanted restart points in the block at byte 0, got other bytes; the file is damaged");
  EXPECT_THAT(of_block(std::string("\xff\xff\xff\xff", 4)), HasSubstr("wanted restart points in the block"));
  EXPECT_EQ(of_block(table_block({}), 2), "t: wanted block type 0 (plain) or 1 (snappy), got 2 at byte 0");
  EXPECT_EQ(of_block(raw_block(std::string("\1\0\0", 3))),
            "t: wanted an entry in the block at byte 0, got other bytes; the file is damaged");
  EXPECT_THAT(of_block(raw_block(std::string("\0\1\7a", 4))), HasSubstr("wanted an entry"));
  EXPECT_THAT(of_block(raw_block(std::string(1, '\0') + varint(UINT64_MAX) + varint(1))), HasSubstr("wanted an entry"));
  EXPECT_THAT(of_block(raw_block(std::string(1, '\0') + varint(1) + varint(UINT64_MAX) + "a")), HasSubstr("wanted an entry"));
  std::string wrong = table_of({{"a", "1"}});
  wrong[0] = 1;
  EXPECT_EQ(table_error(wrong), "t: wanted the checksum of the block at byte 0, got another; the file is damaged");
}

TEST(SortedTable, RefusesKeysOutOfOrderAndTooMuchOfThem) {
  EXPECT_EQ(table_error(table_of({{"b", ""}, {"a", ""}})), "t: wanted keys in ascending order, got others; the file is damaged");
  EXPECT_EQ(table_error(table_of({{"a", ""}, {"a", ""}})), "t: wanted keys in ascending order, got others; the file is damaged");
  EXPECT_EQ(table_error(table_of({{"", ""}, {"", ""}})), "t: wanted keys in ascending order, got others; the file is damaged");
  TableEntries many;
  for (size_t i = 0; i <= kMaxTableEntries; ++i) many.emplace_back(fmt::format("{:08}", i), "");
  EXPECT_EQ(table_error(table_of(many)), "t: wanted at most 16384 entries, got more");
  // Three bytes for each key of 64 KiB.
  std::string repeated = std::string(1, '\0') + varint(65'536) + std::string(1, '\0') + std::string(65'536, 'k');
  for (int i = 0; i < 20; ++i) repeated += varint(65'536 + static_cast<uint64_t>(i)) + std::string("\1\0x", 3);
  EXPECT_EQ(table_error(table_of_blocks({with_trailer(raw_block(repeated))})),
            "t: wanted at most 1048576 bytes of names, got more");
}

std::string snappy_error(const std::string& compressed, size_t limit = 100) {
  try {
    (void)decompress_snappy(compressed, limit, "s");
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(Snappy, CopiesMayReachIntoWhatTheyWrite) {
  // Length 8, literal "ab", copy of 6 at distance 2: the form of one byte of offset, of two, of four.
  EXPECT_EQ(decompress_snappy("\x08\x04"
                              "ab\x09\x02",
                              100, "s"),
            "abababab");
  EXPECT_EQ(decompress_snappy(std::string("\x08\x04"
                                          "ab\x16\x02\0",
                                          7),
                              100, "s"),
            "abababab");
  EXPECT_EQ(decompress_snappy(std::string("\x08\x04"
                                          "ab\x17\x02\0\0\0",
                                          9),
                              100, "s"),
            "abababab");
  EXPECT_EQ(decompress_snappy(std::string(1, '\0'), 100, "s"), "");
}

TEST(Snappy, RefusesWhatIsNotOfTheFormat) {
  EXPECT_EQ(snappy_error(""), "s: wanted snappy data, got no length; the file is damaged");
  EXPECT_EQ(snappy_error(varint(101)), "s: wanted snappy data of at most 100 more bytes, got 101");
  EXPECT_EQ(snappy_error("\x02\x04"
                         "a"),
            "s: wanted snappy data, got a literal that is longer than what is left; the file is damaged");
  EXPECT_EQ(snappy_error("\x01\x04"
                         "ab"),
            "s: wanted snappy data, got more bytes than announced; the file is damaged");
  EXPECT_EQ(snappy_error("\x03\x04"
                         "ab"),
            "s: wanted snappy data, got 2 bytes of 3; the file is damaged");
  EXPECT_EQ(snappy_error("\x08\x04"
                         "ab\x09\x03"),
            "s: wanted snappy data, got a copy from before the beginning; the file is damaged");
  EXPECT_EQ(snappy_error(std::string("\x08\x04"
                                     "ab\x09\0",
                                     6)),
            "s: wanted snappy data, got a copy from before the beginning; the file is damaged");
  EXPECT_EQ(snappy_error("\x07\x04"
                         "ab\x09\x02"),
            "s: wanted snappy data, got more bytes than announced; the file is damaged");
  EXPECT_EQ(snappy_error("\x08\x04"
                         "ab\x0a"),
            "s: wanted snappy data, got an end inside an element; the file is damaged");
  EXPECT_EQ(snappy_error("\x08\xfc\xff\xff\xff\xff"),
            "s: wanted snappy data, got a literal that is longer than what is left; the file is damaged");
}

}  // namespace
}  // namespace albert::io
