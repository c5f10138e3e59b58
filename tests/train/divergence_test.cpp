// Steps that must not be learned from: left out, or rewound, against the same steps made by hand.
#include "train/captured_log.h"
#include "train/toy_run.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/optim/gradient_clipping.h>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <temporary_folder.h>

#include <sstream>

namespace albert {
namespace {

using ::testing::HasSubstr;
using testing::ToyOptions;
using testing::ToyProgram;
using testing::ToyRun;

/// Lines of metrics.jsonl without the clock.
std::vector<nlohmann::json> timeless_lines(const std::filesystem::path& output, const std::string& split = "") {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_file(output / "metrics.jsonl"));
  for (std::string line; std::getline(text, line);) {
    auto json = nlohmann::json::parse(line);
    for (const char* key : {"tokens_per_second", "waiting_share", "mfu", "seconds", "peak_memory_bytes"}) json.erase(key);
    if (split.empty() || json.at("split") == split) lines.push_back(std::move(json));
  }
  return lines;
}

class Divergence : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }

  /// Example 70 is in the sixth step (60 to 71); checkpoints are saved every 4 steps.
  static ToyOptions bad(OnDivergence what, std::set<int64_t> examples = {70}) {
    ToyOptions options;
    options.bad_examples = std::move(examples);
    options.on_divergence = what;
    return options;
  }

  std::string failure_of(const ToyOptions& options) {
    try {
      ToyRun(folder_ / "failing", options).run();
    } catch (const Error& error) {
      return fmt::format("exit {}: {}", static_cast<int>(error.exit_code()), error.what());
    }
    return "no error";
  }

  /// The weights after 20 steps made by hand: without the update of step `left_out`, and without the examples `passed_over`.
  static std::pair<at::Tensor, at::Tensor> by_hand(int64_t left_out, const std::vector<ExampleRange>& passed_over) {
    ToyProgram program{ToyOptions{}};
    const auto optimizer = make_optimizer(
        ToyRun::adamw(), {{.name = "weight", .tensor = program.weight}, {.name = "bias", .tensor = program.bias, .decay = false}});
    program.restore({.examples = 0, .passed_over = passed_over});
    const Schedule schedule({}, 0.05, {.total_steps = 20});
    for (int64_t step = 0; step < 20; ++step) {
      const auto totals = program.load_step(step);
      optimizer->zero_gradients();
      program.loss(0, step, totals).loss.backward();
      at::Tensor gradients = optimizer->flat_gradients();
      clip_gradients(gradients, 1.0);
      if (step != left_out) optimizer->step(schedule.learning_rate(step));
    }
    return {program.weight.detach().clone(), program.bias.detach().clone()};
  }

  void expect_weights(const ToyRun& toy, const std::pair<at::Tensor, at::Tensor>& expected) {
    EXPECT_TRUE(at::equal(toy.program.weight, expected.first));
    EXPECT_TRUE(at::equal(toy.program.bias, expected.second));
  }

  /// Lines without those of rewinds, which stand where the run went back to, and that may be the checkpoint of a stop.
  static std::vector<nlohmann::json> steady_lines(const std::filesystem::path& output) {
    auto lines = timeless_lines(output);
    std::erase_if(lines, [](const nlohmann::json& line) { return line.contains("rewound_to"); });
    return lines;
  }

  /// In sessions of one, three, five or seven steps, the run is the same.
  void expect_resumable(ToyOptions options) {
    ToyRun(folder_ / "unbroken", options).run();
    for (int64_t every = 1; every <= 7; every += 2) {
      const auto output = folder_ / fmt::format("stopped{}", every);
      auto outcome = RunOutcome::stopped;
      for (int session = 0; outcome == RunOutcome::stopped; ++session) {
        ASSERT_LT(session, 60);
        ToyRun* running = nullptr;
        int64_t steps = 0;
        options.on_step = [&](int64_t) {
          if (++steps == every) running->stop.request();
        };
        ToyRun toy(output, options);
        running = &toy;
        outcome = toy.run().outcome;
      }
      EXPECT_EQ(steady_lines(output), steady_lines(folder_ / "unbroken")) << every;
      for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
        EXPECT_EQ(read_file(output / "checkpoints/latest" / file), read_file(folder_ / "unbroken/checkpoints/latest" / file)) << every;
      }
    }
  }

  testing::TemporaryFolder folder_;
  testing::CapturedLog log_;
};

TEST_F(Divergence, SkipLeavesOneUpdateOutAndNothingElse) {
  ToyRun toy(folder_ / "run", bad(OnDivergence::skip));
  EXPECT_EQ(toy.run().outcome, RunOutcome::finished);
  expect_weights(toy, by_hand(/*left_out=*/5, {}));
  EXPECT_EQ(toy.optimizer->step_count(), 19);
  EXPECT_EQ(toy.trainer.state().cursor.examples, 240);
  EXPECT_EQ(toy.trainer.state().tokens, 19 * 48);
  const auto events = timeless_lines(folder_ / "run", "divergence");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("step"), 6);
  EXPECT_EQ(events[0].at("action"), "skip");
  EXPECT_EQ(events[0].at("first_example"), 60);
  EXPECT_EQ(events[0].at("end_example"), 72);
  EXPECT_EQ(events[0].at("layer"), "layer 1 of 1");
  EXPECT_EQ(events[0].at("bad_examples"), "example 70");
  EXPECT_TRUE(events[0].at("fit_loss").is_null());
  for (const auto& line : timeless_lines(folder_ / "run", "train")) {
    EXPECT_TRUE(line.at("loss").is_number()) << "a skipped step does not count in the means";
    EXPECT_EQ(line.at("skipped_steps"), line.at("step") < 6 ? 0 : 1);
  }
  EXPECT_THAT(log_.text(), HasSubstr("step 6: every part of the loss must be finite, got fit_loss nan (layer 1 of 1; example 70); its update is left "
                                     "out, 1 of at most 10 in a row"));
}

TEST_F(Divergence, SkippedStepsResumeToTheBit) {
  auto options = bad(OnDivergence::skip, {70, 75, 150});
  options.bad_factor = 1e4;  // spikes: the norms of the steps before must be known again
  options.divergence.window = 4;
  expect_resumable(options);
  EXPECT_EQ(timeless_lines(folder_ / "unbroken", "divergence").size(), 3U);
}

TEST_F(Divergence, TooManySkipsInARowEndTheRun) {
  auto options = bad(OnDivergence::skip, {60, 72, 84});
  options.divergence.max_skips = 3;
  EXPECT_EQ(failure_of(options), "no error") << "three in a row are allowed";
  std::filesystem::remove_all(folder_ / "failing");
  options.divergence.max_skips = 2;
  EXPECT_EQ(failure_of(options),
            "exit 5: step 8: every part of the loss must be finite, got fit_loss nan (layer 1 of 1; example 84); 2 updates in a row were left out "
            "already, the most that training.divergence.max_skips allows, try a lower optimizer.learning_rate, a lower training.gradient_clip or "
            "training.precision: fp32");
}

TEST_F(Divergence, ASpikeIsAMultipleOfTheMedianOfTheLastNorms) {
  auto options = bad(OnDivergence::skip, {130});
  options.plan.log_every = 1;
  options.bad_factor = 50;
  options.divergence = {.spike_factor = 10, .window = 5};
  ToyRun(folder_ / "run", options).run();
  const auto events = timeless_lines(folder_ / "run", "divergence");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("step"), 11);
  std::vector<double> norms;
  for (const auto& line : timeless_lines(folder_ / "run", "train")) {
    if (line.at("step") > 5 && line.at("step") < 11) norms.push_back(line.at("gradient_norm").get<double>());
  }
  ASSERT_EQ(norms.size(), 5U);
  std::sort(norms.begin(), norms.end());
  const double norm = events[0].at("gradient_norm").get<double>();
  EXPECT_GT(norm, 10 * norms[2]);
  EXPECT_EQ(events[0].at("reason"), fmt::format("gradient norm {:.4g} is {:.3g} times the median {:.4g} of the last 5 steps", norm, norm / norms[2], norms[2]));
  for (const auto& [factor, window] : {std::pair(std::optional(norm / norms[2] + 1), int64_t{5}), std::pair(std::optional<double>(), int64_t{5}),
                                       std::pair(std::optional(10.0), int64_t{11})}) {
    options.divergence = {.spike_factor = factor, .window = window};
    const auto other = folder_ / fmt::format("none{}-{}", factor.value_or(0), window);
    ToyRun(other, options).run();
    EXPECT_TRUE(timeless_lines(other, "divergence").empty()) << "above the factor, not watched, too few norms";
  }
}

TEST_F(Divergence, StopDoesNotWatchForSpikes) {
  auto options = bad(OnDivergence::stop);
  options.bad_factor = 1e4;
  EXPECT_EQ(ToyRun(folder_ / "run", options).run().outcome, RunOutcome::finished);
}

TEST_F(Divergence, RewindGoesBackAndPassesOverTheExamplesOfTheStep) {
  auto options = bad(OnDivergence::rewind);
  options.keep_best = 0;  // else the evaluation after step 5 is saved, too
  ToyRun toy(folder_ / "run", options);
  EXPECT_EQ(toy.run().outcome, RunOutcome::finished);
  expect_weights(toy, by_hand(/*left_out=*/-1, {{.first = 60, .end = 72}}));
  EXPECT_EQ(toy.trainer.state().cursor.examples, 252);
  EXPECT_EQ(toy.optimizer->step_count(), 20);
  const auto events = timeless_lines(folder_ / "run", "divergence");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("action"), "rewind");
  EXPECT_EQ(events[0].at("step"), 6);
  EXPECT_EQ(events[0].at("rewound_to"), 4);
  std::vector<int64_t> steps;
  for (const auto& line : timeless_lines(folder_ / "run", "train")) steps.push_back(line.at("step").get<int64_t>());
  EXPECT_THAT(steps, ::testing::ElementsAre(3, 6, 9, 12, 15, 18, 20)) << "lines after the checkpoint are gone";
  EXPECT_THAT(log_.text(), HasSubstr("back to step 4 and past these examples, 1 of at most 10 times"));
}

TEST_F(Divergence, RewindsBeforeTheFirstRegularCheckpointAndTwice) {
  auto options = bad(OnDivergence::rewind, {13, 30, 180});
  ToyRun toy(folder_ / "run", options);
  EXPECT_EQ(toy.run().outcome, RunOutcome::finished);
  expect_weights(toy, by_hand(-1, {{.first = 12, .end = 36}, {.first = 180, .end = 192}}));
  EXPECT_EQ(toy.trainer.state().divergence.rewinds, 3);
}

TEST_F(Divergence, RewoundRunsResumeToTheBit) {
  expect_resumable(bad(OnDivergence::rewind, {13, 70, 100, 215}));
  EXPECT_EQ(timeless_lines(folder_ / "unbroken", "divergence").back().at("rewinds"), 4);
  EXPECT_EQ(timeless_lines(folder_ / "stopped3", "divergence").back().at("rewinds"), 4);
}

TEST_F(Divergence, TooManyRewindsEndTheRun) {
  auto options = bad(OnDivergence::rewind, {70, 90});
  options.divergence.max_rewinds = 1;
  EXPECT_THAT(failure_of(options), ::testing::AllOf(::testing::StartsWith("exit 5: step 7: every part of the loss must be finite, got fit_loss nan "),
                                                    HasSubstr("; the run went back 1 times already, the most that training.divergence.max_rewinds allows")));
}

TEST_F(Divergence, AStopNamesTheLayerAndTheExamples) {
  auto options = bad(OnDivergence::stop, {60, 61, 62, 63, 70});
  EXPECT_THAT(failure_of(options), ::testing::StartsWith("exit 5: step 6: every part of the loss must be finite, got fit_loss nan (layer 1 of 1; example 60, "
                                                         "example 61, example 62 and 2 more); the update was not made, try "));
  const auto last = timeless_lines(folder_ / "failing").back();
  EXPECT_EQ(last.at("layer"), "layer 1 of 1");
  EXPECT_EQ(last.at("bad_examples"), "example 60, example 61, example 62 and 2 more");
}

TEST_F(Divergence, ANumberThatIsNotFiniteInTheWeightsIsNamed) {
  ToyOptions options;
  ToyRun* running = nullptr;
  options.on_step = [&](int64_t step) {
    const at::NoGradGuard no_gradient;
    if (step == 2) running->program.bias.fill_(std::numeric_limits<double>::infinity());
  };
  ToyRun toy(folder_ / "run", options);
  running = &toy;
  EXPECT_THAT([&] { toy.run(); }, ::testing::ThrowsMessage<NumericError>(HasSubstr("(not finite itself: bias)")));
}

}  // namespace
}  // namespace albert
