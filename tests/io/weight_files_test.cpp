#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/weight_files.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

#include <array>

namespace albert::io {
namespace {

constexpr std::array<float, 2> kNumbers{1.0F, 2.0F};

ArrayView two_numbers() { return {DType::f32, {2}, std::as_bytes(std::span(kNumbers))}; }

/// Shards "a" with array x and "b" with arrays y and z, and an index with this map.
void write_shards(const albert::testing::TemporaryFolder& folder, const std::string& map) {
  write_safetensors(folder / "a.safetensors", {{"x", two_numbers()}}, {{"format", "pt"}});
  write_safetensors(folder / "b.safetensors", {{"y", two_numbers()}, {"z", two_numbers()}});
  write_file_atomically(folder / "model.safetensors.index.json", R"({"metadata": {"total_size": 24}, "weight_map": )" + map + "}");
}

auto refuses_with(const std::string& text) { return ::testing::ThrowsMessage<IoError>(::testing::HasSubstr(text)); }

TEST(WeightFiles, OfShardsAreOneSetOfArrays) {
  const albert::testing::TemporaryFolder folder;
  write_shards(folder, R"({"x": "a.safetensors", "y": "b.safetensors", "z": "b.safetensors"})");
  const auto weights = WeightFiles::of_folder(folder.path());
  EXPECT_EQ(weights.num_files(), 2U);
  EXPECT_EQ(weights.metadata(), (SafetensorsMetadata{{"format", "pt"}}));
  ASSERT_EQ(weights.arrays().size(), 3U);
  EXPECT_TRUE(std::ranges::equal(weights.arrays().at("z").bytes, std::as_bytes(std::span(kNumbers))));
  weights.forget(weights.arrays().at("z").bytes);
  EXPECT_TRUE(std::ranges::equal(weights.arrays().at("z").bytes, std::as_bytes(std::span(kNumbers)))) << "read again";
}

TEST(WeightFiles, PreferTheSingleFile) {
  const albert::testing::TemporaryFolder folder;
  write_shards(folder, "{}");
  write_safetensors(folder / "model.safetensors", {{"w", two_numbers()}});
  EXPECT_TRUE(WeightFiles::of_folder(folder.path()).arrays().contains("w"));
}

TEST(WeightFiles, OfAnIndexThatLiesAreRefused) {
  const std::array<std::pair<const char*, const char*>, 7> kLies{{
      {R"({"x": "a.safetensors", "y": "a.safetensors"})", "wanted tensor \"y\" in a.safetensors, got none of that name"},
      {R"({"x": "a.safetensors", "y": "b.safetensors"})", "wanted every tensor in weight_map, got \"z\" in b.safetensors alone"},
      {R"({"x": "c.safetensors"})", "wanted the file c.safetensors, got none of that name; the download is not complete"},
      {R"({"x": "../a.safetensors"})", "wanted the name of a file in the folder for \"x\", got"},
      {R"({"x": "/etc/passwd"})", "wanted the name of a file in the folder for \"x\", got"},
      {R"({"x": 1})", "wanted the name of a file in the folder for \"x\", got \"1\""},
      {R"([])", "wanted an object weight_map, got none"},
  }};
  for (const auto& [map, expected] : kLies) {
    const albert::testing::TemporaryFolder folder;
    write_shards(folder, map);
    EXPECT_THAT([&] { (void)WeightFiles::of_folder(folder.path()); }, refuses_with(expected)) << map;
  }
}

TEST(WeightFiles, InPicklesAreRefusedWithTheCure) {
  const albert::testing::TemporaryFolder folder;
  EXPECT_THAT([&] { (void)WeightFiles::of_folder(folder.path()); }, refuses_with("not a model folder: model.safetensors is missing"));
  write_file_atomically(folder / "pytorch_model.bin", "x");
  EXPECT_THAT([&] { (void)WeightFiles::of_folder(folder.path()); },
              refuses_with("pytorch_model.bin is a pickle, which can run code when it is read and so never is; make model.safetensors of it"));
}

TEST(WeightFiles, MustBeRegularFiles) {
  const albert::testing::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "model.safetensors");
  EXPECT_THAT([&] { (void)WeightFiles::of_folder(folder.path()); }, refuses_with("model.safetensors: must be a regular file"));
}

}  // namespace
}  // namespace albert::io
