#include <albert/base/error.h>
#include <albert/io/tar.h>

#include <gmock/gmock.h>
#include "io/bundle_builder.h"

namespace albert::io {
namespace {

using ::testing::ElementsAre;
using testing::gzip_of;
using ::testing::HasSubstr;
using testing::tar_entry;
using testing::tar_of;
using testing::TarEntry;

std::span<const std::byte> tar_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::vector<std::string> tar_paths(const std::string& archive) {
  std::vector<std::string> paths;
  for (const TarMember& member : parse_tar(tar_bytes(archive), "t")) paths.push_back(member.path);
  return paths;
}

std::string tar_error(const std::string& archive) {
  try {
    (void)parse_tar(tar_bytes(archive), "t");
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

std::string entry_error(const TarEntry& entry) { return tar_error(tar_of({entry})); }

/// "LENGTH KEY=VALUE\n" with the length of all of it, for records of 10 to 99 bytes.
std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  return std::to_string(rest.size() + 2) + rest;
}

TEST(Tar, GivesFilesWithTheirBytes) {
  const std::string archive = tar_of({{.path = "./m/", .kind = '5'},
                                      {.path = "./m//a", .content = std::string(513, 'x')},
                                      {.path = "b", .content = "y", .prefix = "p/q"}});
  EXPECT_TRUE(is_tar(tar_bytes(archive)));
  const auto members = parse_tar(tar_bytes(archive), "t");
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].path, "m/a");
  EXPECT_EQ(members[0].bytes.size(), 513U);
  EXPECT_EQ(members[1].path, "p/q/b");
  EXPECT_EQ(members[1].bytes.front(), std::byte{'y'});
}

TEST(Tar, TheOldestFormHasNoMagic) {
  std::string archive = tar_of({{.path = "m/a", .content = "x"}});
  for (size_t i = 257; i < 265; ++i) archive[i] = '\0';  // magic and version
  archive[156] = '\0';                                   // an ordinary file
  EXPECT_FALSE(is_tar(tar_bytes(archive))) << "the checksum is another";
  unsigned sum = 8U * ' ';
  for (size_t i = 0; i < 512; ++i) sum += i < 148 || i >= 156 ? static_cast<unsigned char>(archive[i]) : 0U;
  archive.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  EXPECT_TRUE(is_tar(tar_bytes(archive)));
  EXPECT_THAT(tar_paths(archive), ElementsAre("m/a"));
  EXPECT_FALSE(is_tar(tar_bytes(std::string(1024, '\0'))));
}

TEST(Tar, LongPathsOfPaxAndGnuStandForThoseOfTheNextMember) {
  EXPECT_THAT(tar_paths(tar_of({{.path = "g", .content = pax("comment", "none"), .kind = 'g'},
                                {.path = "x", .content = pax("path", "long/one") + pax("mtime", "12345.5"), .kind = 'x'},
                                {.path = "short"},
                                {.path = "././@LongLink", .content = std::string("long/two\0", 9), .kind = 'L'},
                                {.path = "short"},
                                {.path = "short"}})),
              ElementsAre("long/one", "long/two", "short"));
  EXPECT_EQ(
      parse_tar(tar_bytes(tar_of({{.path = "x", .content = pax("size", "00002"), .kind = 'x'}, {.path = "a", .content = "123"}})),
                "t")[0]
          .bytes.size(),
      2U);
}

TEST(Tar, RefusesPathsThatLeaveTheFolder) {
  EXPECT_EQ(entry_error({.path = "/etc/passwd"}), "t: wanted relative paths, got \"/etc/passwd\"");
  EXPECT_EQ(entry_error({.path = "a/../../b"}), "t: wanted paths without \"..\", got \"a/../../b\"");
  EXPECT_EQ(entry_error({.path = "..", .kind = '5'}), "t: wanted paths without \"..\", got \"..\"");
  EXPECT_EQ(entry_error({.path = "b", .prefix = "/a"}), "t: wanted relative paths, got \"/a/b\"");
  EXPECT_EQ(tar_error(tar_of({{.path = "x", .content = pax("path", "../b/c"), .kind = 'x'}, {.path = "b"}})),
            "t: wanted paths without \"..\", got \"../b/c\"");
  EXPECT_EQ(tar_error(tar_of({{.path = "x", .content = pax("path", std::string("a\0b/c", 5)), .kind = 'x'}, {.path = "b"}})),
            "t: wanted paths without control characters, got \"a\\u0000b/c\"");
  EXPECT_EQ(entry_error({.path = "a\x1b[1m"}), "t: wanted paths without control characters, got \"a\\u001b[1m\"");
  EXPECT_EQ(entry_error({.path = ""}), "t: wanted a path of each member, got none");
  EXPECT_EQ(tar_error(tar_of({{.path = "a"}, {.path = "./a"}})), "t: wanted each path once, got \"a\" twice");
}

TEST(Tar, RefusesWhatIsNeitherFileNorFolder) {
  const std::string cure = " (member \"a\"); make the archive again from plain files";
  EXPECT_EQ(entry_error({.path = "a", .kind = '1'}), "t: wanted files and folders, got a hard link" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = '2'}), "t: wanted files and folders, got a symbolic link" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = '3'}), "t: wanted files and folders, got a device" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = '4'}), "t: wanted files and folders, got a device" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = '6'}), "t: wanted files and folders, got a pipe" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = 'S'}), "t: wanted files and folders, got a sparse file" + cure);
  EXPECT_EQ(entry_error({.path = "a", .kind = 'V'}), "t: wanted files and folders, got an unknown kind" + cure);
  EXPECT_EQ(entry_error({.path = "x", .content = pax("GNU.sparse.major", "1"), .kind = 'x'}),
            "t: wanted plain files, got a sparse file; make the archive again without --sparse");
}

TEST(Tar, RefusesDamage) {
  std::string wrong = tar_of({{.path = "a"}});
  wrong[0] = 'b';
  EXPECT_EQ(tar_error(wrong),
            "t: wanted the checksum of the header at byte 0, got another; the file is damaged or no tar archive");
  const std::string cut = "t: wanted the end of the archive, got the end of the file; it is cut short";
  EXPECT_EQ(tar_error(""), cut);
  EXPECT_EQ(tar_error(tar_entry({.path = "a", .content = "x"})), cut);
  EXPECT_EQ(tar_error(tar_entry({.path = "a", .content = std::string(600, 'x')}).substr(0, 1000)),
            "t: wanted 600 bytes of a member, got 488; the file is cut short or damaged");
  EXPECT_EQ(entry_error({.path = "x", .content = "99 path=a\n", .kind = 'x'}),
            "t: wanted records in an extended header, got other bytes; the file is damaged");
  EXPECT_EQ(entry_error({.path = "x", .content = "8 path a\n", .kind = 'x'}),
            "t: wanted records in an extended header, got other bytes; the file is damaged");
  EXPECT_EQ(entry_error({.path = "x", .content = pax("size", "99999999999999999999"), .kind = 'x'}),
            "t: wanted the size of a member, got other bytes; the file is damaged");
  EXPECT_EQ(tar_error(tar_of({{.path = "x", .content = pax("size", "99999999999"), .kind = 'x'}, {.path = "a"}})),
            "t: wanted 99999999999 bytes of a member, got 1024; the file is cut short or damaged");
  EXPECT_EQ(entry_error({.path = "x", .content = std::string(70'000, 'x'), .kind = 'x'}),
            "t: wanted an extended header of at most 65536 bytes, got 70000");
  std::vector<TarEntry> many;
  for (size_t i = 0; i <= kMaxTarMembers; ++i) many.push_back({.path = std::to_string(i)});
  EXPECT_EQ(tar_error(tar_of(many)), "t: wanted at most 4096 files, got more");
}

std::string gzip_error(const std::string& bytes, const GzipLimits& limits = {}) {
  try {
    (void)inflate_gzip(tar_bytes(bytes), "g", limits);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(Gzip, GivesAllMembersInOneFile) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919);
  EXPECT_TRUE(is_gzip(tar_bytes(gzip_of(text))));
  EXPECT_TRUE(inflate_gzip(tar_bytes(gzip_of(text) + gzip_of("end")), "g").text() == text + "end");
}

TEST(Gzip, PassesOverZerosBehindTheEnd) {
  EXPECT_EQ(inflate_gzip(tar_bytes(gzip_of("text") + std::string(10'000, '\0')), "g").text(), "text");
  EXPECT_EQ(inflate_gzip(tar_bytes(gzip_of("text") + '\0'), "g").text(), "text");
  EXPECT_THAT(gzip_error(gzip_of("text") + std::string(100, '\0') + "x"), HasSubstr("g: wanted gzip data, got "));
}

TEST(Gzip, RefusesDamageAndBombs) {
  const std::string sound = gzip_of(std::string(1000, 'a') + "b");
  EXPECT_EQ(gzip_error(sound), "");
  for (size_t length = 0; length < sound.size(); ++length) EXPECT_NE(gzip_error(sound.substr(0, length)), "") << length;
  EXPECT_EQ(gzip_error(sound.substr(0, sound.size() - 1)),
            "g: wanted the end of the gzip data, got the end of the file; it is cut short");
  EXPECT_EQ(gzip_error(sound + "x"), "g: wanted the end of the gzip data, got the end of the file; it is cut short");
  EXPECT_THAT(gzip_error(sound + "xyz"), HasSubstr("g: wanted gzip data, got incorrect header check; the file is damaged"));
  std::string damaged = sound;
  damaged[damaged.size() - 6] ^= 1;
  EXPECT_EQ(gzip_error(damaged), "g: wanted gzip data, got incorrect data check; the file is damaged");
  const std::string cure = "; no archive of a checkpoint, or unpack it first";
  EXPECT_EQ(gzip_error(sound, {.size_bytes = 1000}), "g: wanted at most 1000 bytes in the archive, got more" + cure);
  const std::string bomb = gzip_of(std::string(1'000'000, '\0'));
  EXPECT_EQ(gzip_error(bomb, {.free_bytes = 1000, .ratio = 10}),
            fmt::format("g: wanted at most {} bytes in the archive, got more{}", 1000 + 10 * bomb.size(), cure));
}

}  // namespace
}  // namespace albert::io
