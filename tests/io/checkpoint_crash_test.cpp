// What survives when a save is killed, fails or runs out of space. The truth is kept outside of the process that dies.
#include "checkpoint_samples.h"
#include "system_call_tracer.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>
#include <signal.h>  // NOLINT: kill is POSIX
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace albert::io {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::vector<std::string> hidden_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with('.')) names.push_back(entry.path().filename().string());
  }
  return names;
}

/// Saves rising steps until it is killed, replacing every third and rotating; writes each step to the pipe once its save has
/// returned.
[[noreturn]] void save_for_ever(const fs::path& folder, int acknowledgements, int64_t first) {
  CheckpointDirectory directory(folder);
  for (int64_t step = first;; ++step) {
    save_sample(directory, step);
    if (step % 3 == 0) save_sample(directory, step);
    if (::write(acknowledgements, &step, sizeof step) != static_cast<ssize_t>(sizeof step)) ::_exit(1);
    directory.rotate(2, {});
  }
}

/// The last step that the child acknowledged before it died; `before` if none.
int64_t last_acknowledged(int pipe_end, int64_t before) {
  int64_t step = 0;
  int64_t last = before;
  while (::read(pipe_end, &step, sizeof step) == static_cast<ssize_t>(sizeof step)) last = step;
  return last;
}

TEST(CheckpointCrash, TheNewestAcknowledgedCheckpointSurvivesFortyRandomKills) {
  const TemporaryFolder folder;
  RandomStream random(1, "kills");
  int64_t acknowledged = 1;
  const auto start = std::chrono::steady_clock::now();
  {
    CheckpointDirectory directory(folder.path());
    save_sample(directory, acknowledged);
  }
  // A few saves long, whatever the speed of the disk.
  const auto longest = std::max(20'000L, 6 * (std::chrono::steady_clock::now() - start) / std::chrono::microseconds(1));
  int interrupted_saves = 0;
  for (int kill_index = 0; kill_index < 40; ++kill_index) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      save_for_ever(folder.path(), ends[1], acknowledged + 1);
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(random.between(0, longest)));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    acknowledged = last_acknowledged(ends[0], acknowledged);
    ::close(ends[0]);

    if (!hidden_names(folder.path()).empty()) ++interrupted_saves;
    const CheckpointDirectory directory(folder.path());
    EXPECT_TRUE(hidden_names(folder.path()).empty());
    const auto loaded =
        directory.load_newest([](const fs::path& path, const std::string& reason) { ADD_FAILURE() << path << ": " << reason; });
    ASSERT_TRUE(loaded.has_value()) << "kill " << kill_index;
    EXPECT_GE(loaded->identity().step, acknowledged);
    EXPECT_TRUE(holds(*loaded, SampleCheckpoint(loaded->identity().step, 0)));
    EXPECT_TRUE(fs::exists(folder / "latest/manifest.json")) << "the link does not dangle";
    acknowledged = loaded->identity().step;
  }
  EXPECT_GT(acknowledged, 1);
  RecordProperty("interrupted_saves", interrupted_saves);
}

/// A folder with steps 1 and 2, in which a child replaces step 2 by another variant, saves step 3 and deletes step 1.
class CheckpointFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!tracing_supported()) GTEST_SKIP() << "ptrace is not allowed here";
    CheckpointDirectory directory(template_.path());
    save_sample(directory, 1);
    save_sample(directory, 2, 0);
  }

  /// Starts from the same state again.
  void prepare() {
    fs::remove_all(work_.path());
    fs::copy(template_.path(), work_.path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  [[nodiscard]] std::function<int()> body() const {
    return [this] {
      try {
        CheckpointDirectory directory(work_.path());
        save_sample(directory, 2, 1);
        save_sample(directory, 3, 0);
        directory.rotate(2, {});
        return 0;
      } catch (const IoError&) {
        return 4;
      }
    };
  }

  /// One of the states that the child went through is there, whole, and the next run can go on from it.
  void expect_sound(const std::string& where) {
    CheckpointDirectory directory(work_.path());
    EXPECT_TRUE(hidden_names(work_.path()).empty()) << where;
    const auto loaded =
        directory.load_newest([&](const fs::path& path, const std::string& reason) { ADD_FAILURE() << where << path << reason; });
    ASSERT_TRUE(loaded.has_value()) << where;
    const int64_t step = loaded->identity().step;
    const bool whole = step == 3
                           ? holds(*loaded, SampleCheckpoint(3, 0))
                           : step == 2 && (holds(*loaded, SampleCheckpoint(2, 0)) || holds(*loaded, SampleCheckpoint(2, 1)));
    EXPECT_TRUE(whole) << where << ": step " << step;
    EXPECT_TRUE(fs::exists(work_ / "latest/manifest.json")) << where;
    newest_ = step;
  }

  TemporaryFolder template_;
  TemporaryFolder work_;
  int64_t newest_ = 0;
};

TEST_F(CheckpointFaults, AKillBeforeEachCallThatChangesTheDiskLosesNothing) {
  prepare();
  const TraceResult clean = trace(body(), {});
  ASSERT_EQ(clean.exit_code, 0);
  expect_sound("no fault");
  EXPECT_EQ(newest_, 3);
  ASSERT_GT(clean.calls.size(), 50U);
  for (size_t at = 0; at < clean.calls.size(); ++at) {
    prepare();
    const TraceResult result = trace(body(), {.fault = Fault::kill, .at = at, .error_code = 0});
    ASSERT_TRUE(result.killed) << at;
    expect_sound(fmt::format("killed before call {}, {} of {}", at, clean.calls[at].name, clean.calls[at].path));
  }
}

TEST_F(CheckpointFaults, AFailureOfEachCallEndsInAnIoErrorAndLosesNothing) {
  if (!failing_supported()) GTEST_SKIP() << "calls cannot be made to fail on this architecture";
  prepare();
  const size_t calls = trace(body(), {}).calls.size();
  for (size_t at = 0; at < calls; ++at) {
    const int code = at % 2 == 0 ? ENOSPC : EIO;
    prepare();
    const TraceResult result = trace(body(), {.fault = Fault::fail, .at = at, .error_code = code});
    ASSERT_GT(result.calls.size(), at);
    const std::string where =
        fmt::format("errno {} at call {}, {} of {}", code, at, result.calls[at].name, result.calls[at].path);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 4) << where << ": exit " << result.exit_code;
    expect_sound(where);
    EXPECT_TRUE(result.exit_code != 0 || newest_ == 3) << where << ": acknowledged";
    CheckpointDirectory directory(work_.path());
    EXPECT_NO_THROW(save_sample(directory, 4)) << where << ": the next save goes through";
  }
}

/// Index of the first call of this kind on this path (or, for a rename, to this target), from `from` on.
size_t find_call(const std::vector<DiskCall>& calls, const std::string& name, const fs::path& path, size_t from = 0) {
  for (size_t i = from; i < calls.size(); ++i) {
    if (calls[i].name == name && (name == "rename" ? calls[i].target : calls[i].path) == path) return i;
  }
  ADD_FAILURE() << "no " << name << " of " << path << " from call " << from;
  return calls.size();
}

TEST_F(CheckpointFaults, EverythingIsOnTheDiskBeforeItIsReliedOn) {
  prepare();
  const TraceResult result = trace(body(), {});
  ASSERT_EQ(result.exit_code, 0);
  const fs::path root = fs::canonical(work_.path());
  const fs::path fresh = root / ".tmp-step-00000003";
  const size_t manifest = find_call(result.calls, "fsync", fresh / "manifest.json");
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "training_state.json", "config.json"}) {
    EXPECT_LT(find_call(result.calls, "fsync", fresh / name), find_call(result.calls, "open", fresh / "manifest.json")) << name;
  }
  const size_t folder = find_call(result.calls, "fsync", fresh);
  const size_t rename = find_call(result.calls, "rename", root / "step-00000003");
  const size_t parent = find_call(result.calls, "fsync", root, rename);
  const size_t link = find_call(result.calls, "rename", root / "latest", rename);
  const size_t deletion = find_call(result.calls, "rename", root / ".tmp-delete-step-00000001");
  EXPECT_LT(manifest, folder);
  EXPECT_LT(folder, rename);
  EXPECT_LT(rename, parent);
  EXPECT_LT(parent, link);
  EXPECT_LT(find_call(result.calls, "fsync", root, link), deletion) << "the oldest goes last";
}

/// Lowers the soft limit on the size of a file, as `ulimit -f` does, and ignores the signal that comes with it.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &lowered);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

std::string error_of_saving(CheckpointDirectory& directory, const SampleCheckpoint& sample) {
  try {
    directory.save(sample.identity, sample.content);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

/// A save that does not fit leaves the earlier checkpoint alone; once there is room it goes through.
void expect_refused_whole(CheckpointDirectory& directory, const fs::path& folder, const SampleCheckpoint& large,
                          const std::string& reason) {
  EXPECT_THAT(error_of_saving(directory, large),
              ::testing::AllOf(HasSubstr(reason), HasSubstr("the checkpoint needs about 800"), HasSubstr("are free there")));
  EXPECT_TRUE(hidden_names(folder).empty()) << "nothing half-written";
  const auto loaded = directory.load_newest([](const fs::path& path, const std::string& why) { ADD_FAILURE() << path << why; });
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(holds(*loaded, SampleCheckpoint(1, 0)));
}

TEST(CheckpointCrash, AFileSizeLimitLeavesTheEarlierCheckpoint) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  const SampleCheckpoint large(2, 0, 100'000);
  {
    const FileSizeLimit limit(64 * 1024);
    expect_refused_whole(directory, folder.path(), large, "File too large");
  }
  EXPECT_EQ(error_of_saving(directory, large), "");
}

/// A small file system of its own, where root may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& path) : path_(path) {
    fs::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=512k") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST(CheckpointCrash, AFullDiskLeavesTheEarlierCheckpoint) {
  const TemporaryFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount a small disk";
  const fs::path place = folder / "disk/checkpoints";
  CheckpointDirectory directory(place);
  save_sample(directory, 1);
  const SampleCheckpoint large(2, 0, 100'000);
  expect_refused_whole(directory, place, large, "No space left on device");
  const SampleCheckpoint small(2, 0, 1'000);
  EXPECT_EQ(error_of_saving(directory, small), "") << "once it fits";
}

}  // namespace
}  // namespace albert::io
