// Against the reference library (Python package safetensors): it reads what we write, byte for byte what it would write, and the
// other way round. Needs ALBERT_TEST_PYTHON, an interpreter with safetensors and numpy.
#include "damaged_safetensors.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <temporary_folder.h>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace albert::io {
namespace {

using albert::testing::TemporaryFolder;

/// How our reader reads a file, in the form of reference_safetensors.py.
std::string listing(std::span<const std::byte> bytes) {
  std::string text;
  try {
    const auto content = parse_safetensors(bytes, "x");
    for (const auto& [label, array] : content.arrays) {
      text += fmt::format("{}|{}|{}|", label, name(array.type), fmt::join(array.shape, ","));
      text.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
      text += '\n';
    }
  } catch (const IoError&) {
    return "refused";
  }
  return text;
}

int run_reference(const std::string& python, const std::string& command, const std::filesystem::path& path) {
  const std::string script = ALBERT_SOURCE_DIR "/tests/io/reference_safetensors.py";
  return std::system(fmt::format("'{}' '{}' {} '{}'", python, script, command, path.string()).c_str());
}

/// Writes a file with the library, then reads ours and compares values, then writes those again.
constexpr std::string_view kScript = R"(
import sys
import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
folder = sys.argv[1]
theirs = {"w.%s" % t: np.arange(6).reshape(2, 3).astype(t) for t in
          ["bool", "uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32", "float64", "int64", "uint64"]}
theirs["scalar"] = np.array(3.5, dtype=np.float32)
theirs["empty"] = np.zeros((0, 4), dtype=np.float32)
theirs["na\"me\n\u00e9"] = np.ones(1, dtype=np.uint8)
save_file(theirs, folder + "/theirs.safetensors", {"format": "pt"})
ours = load_file(folder + "/ours.safetensors")
assert sorted(ours) == ["a", "b", "c\"\n\u00e9", "empty"], sorted(ours)
assert ours["a"].dtype == np.uint8 and ours["a"].tolist() == [7, 8, 9], ours["a"]
assert ours["b"].dtype == np.float32 and ours["b"].tolist() == [[1.0], [2.0]], ours["b"]
assert ours["empty"].shape == (0, 5), ours["empty"].shape
with safe_open(folder + "/ours.safetensors", "numpy") as file:
    assert file.metadata() == {"format": "pt"}, file.metadata()
save_file(ours, folder + "/again.safetensors", {"format": "pt"})
)";

TEST(SafetensorsReference, LibraryAndReaderAgreeInBothDirections) {
  const char* python = std::getenv("ALBERT_TEST_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const TemporaryFolder folder;
  const std::array<float, 2> wide{1.0F, 2.0F};
  const std::array<uint8_t, 3> narrow{7, 8, 9};
  const std::array<int64_t, 2> integers{-1, 1};
  NamedArrays ours;
  ours["a"] = {DType::u8, {3}, std::as_bytes(std::span(narrow))};
  ours["b"] = {DType::f32, {2, 1}, std::as_bytes(std::span(wide))};
  ours["c\"\n\xc3\xa9"] = {DType::i64, {2}, std::as_bytes(std::span(integers))};
  ours["empty"] = {DType::f32, {0, 5}, {}};
  write_safetensors(folder / "ours.safetensors", ours, {{"format", "pt"}});
  write_file_atomically(folder / "check.py", kScript);
  const std::string command =
      "'" + std::string(python) + "' '" + (folder / "check.py").string() + "' '" + folder.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;

  EXPECT_EQ(read_file(folder / "again.safetensors"), read_file(folder / "ours.safetensors")) << "the writers agree byte for byte";

  const auto theirs = SafetensorsFile::open(folder / "theirs.safetensors");
  EXPECT_EQ(theirs.arrays().size(), 15U);
  EXPECT_EQ(theirs.metadata(), (SafetensorsMetadata{{"format", "pt"}}));
  EXPECT_EQ(theirs.at("scalar").shape.size(), 0U);
  EXPECT_EQ(theirs.at("empty").shape, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(theirs.at("na\"me\n\xc3\xa9").type, DType::u8);
  const ArrayView& doubles = theirs.at("w.float64");
  ASSERT_EQ(doubles.bytes.size(), 6 * sizeof(double));
  for (size_t i = 0; i < 6; ++i) {
    double value = 0;
    std::memcpy(&value, doubles.bytes.data() + i * sizeof(double), sizeof value);
    EXPECT_EQ(value, static_cast<double>(i));
  }
  write_safetensors(folder / "copy.safetensors", theirs.arrays(), theirs.metadata());
  EXPECT_EQ(read_file(folder / "copy.safetensors"), read_file(folder / "theirs.safetensors"))
      << "a copy of their file is their file";
}

TEST(SafetensorsReference, CraftedFilesAreReadAsTheLibraryReadsThem) {
  const char* python = std::getenv("ALBERT_TEST_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const TemporaryFolder folder;
  ASSERT_EQ(run_reference(python, "craft", folder.path()), 0);
  int taken = 0;
  int refused = 0;
  for (const auto& item : std::filesystem::directory_iterator(folder.path())) {
    auto expected_path = item.path();
    if (item.path().extension() != ".safetensors") continue;
    const std::string expected = read_file(expected_path.replace_extension(".expected"));
    const MappedFile file(item.path());
    EXPECT_EQ(listing(file.bytes()), expected) << item.path().stem();
    ++(expected == "refused" ? refused : taken);
  }
  EXPECT_GE(taken, 35);
  EXPECT_GE(refused, 50);
}

/// 20,000 in the suite; ALBERT_FUZZ_FILES for more.
TEST(SafetensorsReference, DamagedFilesAreReadAsTheLibraryReadsThem) {
  const char* python = std::getenv("ALBERT_TEST_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const char* wanted = std::getenv("ALBERT_FUZZ_FILES");
  const uint64_t count = wanted == nullptr ? 20'000 : std::stoull(wanted);
  const TemporaryFolder folder;
  FileWriter writer(folder / "records");
  for (uint64_t i = 0; i < count; ++i) {
    const std::string file = albert::testing::damaged_safetensors(i);
    const std::string read = listing(std::as_bytes(std::span(file)));
    const std::array<uint64_t, 2> sizes{file.size(), read.size()};
    writer.write(std::as_bytes(std::span(sizes)));
    writer.write(file);
    writer.write(read);
  }
  writer.commit();
  EXPECT_EQ(run_reference(python, "compare", folder / "records"), 0);
}

}  // namespace
}  // namespace albert::io
