// Checks that need the reference implementation at hand: ALBERT_TEST_PYTHON names a Python with torch and transformers; skipped
// without.
#include "golden.h"

#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>
#include <temporary_folder.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace albert {
namespace {

using testing::kParity;

TEST(LiveParity, BaseShapeEqualsTheReferenceInOutputsAndEveryGradient) {
  const std::string python = testing::test_python();
  if (python.empty()) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const testing::TemporaryFolder folder;
  ASSERT_EQ(std::system(
                fmt::format("{} {}/scripts/make_golden.py --live {}", python, ALBERT_SOURCE_DIR, folder.path().string()).c_str()),
            0);
  testing::GoldenCase golden = testing::load_golden(folder / "base.safetensors");
  const PretrainingOutput output = golden.model->forward(golden.input, golden.masked_positions, {.hidden_states = true});
  for (size_t i = 0; i < output.encoder.hidden_states.size(); ++i) {
    const at::Tensor expected =
        golden.tensors.at("hidden_states." + std::to_string(i)).flatten(0, 1).index_select(0, golden.real_rows);
    EXPECT_LT(testing::relative_error(output.encoder.hidden_states[i], expected), kParity) << "hidden state " << i;
  }
  EXPECT_LT(testing::relative_error(output.mlm_logits, golden.tensors.at("mlm_logits")), kParity);
  EXPECT_LT(testing::relative_error(output.sop_logits, golden.tensors.at("sop_logits")), kParity);
  testing::backward_mean_losses(output, golden.tensors.at("masked_targets"), golden.tensors.at("sop_labels"));
  testing::expect_gradients_near(testing::gradients_of(*golden.model), golden.gradients, kParity);
}

/// A model folder, and our outputs on two sequences of equal length.
void write_published(const std::filesystem::path& folder, const AlbertConfig& config, PretrainingHeads heads) {
  make_directories(folder);
  PretrainingModel model(config, heads);
  auto source = testing::random_model(config, 1);
  TensorArrays all;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*source), config)) all.add(name, tensor);
  import_arrays(all.arrays(), parameters_by_name(*model), config, {.may_be_ignored = {"albert.pooler.", "sop_classifier."}},
                "source");
  model->eval();
  TensorArrays weights;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(*model), config)) weights.add(name, tensor);
  io::write_safetensors(folder / "model.safetensors", weights.arrays(), {{"format", "pt"}});
  const std::string architecture = pretraining_architecture(config, heads);
  write_file_atomically(
      folder / "config.json",
      write_config_json({.shape = config, .special_ids = {}, .architecture = architecture, .labels = {}, .problem_type = {}}));
  write_file_atomically(folder / "class.txt", architecture);

  const EncoderInput input = testing::random_input(config, {9, 9}, 2);
  const PretrainingOutput output = model->forward(input, at::arange(18));
  TensorArrays expected;
  expected.add("ids", input.ids.view({2, 9}));
  expected.add("segments", input.segments.view({2, 9}));
  expected.add("mlm_logits", output.mlm_logits);
  if (output.sop_logits.defined()) expected.add("sop_logits", output.sop_logits);
  io::write_safetensors(folder / "expected.safetensors", expected.arrays());
}

TEST(LiveParity, TransformersLoadsOurFoldersWithoutMissingOrUnexpectedKeys) {
  const std::string python = testing::test_python();
  if (python.empty()) GTEST_SKIP() << "ALBERT_TEST_PYTHON is not set";
  const testing::TemporaryFolder folder;
  AlbertConfig grouped = testing::tiny_config();
  grouped.num_hidden_groups = 2;
  grouped.inner_group_num = 2;
  AlbertConfig bert = testing::tiny_config();
  bert.architecture = Architecture::bert;
  bert.embedding_size = bert.hidden_size;
  bert.num_hidden_groups = bert.num_hidden_layers;
  bert.hidden_act = Activation::gelu;
  write_published(folder / "albert", grouped, PretrainingHeads::masked_lm_sentence_order);
  write_published(folder / "albert_masked_lm", grouped, PretrainingHeads::masked_lm);
  AlbertConfig unshared = testing::tiny_config();
  unshared.num_hidden_groups = unshared.num_hidden_layers;
  write_published(folder / "unshared", unshared, PretrainingHeads::masked_lm_sentence_order);
  write_published(folder / "bert", bert, PretrainingHeads::masked_lm_sentence_order);
  const std::string root = folder.path().string();
  const std::string command = fmt::format("{0} {1}/tests/model/check_published.py {2}/albert {2}/albert_masked_lm {2}/unshared {2}/bert",
                                          python, ALBERT_SOURCE_DIR, root);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace albert
