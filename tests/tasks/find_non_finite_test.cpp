// The guard's answer to "where": faults are planted in a small model, and the answer must name their place and the examples.
#include <albert/model/initialization.h>
#include <albert/tasks/pretraining.h>
#include <data/toy.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace albert {
namespace {

struct FindNonFinite : ::testing::Test {
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  testing::TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(testing::make_store(folder / "s", 150, 20, 20));
  PretrainingData data = make_data();
  PretrainingModel model = make_model();

  PretrainingData make_data() const {
    DataConfig options;
    options.max_length = 64;
    options.validation_fraction = 0;
    return make_pretraining_data(store, testing::toy_vocabulary(), options, {}, 1);
  }
  /// Two layers that share nothing, so that a fault in one of them is in one place.
  static PretrainingModel make_model() {
    AlbertConfig config = model_preset("albert-base-v2");
    config.vocab_size = 1000;
    config.embedding_size = 16;
    config.hidden_size = 32;
    config.num_hidden_layers = config.num_hidden_groups = 2;
    config.num_attention_heads = 2;
    config.intermediate_size = 64;
    config.max_position_embeddings = 64;
    PretrainingModel made(config, PretrainingHeads::masked_lm_sentence_order);
    initialize(parameters_by_name(*made), 0.02, 3);
    made->parameters_changed();
    return made;
  }
  at::Tensor parameter(const std::string& name) const {
    for (const auto& [known, tensor] : parameters_by_name(*model)) {
      if (known == name) return tensor.detach();
    }
    ADD_FAILURE() << name;
    return {};
  }
  NonFinitePlace find(double application_decay = 1) {
    PretrainingProgram program(*model, data.train, nullptr, {.batch_size = 10, .micro_batch = 4, .application_decay = application_decay});
    const auto totals = program.load_step(0);
    return program.find_non_finite(0, totals);
  }
  static std::vector<std::string> first_ten() {
    std::vector<std::string> names;
    for (int i = 0; i < 10; ++i) names.push_back("example " + std::to_string(i) + " of epoch 0");
    return names;
  }
};

TEST_F(FindNonFinite, FindsNothingWhereAllIsWell) {
  const auto place = find();
  EXPECT_EQ(place.layer, "");
  EXPECT_TRUE(place.examples.empty());
}

TEST_F(FindNonFinite, NamesTheExamplesThatHoldABadPiece) {
  const int32_t piece = data.train.example(0, 5).ids.at(1);
  std::vector<std::string> expected;
  for (int64_t i = 0; i < 10; ++i) {
    const auto ids = data.train.example(0, i).ids;
    if (std::find(ids.begin(), ids.end(), piece) != ids.end()) expected.push_back("example " + std::to_string(i) + " of epoch 0");
  }
  ASSERT_LT(expected.size(), 5U);
  parameter("albert.embeddings.word_embeddings.weight")[piece].fill_(kNan);
  const auto place = find();
  EXPECT_EQ(place.layer, "embeddings");
  EXPECT_EQ(place.examples, expected) << "the tied decoder is spoiled for all, but later";
}

TEST_F(FindNonFinite, NamesTheLayer) {
  parameter("albert.encoder.albert_layer_groups.1.albert_layers.0.ffn.bias").fill_(kNan);
  const auto place = find();
  EXPECT_EQ(place.layer, "layer 2 of 2");
  EXPECT_EQ(place.examples, first_ten());
}

TEST_F(FindNonFinite, NamesTheHead) {
  parameter("sop_classifier.classifier.weight").fill_(kNan);
  EXPECT_EQ(find().layer, "sentence-order head");
  parameter("predictions.dense.bias").fill_(kNan);
  EXPECT_EQ(find().layer, "masked-language-model head");
}

TEST_F(FindNonFinite, NamesTheLayerWhoseBackwardPassIsToBlame) {
  // The gradient is multiplied by this between the layers, and nothing in the forward pass is.
  const auto place = find(std::numeric_limits<double>::infinity());
  EXPECT_EQ(place.layer, "backward through layer 2 of 2");
  EXPECT_EQ(place.examples, first_ten());
}

}  // namespace
}  // namespace albert
