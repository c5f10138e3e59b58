// What is measured on held-out text and what a step learns from, against sums worked out here.
#include <albert/model/initialization.h>
#include <albert/tasks/pretraining.h>
#include <data/toy.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <cmath>
#include <map>
#include <memory>

namespace albert {
namespace {

AlbertConfig small_shape(double dropout) {
  AlbertConfig config = model_preset("albert-base-v2");
  config.vocab_size = 1000;
  config.embedding_size = 16;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 64;
  config.max_position_embeddings = 64;
  config.hidden_dropout_prob = dropout;
  config.attention_probs_dropout_prob = dropout;
  return config;
}

struct Pretraining : ::testing::Test {
  testing::TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(testing::make_store(folder / "s", 150, 20, 20));
  PretrainingModel model{nullptr};

  void make_model(double dropout = 0.1) {
    model = PretrainingModel(small_shape(dropout), PretrainingHeads::masked_lm_sentence_order);
    initialize(parameters_by_name(*model), 0.2, 3);  // far from uniform
    model->parameters_changed();
  }
  PretrainingData make_data(uint64_t seed = 1) const {
    DataConfig data;
    data.max_length = 64;
    data.validation_fraction = 0.2;
    return make_pretraining_data(store, testing::toy_vocabulary(), data, {}, seed);
  }
};

TEST_F(Pretraining, EvaluationIsTheMeanOverAllHeldOutTargetsWithoutDropout) {
  make_model();
  const auto data = make_data();
  model->train();
  const auto report = evaluate_pretraining(*model, *data.validation, 7, at::kCPU);
  EXPECT_TRUE(model->is_training()) << "back in the mode that it was in";

  model->eval();
  const at::NoGradGuard no_gradient;
  const int64_t count = data.validation->examples_per_epoch(0);
  const auto batch = make_batch(*data.validation, 0, 0, count);
  const auto output = model->forward({.ids = batch.ids, .embeddings = {}, .segments = batch.segments, .positions = batch.positions,
                                      .sequence_offsets = batch.sequence_offsets, .max_length = batch.max_length},
                                     batch.masked_positions);
  const auto mlm = at::log_softmax(output.mlm_logits.to(at::kDouble), 1);
  const auto chosen = mlm.gather(1, batch.masked_targets.unsqueeze(1));
  EXPECT_NEAR(report.at("mlm_loss"), -chosen.mean().item<double>(), 1e-5);
  EXPECT_DOUBLE_EQ(report.at("mlm_accuracy"), mlm.argmax(1).eq(batch.masked_targets).to(at::kDouble).mean().item<double>());
  EXPECT_EQ(report.at("mlm_targets"), static_cast<double>(batch.num_masked()));

  const auto scored = batch.sentence_order_labels.ne(kOrderNotScored).nonzero().flatten();
  const auto labels = batch.sentence_order_labels.index_select(0, scored);
  const auto sop = at::log_softmax(output.sop_logits.to(at::kDouble).index_select(0, scored), 1);
  const auto right = sop.argmax(1).eq(labels).to(at::kDouble).sum().item<double>();
  const auto number = static_cast<double>(labels.size(0));
  EXPECT_GT(number, 50);
  EXPECT_NEAR(report.at("sop_loss"), -sop.gather(1, labels.unsqueeze(1)).mean().item<double>(), 1e-5);
  EXPECT_DOUBLE_EQ(report.at("sop_accuracy"), right / number);
  EXPECT_EQ(report.at("sop_targets"), number);
  EXPECT_NEAR(report.at("loss"), report.at("mlm_loss") + report.at("sop_loss"), 1e-12);
  // Wilson's interval by its definition: the p at which |p - right / n| is 1.96 standard errors of p.
  for (const auto& bound : {"sop_accuracy_low", "sop_accuracy_high"}) {
    const double p = report.at(bound);
    EXPECT_NEAR(std::abs(p - right / number), 1.959963984540054 * std::sqrt(p * (1 - p) / number), 1e-9);
  }
  EXPECT_LT(report.at("sop_accuracy_low"), right / number);
  EXPECT_GT(report.at("sop_accuracy_high"), right / number);
}

TEST_F(Pretraining, UnigramEntropyIsThatOfTheTargetsInNats) {
  make_model();
  const auto data = make_data();
  const auto batch = make_batch(*data.validation, 0, 0, data.validation->examples_per_epoch(0));
  std::map<int64_t, double> counts;
  for (int64_t i = 0; i < batch.num_masked(); ++i) ++counts[batch.masked_targets[i].item<int64_t>()];
  double entropy = 0;
  for (const auto& item : counts) {
    const double p = item.second / static_cast<double>(batch.num_masked());
    entropy -= p * std::log(p);
  }
  EXPECT_NEAR(evaluate_pretraining(*model, *data.validation, 16, at::kCPU).at("unigram_entropy"), entropy, 1e-9);
}

TEST_F(Pretraining, DropoutDiffersBetweenStepsAndSeedsAndRepeatsOtherwise) {
  make_model(0.3);
  const auto loss = [&](uint64_t seed, int64_t step) {
    const auto data = make_data(1);
    PretrainingDataset::Options options;
    options.segments = {64, 0.1, SentenceOrder::sop};
    options.seed = seed;
    PretrainingDataset train(store, split_corpus(*store, 0.2, 64, 0).train, testing::toy_vocabulary(), options);
    PretrainingProgram program(*model, train, nullptr, {.batch_size = 8, .micro_batch = 8});
    const auto totals = program.load_step(0);
    return program.loss(0, step, totals).loss.item<double>();
  };
  EXPECT_EQ(loss(1, 0), loss(1, 0));
  EXPECT_NE(loss(1, 0), loss(1, 1)) << "the same sequences, another step";
  make_model(0.0);
  EXPECT_EQ(loss(1, 0), loss(1, 1)) << "without dropout the step does not matter";
}

TEST_F(Pretraining, DropoutDiffersBetweenMicroBatches) {
  // Each document is the same sentence twice, and nothing is masked: all sequences of a step are equal but for their dropout.
  TokenStoreWriter writer(folder / "equal", testing::toy_vocabulary());
  for (int i = 0; i < 200; ++i) {
    writer.begin_document(0);
    for (int sentence = 0; sentence < 2; ++sentence) writer.append_sentence(std::vector<int32_t>{7, 8, 9, 11, 13});
  }
  writer.finish("{}");
  const auto equal = std::make_shared<const TokenStore>(TokenStore::open(folder / "equal"));
  PretrainingDataset::Options options;
  options.segments = {64, 0.0, SentenceOrder::none};
  options.masking.keep = 1;
  options.masking.replace = options.masking.random = 0;
  options.masking.max_ngram = 1;
  options.masking.probability = 1;  // every piece is a target
  options.seed = 1;
  const PretrainingDataset train(equal, split_corpus(*equal, 0, 64, 0).train, testing::toy_vocabulary(), options);
  for (const bool has_dropout : {true, false}) {
    make_model(has_dropout ? 0.3 : 0.0);
    PretrainingProgram program(*model, train, nullptr, {.batch_size = 2, .micro_batch = 1});
    const auto totals = program.load_step(0);
    ASSERT_EQ(program.num_micro_batches(), 2);
    const double first = program.loss(0, 0, totals).loss.item<double>();
    const double second = program.loss(1, 0, totals).loss.item<double>();
    if (has_dropout) {
      EXPECT_NE(first, second);
    } else {
      EXPECT_NEAR(first, second, 1e-6) << "the sequences are equal";
    }
  }
}

}  // namespace
}  // namespace albert
