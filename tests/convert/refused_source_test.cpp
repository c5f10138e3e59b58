// What people name in place of a model: one line that says what it is and what to do.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/convert/model_source.h>
#include <io/bundle_builder.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TemporaryFolder;

std::string refusal(const std::filesystem::path& path) {
  try {
    (void)read_model_source(path);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(RefusedSource, AFileOfAModelNamesItsFolder) {
  const TemporaryFolder folder;
  for (const char* name : {"config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"}) {
    write_file_atomically(folder / name, "{}");
    EXPECT_EQ(refusal(folder / name), fmt::format("{}: wanted a model folder, got one of its files; name the folder: {}",
                                                  (folder / name).string(), folder.path().string()));
  }
}

TEST(RefusedSource, APickleNamesItsCure) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "pytorch_model.bin", "PK\x03\x04");
  EXPECT_THAT(refusal(folder / "pytorch_model.bin"),
              EndsWith("got a pickle, which can run code when it is read and so never is"));
  write_file_atomically(folder / "config.json", "{}");
  EXPECT_THAT(refusal(folder / "pytorch_model.bin"),
              HasSubstr("make model.safetensors of it once where Python has torch and safetensors"));
}

TEST(RefusedSource, ADataFileNamesItsCheckpoint) {
  const TemporaryFolder folder;
  const auto data = folder / "model.ckpt-best.data-00000-of-00001";
  write_file_atomically(data, "x");
  const auto checkpoint = (folder / "model.ckpt-best").string();
  EXPECT_THAT(refusal(data),
              EndsWith("got one of its data files; put its .index beside it and name the checkpoint: " + checkpoint));
  write_file_atomically(checkpoint + ".index", "x");
  EXPECT_THAT(refusal(data), EndsWith("got one of its data files; name the checkpoint: " + checkpoint));
}

TEST(RefusedSource, ArchivesOfOtherKindsAreNamed) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> kCases{{std::string("\xfd\x37\x7a\x58\x5a\0", 6), "an xz archive"},
                                                  {"PK\x03\x04", "a zip archive"},
                                                  {"BZh9", "a bzip2 archive"},
                                                  {"\x28\xb5\x2f\xfd", "a Zstandard archive"}};
  for (const auto& [bytes, name] : kCases) {
    write_file_atomically(folder / "albert_base", bytes);
    EXPECT_THAT(refusal(folder / "albert_base"),
                EndsWith("wanted a tar or tar.gz archive, got " + name + "; unpack it and name the folder in it"));
  }
  write_file_atomically(folder / "albert_base", "text");
  EXPECT_THAT(refusal(folder / "albert_base"), EndsWith("got none of them"));
  write_file_atomically(folder / "albert_base", "");
  EXPECT_THAT(refusal(folder / "albert_base"), EndsWith("got none of them"));
}

TEST(RefusedSource, AFolderOfHuggingFaceInAnArchiveIsToBeUnpacked) {
  const TemporaryFolder folder;
  const auto archive =
      testing::tar_of({{.path = "m/config.json", .content = "{}"}, {.path = "m/model.safetensors", .content = "x"}});
  write_file_atomically(folder / "m.tar", archive);
  write_file_atomically(folder / "m.tar.gz", testing::gzip_of(archive));
  for (const char* name : {"m.tar", "m.tar.gz"}) {
    EXPECT_THAT(refusal(folder / name), AllOf(StartsWith((folder / name).string()),
                                              EndsWith("got a folder of Hugging Face; unpack it and name the folder")));
  }
}

}  // namespace
}  // namespace albert
