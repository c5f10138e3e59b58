#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/replacing_file.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::TemporaryFolder;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777U;
}

TEST(File, WritesAtomicallyWithPrivateMode) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  write_file_atomically(folder / "a", "new");
  EXPECT_EQ(read_file(folder / "a"), "new");
  EXPECT_EQ(mode_of(folder / "a"), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "no temporary file is left";
}

TEST(File, AnUncommittedWriterLeavesNothing) {
  const TemporaryFolder folder;
  { FileWriter(folder / "a").write("half"); }
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(File, WriterKeepsOrderAcrossItsBufferAndPatchesEarlierBytes) {
  const TemporaryFolder folder;
  std::string expected = "HEAD";
  FileWriter writer(folder / "a");
  writer.write("xxxx");
  for (int i = 0; i < 300; ++i) {
    const std::string block(static_cast<size_t>(i) * 97 + (i == 150 ? 3'000'000 : 0), static_cast<char>('a' + i % 26));
    writer.write(block);
    expected += block;
  }
  writer.write_at(0, std::as_bytes(std::span("HEAD", 4)));
  EXPECT_EQ(writer.size_bytes(), expected.size());
  writer.commit();
  EXPECT_TRUE(read_file(folder / "a") == expected);
  EXPECT_TRUE(MappedFile(folder / "a").text() == expected);
}

TEST(File, AScratchFileHasNoNameAndItsMapOutlivesIt) {
  const TemporaryFolder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string old = before == nullptr ? "" : before;
  ASSERT_EQ(::setenv("TMPDIR", folder.path().c_str(), 1), 0);
  MappedFile map;
  {
    ScratchFile file;
    file.write(std::as_bytes(std::span("ab", 2)));
    file.write(std::as_bytes(std::span("c", 1)));
    map = file.map();
  }
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", old.c_str(), 1);
  EXPECT_EQ(map.text(), "abc");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(File, ErrorsNameThePathAndTheReason) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { (void)read_file(folder / "none"); }, ThrowsMessage<IoError>(HasSubstr("none: cannot open: No such file")));
  EXPECT_THAT([&] { (void)MappedFile(folder.path()); }, ThrowsMessage<IoError>(HasSubstr("Is a directory")));
  EXPECT_THAT([&] { write_file_atomically(folder / "no/such", "x"); }, ThrowsMessage<IoError>(HasSubstr("cannot create")));
  EXPECT_THAT([&] { FileWriter("/dev/full").write(std::string(5'000'000, 'x')); }, ThrowsMessage<IoError>(HasSubstr("No space left")));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "a device is not removed";
  write_file_atomically(folder / "a", "12345");
  EXPECT_THAT([&] { (void)read_file(folder / "a", 4); }, ThrowsMessage<IoError>(HasSubstr("larger than 4 bytes")));
  EXPECT_THAT([&] { make_directories(folder / "a/b"); }, ThrowsMessage<IoError>(HasSubstr("cannot create folder")));
}

TEST(File, MapsAnEmptyFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "");
  EXPECT_TRUE(MappedFile(folder / "a").bytes().empty());
}

TEST(File, MakesFoldersPrivate) {
  const TemporaryFolder folder;
  make_directories(folder / "a/b/c");
  make_directories(folder / "a/b/c");
  EXPECT_EQ(mode_of(folder / "a/b"), 0700U);
}

TEST(File, AReplacingFileKeepsTheOldOneUntilItIsWhole) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  {
    ReplacingFile file(folder / "a");
    file.writer().write("half");
    EXPECT_EQ(read_file(folder / "a"), "old");
  }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "no temporary file is left";
  ReplacingFile file(folder / "a");
  file.writer().write("new");
  file.commit();
  EXPECT_EQ(read_file(folder / "a"), "new");
}

TEST(File, AReplacingFileDoesNotReplaceADevice) {
  ReplacingFile file("/dev/null");
  file.writer().write("x");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace albert
