#include <albert/base/error.h>
#include <albert/io/safetensors.h>
#include <albert/io/tensor_rows.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

namespace albert::io {
namespace {

using ::testing::ElementsAre;
using testing::TemporaryFolder;

TEST(TensorRows, MakeAFileOfOneMatrix) {
  const TemporaryFolder folder;
  TensorRows rows(folder / "a.safetensors", "embeddings", 2);
  rows.add(std::vector<float>{1, 2, 3, 4});
  rows.add(std::vector<float>{5, 6});
  EXPECT_FALSE(std::filesystem::exists(folder / "a.safetensors"));
  rows.commit();
  EXPECT_EQ(rows.num_rows(), 3);
  const auto file = SafetensorsFile::open(folder / "a.safetensors");
  EXPECT_EQ(file.arrays().size(), 1U);
  const auto& array = file.at("embeddings");
  EXPECT_EQ(array.type, DType::f32);
  EXPECT_THAT(array.shape, ElementsAre(3, 2));
  std::vector<float> values(6);
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(TensorRows, TakeWholeRowsOnly) {
  const TemporaryFolder folder;
  TensorRows rows(folder / "a.safetensors", "m", 2);
  EXPECT_THROW(rows.add(std::vector<float>{1, 2, 3}), InternalError);
}

TEST(TensorRows, LeaveNothingWithoutCommit) {
  const TemporaryFolder folder;
  { TensorRows(folder / "a.safetensors", "m", 1).add(std::vector<float>{1}); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace albert::io
