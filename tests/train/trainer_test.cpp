#include "train/captured_log.h"
#include "train/toy_run.h"

#include <albert/base/error.h>
#include <albert/base/file.h>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>  // NOLINT: POSIX
#include <sys/wait.h>
#include <temporary_folder.h>

#include <cstdlib>
#include <sstream>

namespace albert {
namespace {

using testing::CapturedLog;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::ToyOptions;
using testing::ToyRun;

std::vector<nlohmann::json> metrics_of(const std::filesystem::path& output) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_file(output / "metrics.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

/// What a resumed run repeats to the bit.
std::vector<nlohmann::json> lasting_metrics(const std::filesystem::path& output) {
  auto lines = metrics_of(output);
  for (auto& line : lines) {
    for (const char* key : {"tokens_per_second", "waiting_share", "mfu", "seconds", "peak_memory_bytes"}) line.erase(key);
  }
  return lines;
}

std::string final_weights(const std::filesystem::path& output) {
  return read_file(output / "checkpoints/latest/model.safetensors");
}
std::string final_moments(const std::filesystem::path& output) {
  return read_file(output / "checkpoints/latest/optimizer.safetensors");
}

std::vector<int64_t> saved_steps(const std::filesystem::path& output) {
  return io::CheckpointDirectory(output / "checkpoints").steps();
}

/// Shell's view of a program: its exit code, 128 + signal when a signal ended it.
int run_toy_trainer(const std::filesystem::path& output, const std::string& arguments = "") {
  const int status = std::system(
      fmt::format("'{}/tests/toy_trainer' '{}' {} >/dev/null 2>&1", ALBERT_BINARY_DIR, output.string(), arguments).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class TrainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }

  RunSummary run(const ToyOptions& options, const std::string& name = "run") {
    ToyRun toy(folder_ / name, options);
    return toy.run();
  }

  std::string error_of(const ToyOptions& options, const std::string& name = "run") {
    try {
      run(options, name);
    } catch (const Error& error) {
      return fmt::format("exit {}: {}", static_cast<int>(error.exit_code()), error.what());
    }
    return "no error";
  }

  void expect_same_run(const std::string& a, const std::string& b) {
    EXPECT_EQ(lasting_metrics(folder_ / a), lasting_metrics(folder_ / b));
    EXPECT_EQ(final_weights(folder_ / a), final_weights(folder_ / b));
    EXPECT_EQ(final_moments(folder_ / a), final_moments(folder_ / b));
  }

  TemporaryFolder folder_;
  CapturedLog log_;
};

TEST_F(TrainerTest, LearnsAndWritesTheKeysOfTheContract) {
  const RunSummary summary = run({});
  EXPECT_EQ(summary.outcome, RunOutcome::finished);
  EXPECT_EQ(summary.steps, 20);
  const auto lines = metrics_of(folder_ / "run");
  std::vector<int64_t> train_steps;
  std::vector<int64_t> validation_steps;
  for (const auto& line : lines) {
    (line.at("split") == "train" ? train_steps : validation_steps).push_back(line.at("step").get<int64_t>());
  }
  EXPECT_THAT(train_steps, ElementsAre(3, 6, 9, 12, 15, 18, 20));
  EXPECT_THAT(validation_steps, ElementsAre(5, 10, 15, 20));
  std::vector<std::string> keys;
  const auto first = nlohmann::ordered_json::parse(
      read_file(folder_ / "run/metrics.jsonl").substr(0, read_file(folder_ / "run/metrics.jsonl").find('\n')));
  for (const auto& [key, value] : first.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("split", "step", "epoch", "examples", "tokens", "loss", "fit_loss", "size_loss", "fit_accuracy",
                                "gradient_norm", "learning_rate", "tokens_per_second", "waiting_share", "mfu", "seconds",
                                "peak_memory_bytes"));
  EXPECT_EQ(first.at("examples"), 36);
  EXPECT_EQ(first.at("tokens"), 144);
  EXPECT_DOUBLE_EQ(first.at("epoch").get<double>(), 0.36);
  EXPECT_DOUBLE_EQ(first.at("fit_accuracy").get<double>(), 1.0);
  EXPECT_DOUBLE_EQ(first.at("learning_rate").get<double>(), 0.05 * (1 - 2.0 / 20));
  EXPECT_GT(first.at("peak_memory_bytes").get<int64_t>(), 1000000);
  EXPECT_LT(lines.back().at("loss").get<double>(), first.at("loss").get<double>());
  EXPECT_EQ(summary.validation.at("loss"), lines.back().at("loss").get<double>());
}

TEST_F(TrainerTest, LogsTheShareOfTheTimeThatItWaitedForData) {
  ToyOptions options;
  options.waiting = std::chrono::milliseconds(20);
  options.on_step = [](int64_t) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };  // work
  const RunSummary summary = run(options);
  EXPECT_GE(summary.waiting_seconds, 20 * 0.02);
  EXPECT_GT(summary.waiting_share(), 0.2);
  EXPECT_LT(summary.waiting_share(), 0.55);
  double tokens = 0;
  double waited = 0;
  for (const auto& line : metrics_of(folder_ / "run")) {
    if (line.at("split") != "train") continue;
    const double share = line.at("waiting_share").get<double>();
    const double interval = (line.at("tokens").get<double>() - tokens) / line.at("tokens_per_second").get<double>();
    tokens = line.at("tokens").get<double>();
    waited += share * interval;
  }
  EXPECT_NEAR(waited, summary.waiting_seconds, 1e-6 * summary.waiting_seconds);
  options.waiting = {};
  EXPECT_EQ(run(options, "without").waiting_share(), 0);
}

TEST_F(TrainerTest, LogsMeansOverTheInterval) {
  ToyOptions each;
  each.plan.log_every = 1;
  run(each, "each");
  run({}, "third");
  const auto single = metrics_of(folder_ / "each");
  const double mean =
      (single[0].at("loss").get<double>() + single[1].at("loss").get<double>() + single[2].at("loss").get<double>()) / 3;
  EXPECT_DOUBLE_EQ(metrics_of(folder_ / "third")[0].at("loss").get<double>(), mean);
}

TEST_F(TrainerTest, StoppedAndResumedRunsEqualTheUnbrokenOne) {
  run({}, "unbroken");
  for (int64_t stop_at = 1; stop_at < 20; stop_at += 3) {
    const std::string name = fmt::format("stopped{}", stop_at);
    {
      ToyRun* session = nullptr;
      ToyOptions options;
      options.on_step = [&](int64_t step) {
        if (step + 1 == stop_at) session->stop.request();
      };
      ToyRun toy(folder_ / name, options);
      session = &toy;
      const RunSummary summary = toy.run();
      EXPECT_EQ(summary.outcome, RunOutcome::stopped);
      EXPECT_EQ(summary.steps, stop_at);
    }
    const RunSummary summary = run({}, name);
    EXPECT_EQ(summary.outcome, RunOutcome::finished);
    EXPECT_EQ(summary.session_steps, 20 - stop_at);
    expect_same_run("unbroken", name);
  }
}

TEST_F(TrainerTest, AnEvaluationThatAStopLeftOutIsMadeUpFor) {
  run({}, "unbroken");
  for (const int64_t stop_at : {10, 20}) {
    const std::string name = fmt::format("stopped{}", stop_at);
    {
      ToyRun* session = nullptr;
      ToyOptions options;
      options.on_step = [&](int64_t step) {
        if (step + 1 == stop_at) session->stop.request();
      };
      ToyRun toy(folder_ / name, options);
      session = &toy;
      EXPECT_EQ(toy.run().outcome, RunOutcome::stopped);
      for (const auto& line : metrics_of(folder_ / name))
        EXPECT_FALSE(line.at("split") == "validation" && line.at("step") == stop_at);
    }
    EXPECT_EQ(run({}, name).outcome, RunOutcome::finished);
    expect_same_run("unbroken", name);
  }
}

TEST_F(TrainerTest, KilledAndResumedRunsEqualTheUnbrokenOne) {
  ASSERT_EQ(run_toy_trainer(folder_ / "unbroken"), 0);
  // Before the first checkpoint, just after one, between two, inside a save, inside the last save.
  for (const char* moment : {"die 2", "die 4", "die 7", "save 8", "die 13", "save 20"}) {
    EXPECT_EQ(run_toy_trainer(folder_ / "killed", moment), 128 + SIGKILL) << moment;
  }
  ASSERT_EQ(run_toy_trainer(folder_ / "killed"), 0);
  expect_same_run("unbroken", "killed");
}

TEST_F(TrainerTest, SigtermFinishesTheStepSavesAndExits75) {
  ASSERT_EQ(run_toy_trainer(folder_ / "unbroken"), 0);
  EXPECT_EQ(run_toy_trainer(folder_ / "stopped", "term 6"), 75);
  EXPECT_EQ(saved_steps(folder_ / "stopped").back(), 7);
  EXPECT_EQ(run_toy_trainer(folder_ / "stopped"), 0);
  expect_same_run("unbroken", "stopped");
}

TEST_F(TrainerTest, AFinishedRunSaysSoAndDoesNothing) {
  run({});
  const std::string before = read_file(folder_ / "run/metrics.jsonl");
  const RunSummary summary = run({});
  EXPECT_EQ(summary.outcome, RunOutcome::already_finished);
  EXPECT_EQ(summary.session_steps, 0);
  EXPECT_EQ(read_file(folder_ / "run/metrics.jsonl"), before);
  EXPECT_THAT(log_.text(), HasSubstr("finished already at step 20 of 20"));
}

TEST_F(TrainerTest, MicroBatchesDoNotChangeTheGradient) {
  const auto gradient = [&](int64_t micro_batch) {
    const std::string name = fmt::format("micro{}", micro_batch);
    ToyOptions options{.plan = {.total_steps = 1, .log_every = 1, .evaluate_every = 0, .save_every = 1},
                       .micro_batch = micro_batch};
    ToyRun toy(folder_ / name, options);
    toy.run();
    return std::pair(toy.optimizer->flat_gradients().clone(), metrics_of(folder_ / name)[0].at("fit_loss").get<double>());
  };
  const auto [whole, loss] = gradient(12);
  EXPECT_GT(whole.norm().item<double>(), 0.1);
  // The number of targets differs between micro-batches, and the last one of 5 is not full.
  for (const int64_t micro_batch : {1, 4, 5}) {
    const auto [split, split_loss] = gradient(micro_batch);
    EXPECT_LT(((split - whole).norm() / whole.norm()).item<double>(), 1e-6) << micro_batch;
    EXPECT_NEAR(split_loss, loss, 1e-6 * loss);
  }
}

TEST_F(TrainerTest, ALossThatIsNotFiniteStopsBeforeTheUpdate) {
  ToyOptions options{.bad = ToyOptions::Bad::loss, .bad_step = 6};
  ToyRun toy(folder_ / "run", options);
  EXPECT_THROW(toy.run(), NumericError);
  EXPECT_EQ(toy.trainer.state().step, 6);
  EXPECT_EQ(toy.optimizer->step_count(), 6);
  EXPECT_TRUE(toy.optimizer->flat_parameters().isfinite().all().item<bool>());
  const auto last = metrics_of(folder_ / "run").back();
  EXPECT_EQ(last.at("step"), 7);
  EXPECT_TRUE(last.at("fit_loss").is_null());
  EXPECT_THAT(last.at("non_finite").get<std::vector<std::string>>(), ::testing::Contains("fit_loss"));
}

TEST_F(TrainerTest, AnErrorNamesTheStepAndTheLossPart) {
  EXPECT_EQ(error_of({.bad = ToyOptions::Bad::loss, .bad_step = 6}),
            "exit 5: step 7: every part of the loss must be finite, got fit_loss nan; the update was not made, try a lower "
            "optimizer.learning_rate, a lower training.gradient_clip or training.precision: fp32");
}

TEST_F(TrainerTest, AnErrorNamesTheParameterWithABadGradient) {
  EXPECT_THAT(error_of({.bad = ToyOptions::Bad::gradient, .bad_step = 2}),
              ::testing::StartsWith("exit 5: step 3: bias gradient must be finite, got norm "));
}

TEST_F(TrainerTest, KeepsTheLastAndTheBestCheckpoints) {
  ToyOptions options{
      .plan = {.total_steps = 20, .log_every = 5, .evaluate_every = 2, .save_every = 2}, .keep_last = 2, .keep_best = 2};
  options.validation = [](int64_t step, double) { return step == 6 ? 0.1 : step == 10 ? 0.2 : 1.0 + static_cast<double>(step); };
  run(options);
  EXPECT_THAT(saved_steps(folder_ / "run"), ElementsAre(6, 10, 18, 20));
  EXPECT_EQ(std::filesystem::read_symlink(folder_ / "run/checkpoints/best"), "step-00000006");
  EXPECT_EQ(std::filesystem::read_symlink(folder_ / "run/checkpoints/latest"), "step-00000020");
}

TEST_F(TrainerTest, SavesAResultThatIsAmongTheBestBetweenTwoCheckpoints) {
  ToyOptions options{.plan = {.total_steps = 20, .log_every = 5, .evaluate_every = 3, .save_every = 10}, .keep_last = 1};
  options.validation = [](int64_t step, double) { return step == 9 ? 0.1 : 1.0; };
  run(options);
  EXPECT_THAT(saved_steps(folder_ / "run"), ElementsAre(9, 20));
}

TEST_F(TrainerTest, AResultThatIsNoNumberIsNeverTheBest) {
  ToyOptions options;
  options.validation = [](int64_t step, double) { return step == 10 ? 0.5 : std::numeric_limits<double>::quiet_NaN(); };
  run(options);
  EXPECT_EQ(std::filesystem::read_symlink(folder_ / "run/checkpoints/best"), "step-00000010");
}

TEST_F(TrainerTest, ADamagedNewestCheckpointFallsBackAndSaysWhy) {
  run({}, "unbroken");
  run({});
  const auto newest = folder_ / "run/checkpoints/step-00000020/optimizer.safetensors";
  std::string bytes = read_file(newest);
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write_file_atomically(newest, bytes);
  const RunSummary summary = run({});
  EXPECT_THAT(log_.text(), HasSubstr("checkpoint step-00000020 is damaged and skipped: "));
  EXPECT_THAT(log_.text(), HasSubstr("resumed at step 16 of 20"));
  EXPECT_EQ(summary.session_steps, 4);
  expect_same_run("unbroken", "run");
}

TEST_F(TrainerTest, DoesNotStartAgainWhenEveryCheckpointIsDamaged) {
  run({});
  for (const int64_t step : saved_steps(folder_ / "run")) {
    std::filesystem::resize_file(folder_ / fmt::format("run/checkpoints/step-{:08}/manifest.json", step), 10);
  }
  EXPECT_THAT(error_of({}),
              ::testing::MatchesRegex("exit 4: .*/checkpoints: wanted a checkpoint that is not damaged, got [0-9]+ that are; "
                                      "delete the folder to start again"));
}

TEST_F(TrainerTest, RefusesACheckpointOfAnotherConfiguration) {
  run({});
  EXPECT_THAT(error_of({.hashes = {{"config", "other"}, {"data", "d0"}}}),
              HasSubstr("got one with another config; restore the old settings"));
  EXPECT_THAT(error_of({.seed = 8}), HasSubstr("exit 2: training.seed: must be 7 as in the checkpoint, got 8"));
}

TEST_F(TrainerTest, ResumesFromAPathAndRefusesAnOldRunWhenToldSo) {
  run({});
  ToyOptions from_path{.resume = parse_resume((folder_ / "run/checkpoints/step-00000016").string())};
  EXPECT_EQ(run(from_path, "copy").session_steps, 4);
  EXPECT_EQ(final_weights(folder_ / "run"), final_weights(folder_ / "copy"));
  EXPECT_THAT(error_of({.resume = parse_resume("never")}), HasSubstr("exit 4: "));
  EXPECT_EQ(error_of({.resume = parse_resume("never")}, "new"), "no error");
}

TEST_F(TrainerTest, WarnsOfAnotherNumberOfThreads) {
  ToyOptions options;
  ToyRun* session = nullptr;
  options.on_step = [&](int64_t step) {
    if (step == 5) session->stop.request();
  };
  {
    ToyRun toy(folder_ / "run", options);
    session = &toy;
    toy.run();
  }
  at::set_num_threads(2);
  run({});
  at::set_num_threads(1);
  EXPECT_THAT(log_.text(), HasSubstr("warning: training.intra_op_threads: the run so far used 1, this session uses 2"));
}

/// A file where the temporary folder of a save should be made cannot be used; removing it repairs the disk.
class SaveFailures : public TrainerTest {
 protected:
  ToyOptions failing(int64_t first, int64_t last) {
    ToyOptions options{.plan = {.total_steps = 10, .log_every = 5, .evaluate_every = 0, .save_every = 1}};
    options.on_step = [this, first, last](int64_t step) {
      const auto checkpoints = folder_ / "run/checkpoints";
      const auto aside = folder_ / "aside";
      if (step + 1 == first) {
        std::filesystem::rename(checkpoints, aside);
        write_file_atomically(checkpoints, "in the way");
      }
      if (step == last) {
        std::filesystem::remove(checkpoints);
        std::filesystem::rename(aside, checkpoints);
      }
    };
    return options;
  }
};

TEST_F(SaveFailures, WarnAndTrainingGoesOn) {
  const RunSummary summary = run(failing(4, 5));
  EXPECT_EQ(summary.outcome, RunOutcome::finished);
  EXPECT_THAT(log_.text(), HasSubstr("warning: checkpoint of step 4 was not saved: "));
  EXPECT_THAT(log_.text(), HasSubstr("failure 2 of at most 2"));
  EXPECT_THAT(saved_steps(folder_ / "run"), ElementsAre(8, 9, 10));
}

TEST_F(SaveFailures, EndTheRunAfterThreeInARow) {
  EXPECT_THAT(error_of(failing(4, 99)), ::testing::StartsWith("exit 4: checkpoint of step 6 was not saved: "));
}

TEST_F(SaveFailures, EndTheRunAtTheLastSave) {
  EXPECT_THAT(error_of(failing(10, 99)), ::testing::StartsWith("exit 4: checkpoint of step 10 was not saved: "));
}

TEST(ParseResume, KnowsItsThreeForms) {
  EXPECT_EQ(parse_resume("auto").mode, ResumeRequest::Mode::automatic);
  EXPECT_EQ(parse_resume("never").mode, ResumeRequest::Mode::never);
  EXPECT_EQ(parse_resume("runs/a").path, "runs/a");
  EXPECT_THROW((void)parse_resume(""), ConfigError);
}

}  // namespace
}  // namespace albert
