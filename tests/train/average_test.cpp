// The exponential moving average of the weights, against scripts/make_training_golden.py, and against one that is computed here in fp64.
#include "train/toy_run.h"

#include <albert/base/error.h>
#include <albert/base/file.h>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <temporary_folder.h>

#include <map>
#include <sstream>

namespace albert {
namespace {

using testing::ToyOptions;
using testing::ToyRun;

class Average : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }

  /// A run of 20 steps with the weights (weight, then bias) before each step, and at the end.
  std::vector<at::Tensor> weights_of_run(const std::string& name, double decay) {
    std::vector<at::Tensor> weights;
    ToyRun* running = nullptr;
    const auto note = [&] {
      weights.push_back(at::cat({running->program.weight.detach().flatten(), running->program.bias.detach()}).to(at::kDouble));
    };
    ToyOptions options;
    options.ema_decay = decay;
    options.on_step = [&](int64_t) { note(); };
    ToyRun toy(folder_ / name, options);
    running = &toy;
    toy.run();
    note();
    return weights;
  }

  [[nodiscard]] std::string file_of(const std::string& name, const char* file) const {
    return read_file(folder_ / name / "checkpoints/latest" / file);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Average, IsTheRecursionOverTheWeightsAfterEachUpdate) {
  const double decay = 0.8;
  const auto weights = weights_of_run("run", decay);
  ASSERT_EQ(weights.size(), 21U);
  std::vector<at::Tensor> expected{weights[0]};
  for (size_t t = 1; t < weights.size(); ++t) expected.push_back(decay * expected.back() + (1 - decay) * weights[t]);

  const auto checkpoint = io::load_checkpoint(folder_ / "run/checkpoints/step-00000020");
  std::vector<float> saved;
  for (const char* name : {"weight", "bias"}) {
    const auto bytes = checkpoint.arrays("ema.safetensors").at(name).bytes;
    const size_t before = saved.size();
    saved.resize(before + bytes.size() / sizeof(float));
    std::memcpy(saved.data() + before, bytes.data(), bytes.size());
  }
  ASSERT_EQ(saved.size(), 5U);
  for (size_t i = 0; i < saved.size(); ++i) EXPECT_NEAR(saved[i], expected.back()[static_cast<int64_t>(i)].item<double>(), 2e-6);
  EXPECT_GT((expected.back() - weights.back()).norm().item<double>(), 0.05) << "the weights moved";

  // What is evaluated is the average, too: the toy reports its bias.
  std::istringstream text(read_file(folder_ / "run/metrics.jsonl"));
  int evaluations = 0;
  for (std::string line; std::getline(text, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.at("split") != "validation") continue;
    EXPECT_NEAR(json.at("bias").get<double>(), expected[json.at("step").get<size_t>()][4].item<double>(), 2e-6);
    ++evaluations;
  }
  EXPECT_EQ(evaluations, 4);
}

TEST_F(Average, EqualsTheGoldenOneAfterEachUpdate) {
  const auto golden = nlohmann::json::parse(read_file(ALBERT_SOURCE_DIR "/tests/golden/train/average.json")).at("values");
  ASSERT_EQ(golden.size(), 3U);
  const at::NoGradGuard no_gradients;
  for (const auto& run : golden) {
    const auto row = [&](const char* name, size_t step) { return at::tensor(run.at(name).at(step).get<std::vector<double>>(), at::kDouble); };
    ToyRun toy(folder_ / "run", {});
    const auto set_weights = [&](size_t step) {
      toy.program.weight.copy_(row("weights", step).narrow(0, 0, 4).view({4, 1}));
      toy.program.bias.copy_(row("weights", step).narrow(0, 4, 1));
    };
    set_weights(0);
    WeightAverage average(*toy.optimizer, run.at("decay").get<double>());
    for (size_t step = 1; step < run.at("average").size(); ++step) {
      set_weights(step);
      average.update();
      std::map<std::string, at::Tensor> found;
      for (const auto& [name, tensor] : average.state()) found.emplace(name, tensor.flatten().to(at::kDouble));
      const auto error = (at::cat({found.at("weight"), found.at("bias")}) - row("average", step)).norm() / row("average", step).norm();
      EXPECT_LT(error.item<double>(), 1e-6) << "decay " << run.at("decay") << ", step " << step;
    }
  }
}

TEST_F(Average, DoesNotChangeTheTraining) {
  weights_of_run("with", 0.9);
  ToyRun(folder_ / "without", {}).run();
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) EXPECT_EQ(file_of("with", file), file_of("without", file));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "without/checkpoints/latest/ema.safetensors"));
}

TEST_F(Average, ResumesToTheBitAndIsNotMovedBySkippedSteps) {
  ToyOptions options;
  options.ema_decay = 0.9;
  options.bad_examples = {70};
  options.on_divergence = OnDivergence::skip;
  ToyRun(folder_ / "unbroken", options).run();
  for (const int64_t stop_at : {3, 5, 6, 13}) {
    const auto name = fmt::format("stopped{}", stop_at);
    {
      ToyRun* running = nullptr;
      ToyOptions stopped = options;
      stopped.on_step = [&](int64_t step) {
        if (step + 1 == stop_at) running->stop.request();
      };
      ToyRun toy(folder_ / name, stopped);
      running = &toy;
      EXPECT_EQ(toy.run().outcome, RunOutcome::stopped);
    }
    ToyRun(folder_ / name, options).run();
    for (const char* file : {"ema.safetensors", "model.safetensors"}) EXPECT_EQ(file_of(name, file), file_of("unbroken", file)) << name;
  }
}

TEST_F(Average, ExchangesWithTheWeightsToTheBit) {
  ToyOptions options;
  options.ema_decay = 0.5;
  ToyRun toy(folder_ / "run", options);
  toy.run();
  const at::Tensor before = toy.optimizer->flat_parameters().clone();
  toy.average->swap();
  const at::Tensor average = toy.optimizer->flat_parameters().clone();
  EXPECT_FALSE(at::equal(before, average));
  EXPECT_FALSE(at::equal(toy.program.weight.detach().flatten(), before.narrow(0, 0, 4))) << "the model's own tensors changed";
  toy.average->swap();
  EXPECT_TRUE(at::equal(toy.optimizer->flat_parameters(), before));

  auto state = toy.average->state();
  state[0].second = at::zeros({3});
  EXPECT_THAT([&] { toy.average->load_state(state); },
              ::testing::ThrowsMessage<IoError>("average of the weights: weight must be fp32 of 4 numbers in the model's shape, got another"));
  state.erase(state.begin());
  EXPECT_THAT([&] { toy.average->load_state(state); }, ::testing::ThrowsMessage<IoError>("average of the weights: wanted weight, which is missing"));
  toy.average->swap();
  EXPECT_TRUE(at::equal(toy.optimizer->flat_parameters(), average)) << "a state that is refused changes nothing";
}

}  // namespace
}  // namespace albert
