// A run that goes on from an older checkpoint: the later ones are set aside, whole, whatever happens meanwhile.
#include "checkpoint_samples.h"
#include "system_call_tracer.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

namespace albert::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

std::vector<std::string> entries_of(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

int64_t step_to_resume(const CheckpointDirectory& directory) {
  const auto loaded = directory.load_newest([](const fs::path& path, const std::string& reason) { ADD_FAILURE() << path << ": " << reason; });
  return loaded ? loaded->identity().step : -1;
}

TEST(CheckpointBranch, LaterStepsAreSetAsideAndTheChosenOneIsTheNewest) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const int64_t step : {4, 8, 12, 16}) save_sample(directory, step);
  directory.mark_best(12);
  const auto left = directory.leave_after(8);
  EXPECT_EQ(left.folder, "abandoned-1");
  EXPECT_THAT(left.steps, ElementsAre(12, 16));
  EXPECT_THAT(entries_of(folder.path()), ElementsAre("abandoned-1", "latest", "step-00000004", "step-00000008"));
  EXPECT_EQ(fs::read_symlink(folder / "latest"), "step-00000008");
  EXPECT_EQ(step_to_resume(directory), 8);
  for (const int64_t step : {12, 16}) {
    EXPECT_TRUE(holds(load_checkpoint(checkpoint_path(folder / "abandoned-1", step)), SampleCheckpoint(step, 0))) << step;
  }
}

TEST(CheckpointBranch, WithoutLaterStepsNothingChanges) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  EXPECT_THAT(directory.leave_after(0).steps, IsEmpty());
  save_sample(directory, 4);
  EXPECT_THAT(directory.leave_after(4).folder, IsEmpty());
  EXPECT_THAT(entries_of(folder.path()), ElementsAre("latest", "step-00000004"));
}

TEST(CheckpointBranch, EachBranchHasAFolderAndABestOneThatStaysIsKept) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const uint64_t branch : {0U, 1U}) {
    for (const int64_t step : {4, 8}) save_sample(directory, step, branch);
    directory.mark_best(4);
    EXPECT_EQ(directory.leave_after(4).folder, fmt::format("abandoned-{}", branch + 1));
    EXPECT_EQ(fs::read_symlink(folder / "best"), "step-00000004");
  }
  for (const uint64_t branch : {0U, 1U}) {
    EXPECT_TRUE(holds(load_checkpoint(checkpoint_path(folder / fmt::format("abandoned-{}", branch + 1), 8)), SampleCheckpoint(8, branch)));
  }
}

TEST(CheckpointBranch, RotationCountsWhatIsOnTheBranch) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const int64_t step : {1, 2, 3, 8, 9}) save_sample(directory, step);
  directory.leave_after(3);
  save_sample(directory, 4);
  directory.rotate(3, {});
  EXPECT_THAT(directory.steps(), ElementsAre(2, 3, 4));
  EXPECT_THAT(entries_of(folder / "abandoned-1"), ElementsAre("step-00000008", "step-00000009"));
}

TEST(CheckpointBranch, ADamagedLaterStepIsSetAsideToo) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const int64_t step : {1, 2}) save_sample(directory, step);
  fs::remove(folder / "step-00000002/config.json");
  EXPECT_THAT(directory.leave_after(1).steps, ElementsAre(2));
  EXPECT_EQ(step_to_resume(directory), 1);
}

TEST(CheckpointBranch, AnOlderStepThatIsSavedLateIsNotTheLatest) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 8);
  save_sample(directory, 4);
  EXPECT_EQ(fs::read_symlink(folder / "latest"), "step-00000008");
}

TEST(CheckpointBranch, WithoutTheStepToGoOnFromNothingIsSetAside) {
  const TemporaryFolder folder;
  {
    CheckpointDirectory directory(folder.path());
    save_sample(directory, 8);
  }
  fs::create_symlink("step-00000004", folder / ".abandon-1");
  const CheckpointDirectory directory(folder.path());
  EXPECT_EQ(step_to_resume(directory), 8);
  EXPECT_THAT(entries_of(folder.path()), ElementsAre("latest", "step-00000008"));
}

/// Steps 1, 2 and 3, of which a child leaves all but the first.
class LeavingFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!tracing_supported()) GTEST_SKIP() << "ptrace is not allowed here";
    CheckpointDirectory directory(template_.path());
    for (const int64_t step : {1, 2, 3}) save_sample(directory, step);
    directory.mark_best(3);
  }

  TraceResult run(const TraceOptions& options) {
    fs::remove_all(work_.path());
    fs::copy(template_.path(), work_.path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    return trace(
        [this] {
          try {
            CheckpointDirectory(work_.path()).leave_after(1);
            return 0;
          } catch (const IoError&) {
            return 4;
          }
        },
        options);
  }

  /// After the next open the branch is left with all that lay on it, or it is not left at all. Returns whether it is.
  bool expect_all_or_nothing(const std::string& where) {
    const CheckpointDirectory directory(work_.path());
    const bool is_left = step_to_resume(directory) == 1;
    EXPECT_EQ(directory.steps().size(), is_left ? 1U : 3U) << where;
    EXPECT_EQ(fs::read_symlink(work_ / "latest"), is_left ? "step-00000001" : "step-00000003") << where;
    EXPECT_EQ(fs::exists(work_ / "best"), !is_left) << where;
    for (const int64_t step : {2, 3}) {
      const auto place = checkpoint_path(is_left ? work_ / "abandoned-1" : work_.path(), step);
      EXPECT_TRUE(holds(load_checkpoint(place), SampleCheckpoint(step, 0))) << where;
    }
    for (const std::string& name : entries_of(work_.path())) EXPECT_FALSE(name.starts_with('.')) << where << ": " << name;
    return is_left;
  }

  TemporaryFolder template_;
  TemporaryFolder work_;
};

TEST_F(LeavingFaults, AKillBeforeEachCallLeavesAllOrNothing) {
  const auto clean = run({});
  ASSERT_EQ(clean.exit_code, 0);
  EXPECT_TRUE(expect_all_or_nothing("no fault"));
  ASSERT_GT(clean.calls.size(), 8U);
  bool was_left = false;
  for (size_t at = 0; at < clean.calls.size(); ++at) {
    ASSERT_TRUE(run({.fault = Fault::kill, .at = at, .error_code = 0}).killed) << at;
    const auto where = fmt::format("killed before call {}, {} of {}", at, clean.calls[at].name, clean.calls[at].path);
    const bool is_left = expect_all_or_nothing(where);
    EXPECT_TRUE(is_left || !was_left) << where << ": the choice is taken back";
    was_left = is_left;
  }
  EXPECT_TRUE(was_left);
}

TEST_F(LeavingFaults, AFailureOfEachCallLeavesAllOrNothing) {
  if (!failing_supported()) GTEST_SKIP() << "calls cannot be made to fail on this architecture";
  const size_t calls = run({}).calls.size();
  for (size_t at = 0; at < calls; ++at) {
    const auto result = run({.fault = Fault::fail, .at = at, .error_code = EIO});
    const auto where = fmt::format("call {}, {} of {}", at, result.calls.at(at).name, result.calls.at(at).path);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 4) << where << ": exit " << result.exit_code;
    const bool is_left = expect_all_or_nothing(where);
    EXPECT_TRUE(is_left || result.exit_code == 4) << where << ": acknowledged";
  }
}

}  // namespace
}  // namespace albert::io
