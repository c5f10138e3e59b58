#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/model/initialization.h>
#include <albert/recipes/model_folder.h>
#include <temporary_folder.h>
#include <tiny_shape.h>

#include <gmock/gmock.h>

#include <algorithm>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::TemporaryFolder;

AlbertConfig tiny(Architecture architecture = Architecture::albert) { return testing::tiny_shape(50, 32, architecture); }

PretrainingModel tiny_model(const AlbertConfig& config, PretrainingHeads heads) {
  PretrainingModel model(config, heads);
  initialize(parameters_by_name(*model), 0.02, 3);
  return model;
}

TEST(ModelFolder, ComesBackEqualToTheBit) {
  for (const auto architecture : {Architecture::albert, Architecture::bert}) {
    for (const auto heads : {PretrainingHeads::masked_lm, PretrainingHeads::masked_lm_sentence_order}) {
      const TemporaryFolder folder;
      auto model = tiny_model(tiny(architecture), heads);
      write_model_folder(folder / "m", model_folder(*model, nullptr));
      auto loaded = load_model_folder(folder / "m");
      EXPECT_EQ(loaded.config.shape, model->config());
      EXPECT_EQ(loaded.content.heads(), heads);
      const auto before = parameters_by_name(*model);
      const auto after = parameters_by_name(*loaded.model);
      ASSERT_EQ(before.size(), after.size());
      for (size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(before[i].first, after[i].first);
        EXPECT_TRUE(before[i].second.equal(after[i].second)) << before[i].first;
      }
    }
  }
}

TEST(ModelFolder, OfPartlySharedLayersComesBackEqualToTheBit) {
  for (const auto part : {SharedPart::attention, SharedPart::feed_forward}) {
    const TemporaryFolder folder;
    AlbertConfig shape = tiny();
    shape.shared_part = part;
    auto model = tiny_model(shape, PretrainingHeads::masked_lm_sentence_order);
    write_model_folder(folder / "m", model_folder(*model, nullptr));
    auto loaded = load_model_folder(folder / "m");
    EXPECT_EQ(loaded.config.shape, shape);
    EXPECT_EQ(loaded.config.architecture, "PartlySharedAlbertForPreTraining");
    const auto before = parameters_by_name(*model);
    const auto after = parameters_by_name(*loaded.model);
    ASSERT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].first, after[i].first);
      EXPECT_TRUE(before[i].second.equal(after[i].second)) << before[i].first;
    }
  }
}

TEST(ModelFolder, ReplacesAnOlderFolderAndLeavesNothingElse) {
  const TemporaryFolder folder;
  auto model = tiny_model(tiny(), PretrainingHeads::masked_lm);
  write_model_folder(folder / "m", model_folder(*model, nullptr));
  write_file_atomically(folder / "m/stray", "x");
  write_model_folder(folder / "m", model_folder(*model, nullptr));
  EXPECT_FALSE(std::filesystem::exists(folder / "m/stray"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(ModelFolder, WhatGooglesCodeWroteIsReadAsItStands) {
  const auto golden = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1";
  const auto expected = io::SafetensorsFile::open(golden / "pretraining/expected.safetensors");
  for (const char* name : {"albert_tiny.tar.gz", "pretraining", "pretraining/model.ckpt-best"}) {
    auto loaded = load_model_folder(golden / name);
    EXPECT_EQ(loaded.content.heads(), PretrainingHeads::masked_lm_sentence_order);
    EXPECT_EQ(loaded.tokenizer.value().vocab_size(), 24);
    for (const auto& [parameter, tensor] : parameters_by_name(*loaded.model)) {
      const auto bytes = expected.arrays().at(parameter).bytes;
      EXPECT_TRUE(std::ranges::equal(array_view(tensor).bytes, bytes)) << parameter;
    }
  }
}

TEST(ModelFolder, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { (void)load_model_folder(folder.path()); }, ThrowsMessage<IoError>(HasSubstr("config.json is missing")));
  auto model = tiny_model(tiny(), PretrainingHeads::masked_lm_sentence_order);
  auto files = model_folder(*model, nullptr);
  TensorArrays some;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*model), model->config())) {
    if (name.find("attention.query") == std::string::npos) some.add(name, tensor);
  }
  files.weights = some;
  write_model_folder(folder / "m", files);
  EXPECT_THAT([&] { (void)load_model_folder(folder / "m"); },
              ThrowsMessage<IoError>(::testing::AllOf(HasSubstr("attention.query.weight"), HasSubstr("attention.query.bias"))));
}

}  // namespace
}  // namespace albert
