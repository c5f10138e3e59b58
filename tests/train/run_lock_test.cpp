#include "train/child_process.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/train/run_lock.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT: POSIX
#include <temporary_folder.h>

#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

namespace albert {
namespace {

std::string refusal(const std::filesystem::path& folder) {
  try {
    const RunLock lock(folder);
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunLock, RefusesASecondRunAndNamesTheFirst) {
  const testing::TemporaryFolder folder;
  const RunLock lock(folder.path());
  EXPECT_THAT(refusal(folder.path()),
              ::testing::MatchesRegex(fmt::format(
                  ".*: wanted an output folder that no other run uses, got one in use by process {} on this machine, started "
                  "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}} UTC; wait for it, or give another --output",
                  ::getpid())));
}

TEST(RunLock, DoesNotNameTheMachine) {
  const testing::TemporaryFolder folder;
  const RunLock lock(folder.path());
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  const std::string text = read_file(folder / ".lock");
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr(host.data())));
  // As another machine would have written it.
  std::string other = text;
  const auto mark = other.find("\"machine\":\"");
  ASSERT_NE(mark, std::string::npos);
  other.replace(mark + 11, 4, "zzzz");
  std::ofstream(folder / ".lock") << other;
  EXPECT_THAT(refusal(folder.path()), ::testing::HasSubstr(fmt::format("process {} on another machine, started ", ::getpid())));
}

TEST(RunLock, IsSeenFromOutsideWhileItIsHeld) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(RunLock::is_held(folder / "none"), false);
  {
    const RunLock lock(folder.path());
    EXPECT_EQ(RunLock::is_held(folder.path()), true);
  }
  EXPECT_EQ(RunLock::is_held(folder.path()), false);
  std::ofstream(folder / ".lock") << "of a run that was killed";
  EXPECT_EQ(RunLock::is_held(folder.path()), false);
  EXPECT_EQ(read_file(folder / ".lock"), "of a run that was killed") << "looking changes nothing";
}

TEST(RunLock, LeavesNothingBehind) {
  const testing::TemporaryFolder folder;
  { const RunLock lock(folder / "new"); }
  EXPECT_TRUE(std::filesystem::is_empty(folder / "new"));
  const RunLock again(folder / "new");
}

TEST(RunLock, IsTakenOverAfterAKill) {
  const testing::TemporaryFolder folder;
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = testing::start_child([&] {
    const RunLock lock(folder.path());
    if (::write(ready[1], "x", 1) != 1) return 1;
    ::pause();
    return 0;
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(refusal(folder.path()), ::testing::HasSubstr(fmt::format("process {} ", child)));
  ::kill(child, SIGKILL);
  EXPECT_EQ(testing::wait_for(child), -SIGKILL);
  EXPECT_EQ(refusal(folder.path()), "no error");
}

TEST(RunLock, RemovesWhatAKilledRunWasWriting) {
  const testing::TemporaryFolder folder;
  const pid_t dead = testing::start_child([] { return 0; });
  EXPECT_EQ(testing::wait_for(dead), 0);
  std::filesystem::create_directories(folder / fmt::format("final.tmp-{}", dead));
  std::filesystem::create_directories(folder / "tokenizer");
  std::filesystem::create_directories(folder / "checkpoints");
  const auto kept = {std::string("config.yaml"), std::string("notes.tmp-old"), fmt::format("config.yaml.tmp-{}", ::getpid()),
                     fmt::format("checkpoints/step.tmp-{}", dead), std::string("tokenizer/spiece.model")};
  const auto removed = {fmt::format("config.yaml.tmp-{}", dead), fmt::format("final.tmp-{}/model.safetensors", dead),
                        fmt::format("tokenizer/spiece.model.tmp-{}", dead)};
  for (const auto& names : {kept, removed}) {
    for (const auto& name : names) std::ofstream(folder / name) << "x";
  }
  const RunLock lock(folder.path());
  for (const auto& name : kept) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  for (const auto& name : removed) EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
  EXPECT_FALSE(std::filesystem::exists(folder / fmt::format("final.tmp-{}", dead)));
}

TEST(RunLock, LetsExactlyOneOfManyIn) {
  const testing::TemporaryFolder folder;
  std::array<int, 2> finish{};
  ASSERT_EQ(::pipe(finish.data()), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i) {
    children.push_back(testing::start_child([&] {
      ::close(finish[1]);
      try {
        const RunLock lock(folder.path());
        char byte = 0;
        return ::read(finish[0], &byte, 1) == 0 ? 0 : 1;  // holds it until the parent closes its end
      } catch (const IoError& error) {
        return static_cast<int>(error.exit_code());
      }
    }));
  }
  // The losers end by themselves; the winner waits.
  int refused = 0;
  int status = 0;
  while (refused < 19 && ::waitpid(-1, &status, 0) > 0) {
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 4);
    ++refused;
  }
  ::close(finish[1]);
  ASSERT_GT(::waitpid(-1, &status, 0), 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(finish[0]);
}

TEST(RunLock, RefusesAFolderThatIsAFile) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "file", "x");
  EXPECT_THAT(refusal(folder / "file"), ::testing::HasSubstr("File exists"));
}

TEST(RunLock, RefusesAFolderThatCannotBeWritten) {
  // Not even root may make a file there.
  EXPECT_THAT(refusal("/proc"), ::testing::StartsWith("/proc/.lock: the output folder must be writable, got: "));
}

}  // namespace
}  // namespace albert
