// What a run goes on from, and what it calls its best: both must be what lies on the disk.
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

namespace albert {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class BranchTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }

  RunSummary run_toy(const testing::ToyOptions& options, const std::string& name) {
    testing::ToyRun toy(folder_ / name, options);
    return toy.run();
  }
  std::string error_of_toy(const testing::ToyOptions& options, const std::string& name) {
    try {
      run_toy(options, name);
    } catch (const Error& error) {
      return fmt::format("exit {}: {}", static_cast<int>(error.exit_code()), error.what());
    }
    return "no error";
  }
  /// Exit code of the program, 128 + signal when a signal ended it.
  int run_process(const std::string& name, const std::string& arguments) {
    const int status = std::system(fmt::format("'{}/tests/toy_trainer' '{}' {} >/dev/null 2>&1", ALBERT_BINARY_DIR,
                                               (folder_ / name).string(), arguments)
                                       .c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  fs::path step_of(const std::string& name, int64_t step) { return io::checkpoint_path(folder_ / name / "checkpoints", step); }
  std::vector<int64_t> steps_of(const std::string& name) { return io::CheckpointDirectory(folder_ / name / "checkpoints").steps(); }
  static testing::ToyOptions from(const fs::path& checkpoint) {
    testing::ToyOptions options;
    options.resume = parse_resume(checkpoint.string());
    return options;
  }

  testing::TemporaryFolder folder_;
  testing::CapturedLog log_;
};

TEST_F(BranchTest, ARunGoesOnWithTheBranchThatWasChosenAfterAKill) {
  run_toy({}, "run");
  ASSERT_THAT(steps_of("run"), ElementsAre(15, 16, 20));
  ASSERT_EQ(run_process("run", fmt::format("die 15 '{}'", step_of("run", 15).string())), 128 + SIGKILL) << "before anything was saved";
  EXPECT_THAT(steps_of("run"), ElementsAre(15));
  EXPECT_EQ(run_toy({}, "run").session_steps, 5) << "not from step 20";
  EXPECT_THAT(log_.text(), HasSubstr("resumed at step 15 of 20"));
  for (const int64_t step : {16, 20}) {
    const auto left = io::checkpoint_path(folder_ / "run/checkpoints/abandoned-1", step);
    EXPECT_EQ(io::load_checkpoint(left).identity().step, step);
  }
}

TEST_F(BranchTest, TheLogTellsWhatWasSetAside) {
  run_toy({}, "run");
  EXPECT_EQ(run_toy(from(folder_ / "run/checkpoints/step-00000015"), "run").session_steps, 5);
  EXPECT_THAT(log_.text(), HasSubstr("info: the run goes on from step 15: the checkpoints of later steps (16, 20) are now in "
                                     "checkpoints/abandoned-1\n"));
  EXPECT_EQ(run_toy(from(folder_ / "run/checkpoints/abandoned-1/step-00000016"), "again").session_steps, 4) << "what was left can be used";
}

TEST_F(BranchTest, ALinkNamesACheckpointOfTheRunToo) {
  run_toy({}, "run");
  const auto best = fs::read_symlink(folder_ / "run/checkpoints/best");
  run_toy(from(folder_ / "run/checkpoints/best"), "run");
  EXPECT_EQ(fs::exists(folder_ / "run/checkpoints/abandoned-1"), best != "step-00000020");
  EXPECT_EQ(run_toy({}, "run").outcome, RunOutcome::already_finished);
}

TEST_F(BranchTest, AFinishedOrUnbrokenRunSetsNothingAside) {
  run_toy({}, "run");
  const auto metrics = read_file(folder_ / "run/metrics.jsonl");
  EXPECT_EQ(run_toy({}, "run").outcome, RunOutcome::already_finished);
  EXPECT_EQ(run_toy(from(step_of("run", 20)), "run").outcome, RunOutcome::already_finished);
  EXPECT_THAT(steps_of("run"), ElementsAre(15, 16, 20));
  EXPECT_EQ(read_file(folder_ / "run/metrics.jsonl"), metrics);
  EXPECT_THAT(log_.text(), Not(HasSubstr("later steps")));
}

TEST_F(BranchTest, ARunThatEndsAtAnOlderCheckpointLeavesTheLaterOnes) {
  run_toy({}, "run");
  testing::ToyOptions shorter = from(step_of("run", 16));
  shorter.plan.total_steps = 16;
  shorter.plan.evaluate_every = 0;
  EXPECT_EQ(run_toy(shorter, "run").outcome, RunOutcome::already_finished);
  EXPECT_THAT(steps_of("run"), ElementsAre(15, 16));
  EXPECT_EQ(fs::read_symlink(folder_ / "run/checkpoints/latest"), "step-00000016");
  EXPECT_EQ(static_cast<int64_t>(read_file(folder_ / "run/metrics.jsonl").size()),
            nlohmann::json::parse(read_file(step_of("run", 16) / "training_state.json")).at("metrics_bytes").get<int64_t>());
  shorter.resume = {};
  const auto again = run_toy(shorter, "run");
  EXPECT_EQ(again.outcome, RunOutcome::already_finished);
  EXPECT_EQ(again.steps, 16) << "the next run stands where this one ended";
}

TEST_F(BranchTest, AFinishedRunFromAnotherFolderIsSavedInThisOne) {
  run_toy({}, "run");
  const auto copy = run_toy(from(step_of("run", 20)), "copy");
  EXPECT_EQ(copy.outcome, RunOutcome::already_finished);
  EXPECT_EQ(copy.session_steps, 0);
  EXPECT_THAT(steps_of("copy"), ElementsAre(20));
  EXPECT_EQ(read_file(step_of("copy", 20) / "model.safetensors"), read_file(step_of("run", 20) / "model.safetensors"));
  EXPECT_TRUE(fs::exists(folder_ / "copy/metrics.jsonl"));
  EXPECT_EQ(run_toy({}, "copy").outcome, RunOutcome::already_finished);
}

TEST_F(BranchTest, ADamagedNewestCheckpointIsSetAsideWithTheBranch) {
  run_toy({}, "run");
  fs::remove(step_of("run", 20) / "config.json");
  EXPECT_EQ(run_toy({}, "run").session_steps, 4);
  EXPECT_THAT(log_.text(), HasSubstr("the checkpoints of later steps (20) are now in checkpoints/abandoned-1"));
}

TEST_F(BranchTest, ACheckpointOfAnotherFolderIsTakenIntoAnEmptyOneOnly) {
  run_toy({}, "run");
  EXPECT_EQ(run_process("copy", fmt::format("die 16 '{}'", step_of("run", 16).string())), 128 + SIGKILL);
  EXPECT_EQ(steps_of("copy").front(), 16) << "saved before the first step, so that an automatic resume goes on from it";
  EXPECT_THAT(error_of_toy(from(step_of("run", 16)), "copy"),
              ::testing::MatchesRegex("exit 4: .*/copy/checkpoints: wanted no checkpoints of its own, as --resume names one of another folder, got one "
                                      "of step 16; leave --resume out to go on from it, or give another --output"));
  EXPECT_EQ(run_toy({}, "copy").session_steps, 4);
}

TEST_F(BranchTest, ABestResultWithoutItsCheckpointCountsNoLonger) {
  testing::ToyOptions options{.plan = {.total_steps = 10, .log_every = 5, .evaluate_every = 2, .save_every = 2}, .keep_last = 2};
  options.validation = [](int64_t step, double) { return step == 4 ? 0.1 : 1.0 + static_cast<double>(step); };
  run_toy(options, "run");
  ASSERT_THAT(steps_of("run"), ElementsAre(4, 8, 10));
  fs::remove_all(step_of("run", 4));
  options.plan.total_steps = 14;
  testing::ToyRun toy(folder_ / "run", options);
  toy.run();
  EXPECT_THAT(log_.text(), HasSubstr("warning: the best results of step 4 have no checkpoint, which could not be saved or is gone: they do not count"));
  ASSERT_EQ(toy.trainer.state().best.size(), 1U);
  EXPECT_EQ(toy.trainer.state().best.front().step, 12);
  EXPECT_EQ(fs::read_symlink(folder_ / "run/checkpoints/best"), "step-00000012");
}

TEST_F(BranchTest, ABestResultStaysWhenItsCheckpointIsTakenFromAnotherFolder) {
  testing::ToyOptions options;
  options.validation = [](int64_t step, double) { return step == 15 ? 0.1 : 1.0; };
  run_toy(options, "run");
  ASSERT_EQ(fs::read_symlink(folder_ / "run/checkpoints/best"), "step-00000015");
  options.resume = parse_resume(step_of("run", 15).string());
  testing::ToyRun copy(folder_ / "copy", options);
  copy.run();
  ASSERT_EQ(copy.trainer.state().best.size(), 1U);
  EXPECT_EQ(copy.trainer.state().best.front().step, 15);
  EXPECT_THAT(log_.text(), Not(HasSubstr("they do not count")));
  EXPECT_EQ(fs::read_symlink(folder_ / "copy/checkpoints/best"), "step-00000015");
}

TEST_F(BranchTest, ABestResultWhoseCheckpointStaysInAnotherFolderCountsNoLonger) {
  testing::ToyOptions options{.keep_last = 3, .keep_best = 2};
  options.validation = [](int64_t step, double) { return step == 10 ? 0.1 : step == 15 ? 0.2 : 1.0; };
  run_toy(options, "run");
  options.resume = parse_resume(step_of("run", 15).string());
  run_toy(options, "copy");
  EXPECT_THAT(log_.text(), HasSubstr("the best results of step 10 have no checkpoint"));
  EXPECT_EQ(fs::read_symlink(folder_ / "copy/checkpoints/best"), "step-00000015");
}

/// The folder of checkpoints is away for a while, a file in its place. Step 3 has the best result, and cannot be saved then.
class UnsavedBest : public BranchTest {
 protected:
  testing::ToyOptions options() {
    testing::ToyOptions options{.plan = {.total_steps = 12, .log_every = 3, .evaluate_every = 3, .save_every = 3}, .keep_last = 1};
    options.validation = [](int64_t step, double) { return step == 3 ? 0.1 : 1.0 + static_cast<double>(step); };
    return options;
  }
  void take_away() {
    fs::rename(folder_ / "run/checkpoints", folder_ / "aside");
    write_file_atomically(folder_ / "run/checkpoints", "in the way");
  }
  void bring_back() {
    if (!fs::exists(folder_ / "aside")) return;
    fs::remove(folder_ / "run/checkpoints");
    fs::rename(folder_ / "aside", folder_ / "run/checkpoints");
  }
  void expect_best_of_step_3() {
    run_toy(options(), "clean");
    EXPECT_THAT(log_.text(), HasSubstr("warning: checkpoint of step 3 was not saved: "));
    EXPECT_THAT(log_.text(), HasSubstr("info: the checkpoint of step 3, which is among the best, is saved now"));
    EXPECT_THAT(steps_of("run"), ElementsAre(3, 12));
    EXPECT_EQ(fs::read_symlink(folder_ / "run/checkpoints/best"), "step-00000003");
    EXPECT_EQ(fs::read_symlink(folder_ / "run/checkpoints/latest"), "step-00000012");
    for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
      EXPECT_EQ(read_file(step_of("run", 3) / file), read_file(step_of("clean", 3) / file)) << file << ": the weights of step 3";
    }
  }
};

TEST_F(UnsavedBest, IsSavedWithTheNextCheckpoint) {
  auto failing = options();
  failing.on_step = [&](int64_t step) {
    if (step == 2) take_away();
    if (step == 5) bring_back();
  };
  EXPECT_EQ(run_toy(failing, "run").outcome, RunOutcome::finished);
  expect_best_of_step_3();
}

TEST_F(UnsavedBest, IsSavedLaterWhereItWasWrittenInTheBackground) {
  auto failing = options();
  failing.asynchronous = true;
  int64_t current = 0;
  failing.on_step = [&](int64_t step) {
    current = step;
    if (step == 2) take_away();
  };
  failing.on_save = [&] {
    if (current == 5) bring_back();  // the save of step 6 begins: that of step 3 has ended
  };
  EXPECT_EQ(run_toy(failing, "run").outcome, RunOutcome::finished);
  expect_best_of_step_3();
}

TEST_F(UnsavedBest, IsNotSavedWhenABetterOneCameMeanwhile) {
  auto failing = options();
  failing.validation = [](int64_t step, double) { return step == 3 ? 0.1 : step == 6 ? 0.05 : 1.0; };
  failing.on_step = [&](int64_t step) {
    if (step == 2) take_away();
    if (step == 5) bring_back();
  };
  run_toy(failing, "run");
  EXPECT_THAT(steps_of("run"), ElementsAre(6, 12));
  EXPECT_THAT(log_.text(), Not(HasSubstr("saved now")));
}

}  // namespace
}  // namespace albert
