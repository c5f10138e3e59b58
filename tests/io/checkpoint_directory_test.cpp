#include "checkpoint_samples.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace albert::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

/// The newest step that loads, -1 if none does; `skipped` gets the reasons.
int64_t newest_step(const CheckpointDirectory& directory, std::vector<std::string>* skipped = nullptr) {
  const auto loaded = directory.load_newest([&](const fs::path& path, const std::string& reason) {
    if (skipped != nullptr) skipped->push_back(path.filename().string() + ": " + reason);
  });
  return loaded ? loaded->identity().step : -1;
}

void flip_byte(const fs::path& path, size_t offset, unsigned char mask = 0x10) {
  std::string content = read_file(path);
  content[offset] = static_cast<char>(static_cast<unsigned char>(content[offset]) ^ mask);
  write_file_atomically(path, content);
}

/// Without fsync: a test does it a thousand times.
void overwrite(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(content.data(), static_cast<std::streamsize>(content.size()));
}

std::string error_of_loading(const fs::path& path) {
  try {
    (void)load_checkpoint(path);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(CheckpointDirectory, LoadsWhatItSaved) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder / "run/checkpoints");
  const SampleCheckpoint sample(100, 0);
  directory.save(sample.identity, sample.content);
  const auto loaded = directory.load_newest({});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(holds(*loaded, sample));
  EXPECT_EQ(loaded->path(), folder / "run/checkpoints/step-00000100");
  EXPECT_TRUE(holds(load_checkpoint(folder / "run/checkpoints/latest"), sample)) << "through the link";
  EXPECT_THAT([&] { (void)loaded->arrays("none.safetensors"); },
              ThrowsMessage<IoError>(HasSubstr("wanted arrays in \"none.safetensors\"")));
  EXPECT_THAT([&] { (void)loaded->file("none.json"); }, ThrowsMessage<IoError>(HasSubstr("wanted file \"none.json\"")));
}

TEST(CheckpointDirectory, AnEmptyFolderHoldsNoCheckpoint) {
  const TemporaryFolder folder;
  const CheckpointDirectory directory(folder / "checkpoints");
  EXPECT_EQ(newest_step(directory), -1);
  EXPECT_THAT(directory.steps(), IsEmpty());
}

TEST(CheckpointDirectory, LeavesNothingButStepsAndLinksAllPrivate) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder / "c");
  save_sample(directory, 1);
  save_sample(directory, 2);
  directory.mark_best(1);
  EXPECT_THAT(names_in(folder / "c"), ElementsAre("best", "latest", "step-00000001", "step-00000002"));
  EXPECT_EQ(fs::read_symlink(folder / "c/latest"), "step-00000002");
  EXPECT_EQ(fs::read_symlink(folder / "c/best"), "step-00000001");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "c/step-00000001").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  for (const std::string& name : names_in(folder / "c/step-00000001")) {
    ASSERT_EQ(::stat((folder / "c/step-00000001" / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST(CheckpointDirectory, TheManifestIsTheDocumentedText) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  const CheckpointIdentity identity{.run_id = "r", .step = 7, .hashes = {{"config", "ab"}}};
  directory.save(identity, {.arrays = {}, .files = {{"config.json", "{}"}}});
  const std::string body = R"({
  "files": {
    "config.json": {
      "size": 2,
      "xxh3_64": ")" + to_hex(xxh3_64("{}")) +
                           R"("
    }
  },
  "format_version": 1,
  "hashes": {
    "config": "ab"
  },
  "run_id": "r",
  "step": 7)";
  EXPECT_EQ(read_file(folder / "step-00000007/manifest.json"),
            body + ",\n  \"sha256\": \"" + sha256_hex(body + "\n}\n") + "\"\n}\n");
}

TEST(CheckpointDirectory, SavingAStepAgainReplacesIt) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 5, 0);
  save_sample(directory, 5, 1);
  EXPECT_TRUE(holds(load_checkpoint(directory.step_path(5)), SampleCheckpoint(5, 1)));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("latest", "step-00000005"));
}

TEST(CheckpointDirectory, KnowsOnlyNamesOfSteps) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const char* name : {"step-5", "step-000000005", "step-0000000x", "step--0000001", "other", "step-00000007x"})
    fs::create_directory(folder / name);
  write_file_atomically(folder / "step-00000009", "a file");
  save_sample(directory, 123'456'789);
  save_sample(directory, 3);
  EXPECT_THAT(directory.steps(), ElementsAre(3, 123'456'789));
  EXPECT_EQ(directory.step_path(123'456'789).filename(), "step-123456789");
}

TEST(CheckpointDirectory, EveryFlippedByteIsDetected) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  save_sample(directory, 2);
  size_t flips = 0;
  for (const std::string& name : names_in(directory.step_path(2))) {
    const fs::path path = directory.step_path(2) / name;
    const std::string good = read_file(path);
    for (size_t i = 0; i < good.size(); ++i, ++flips) {
      std::string bad = good;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ (1U << (i % 8)));
      overwrite(path, bad);
      const std::string error = error_of_loading(directory.step_path(2));
      ASSERT_THAT(error, HasSubstr(name)) << "byte " << i;
    }
    write_file_atomically(path, good);
  }
  EXPECT_GT(flips, 1000U);
  EXPECT_EQ(newest_step(directory), 2) << "all put back";
}

TEST(CheckpointDirectory, NamesTheDamagedTensorAndFallsBack) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  save_sample(directory, 2);
  const fs::path file = directory.step_path(2) / "model.safetensors";
  flip_byte(file, fs::file_size(file) - 1);
  std::vector<std::string> skipped;
  EXPECT_EQ(newest_step(directory, &skipped), 1);
  EXPECT_THAT(skipped, ElementsAre(HasSubstr("\"model.safetensors\" is damaged in tensor \"b.weight\"")));
  flip_byte(file, fs::file_size(file) - 1);
  flip_byte(file, 20);
  EXPECT_THAT(error_of_loading(directory.step_path(2)), HasSubstr("\"model.safetensors\" is damaged in its header"));
}

TEST(CheckpointDirectory, TruncatedAndTornFilesAreDetected) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 2);
  for (const std::string& name : names_in(directory.step_path(2))) {
    const fs::path path = directory.step_path(2) / name;
    const std::string good = read_file(path);
    for (size_t size = 0; size < good.size(); size += 7) {
      overwrite(path, good.substr(0, size));
      ASSERT_THAT(error_of_loading(directory.step_path(2)), HasSubstr(name)) << size;
      overwrite(path, good.substr(0, size) + std::string(good.size() - size, '\0'));
      ASSERT_THAT(error_of_loading(directory.step_path(2)), HasSubstr(name)) << size << " then zeros";
    }
    overwrite(path, good + " ");
    ASSERT_THAT(error_of_loading(directory.step_path(2)), HasSubstr(name)) << "one byte more";
    overwrite(path, good);
  }
}

TEST(CheckpointDirectory, MissingAndForeignFilesAreListedTogether) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 2);
  fs::remove(directory.step_path(2) / "config.json");
  fs::remove(directory.step_path(2) / "model.safetensors");
  write_file_atomically(directory.step_path(2) / "adapter.safetensors", "x");
  write_file_atomically(directory.step_path(2) / ".nfs0001", "of the file system");
  EXPECT_THAT(error_of_loading(directory.step_path(2)),
              HasSubstr("wanted the files of its manifest, got: \"config.json\" is missing, \"model.safetensors\" is missing, "
                        "\"adapter.safetensors\" does not belong to it"));
  EXPECT_THAT(error_of_loading(folder / "nowhere"), HasSubstr("wanted a checkpoint, got no manifest.json"));
}

TEST(CheckpointDirectory, AFileOfAnotherStepIsDetected) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  save_sample(directory, 2);
  for (const std::string name : {"model.safetensors", "optimizer.safetensors", "training_state.json"}) {
    const std::string good = read_file(directory.step_path(2) / name);
    write_file_atomically(directory.step_path(2) / name, read_file(directory.step_path(1) / name));
    EXPECT_THAT(error_of_loading(directory.step_path(2)), HasSubstr(name));
    write_file_atomically(directory.step_path(2) / name, good);
  }
  write_file_atomically(directory.step_path(2) / "manifest.json", read_file(directory.step_path(1) / "manifest.json"));
  EXPECT_THAT(error_of_loading(directory.step_path(2)), HasSubstr("wanted the checkpoint of step 2, got that of step 1"));
}

TEST(CheckpointDirectory, AWholeFolderUnderAnotherStepsNameIsDetected) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  fs::copy(directory.step_path(1), directory.step_path(9));
  std::vector<std::string> skipped;
  EXPECT_EQ(newest_step(directory, &skipped), 1);
  EXPECT_THAT(skipped, ElementsAre(HasSubstr("wanted the checkpoint of step 9, got that of step 1")));
}

TEST(CheckpointDirectory, APipeInPlaceOfAFileDoesNotBlock) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 1);
  fs::remove(directory.step_path(1) / "config.json");
  ASSERT_EQ(::mkfifo((directory.step_path(1) / "config.json").c_str(), 0600), 0);
  EXPECT_THAT(error_of_loading(directory.step_path(1)), HasSubstr("\"config.json\" is missing"));
}

TEST(CheckpointDirectory, RotationKeepsTheNewestTheBestAndTheWanted) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (int64_t step = 1; step <= 7; ++step) save_sample(directory, step);
  directory.mark_best(3);
  directory.rotate(2, {1});
  EXPECT_THAT(directory.steps(), ElementsAre(1, 3, 6, 7));
  directory.rotate(10, {});
  EXPECT_THAT(directory.steps(), ElementsAre(1, 3, 6, 7));
  directory.rotate(0, {});
  EXPECT_THAT(directory.steps(), ElementsAre(3, 7)) << "best and latest";
  EXPECT_THAT(names_in(folder.path()), ElementsAre("best", "latest", "step-00000003", "step-00000007"));
}

TEST(CheckpointDirectory, RotationNeverTouchesTheNewestValidOne) {
  const TemporaryFolder folder;
  {
    CheckpointDirectory directory(folder.path());
    for (int64_t step = 1; step <= 4; ++step) save_sample(directory, step);
  }
  CheckpointDirectory directory(folder.path());
  flip_byte(directory.step_path(4) / "training_state.json", 0);
  fs::remove(directory.step_path(3) / "manifest.json");
  fs::remove(folder / "latest");
  directory.rotate(1, {});
  EXPECT_THAT(directory.steps(), ElementsAre(2, 4));
  EXPECT_EQ(newest_step(directory), 2);
}

TEST(CheckpointDirectory, LeftOversOfInterruptedSavesGoAtTheNextOpen) {
  const TemporaryFolder folder;
  {
    CheckpointDirectory directory(folder.path());
    save_sample(directory, 1);
  }
  fs::create_directories(folder / ".tmp-step-00000002");
  write_file_atomically(folder / ".tmp-step-00000002/model.safetensors", "half");
  fs::create_symlink("step-00000001", folder / ".tmp-latest");
  const CheckpointDirectory directory(folder.path());
  EXPECT_THAT(names_in(folder.path()), ElementsAre("latest", "step-00000001"));
}

TEST(CheckpointDirectory, AMissingOrDanglingLatestIsSetAtTheNextOpen) {
  const TemporaryFolder folder;
  {
    CheckpointDirectory directory(folder.path());
    save_sample(directory, 1);
    save_sample(directory, 2);
  }
  flip_byte(folder / "step-00000002/config.json", 0);
  fs::remove(folder / "latest");
  (void)CheckpointDirectory(folder.path());
  EXPECT_EQ(fs::read_symlink(folder / "latest"), "step-00000001") << "the newest that verifies";
  fs::remove(folder / "latest");
  fs::create_symlink("step-00000009", folder / "latest");
  (void)CheckpointDirectory(folder.path());
  EXPECT_EQ(fs::read_symlink(folder / "latest"), "step-00000001");
  fs::remove(folder / "latest");
  fs::create_symlink("step-00000002", folder / "latest");
  (void)CheckpointDirectory(folder.path());
  EXPECT_EQ(fs::read_symlink(folder / "latest"), "step-00000002") << "a link that leads somewhere is left alone";
}

/// The states that a crash can leave while step 1 is being replaced.
TEST(CheckpointDirectory, AnInterruptedReplacementIsSettledAtTheNextOpen) {
  const TemporaryFolder folder;
  const TemporaryFolder other;
  {
    CheckpointDirectory directory(folder.path());
    save_sample(directory, 1, 0);
    CheckpointDirectory newer(other.path());
    save_sample(newer, 1, 1);
  }
  const fs::path place = folder / "step-00000001";
  const fs::path replaced = folder / ".old-step-00000001";
  const auto reopened_variant = [&] {
    const CheckpointDirectory directory(folder.path());
    EXPECT_FALSE(fs::exists(replaced));
    const auto loaded = directory.load_newest({});
    if (!loaded) return -1;
    return holds(*loaded, SampleCheckpoint(1, 1)) ? 1 : 0;
  };
  fs::rename(place, replaced);
  EXPECT_EQ(reopened_variant(), 0) << "old aside, new not there: the old one comes back";
  fs::rename(place, replaced);
  fs::copy(other / "step-00000001", place);
  EXPECT_EQ(reopened_variant(), 1) << "new one there and valid: the old one goes";
  fs::copy(place, replaced);
  flip_byte(place / "model.safetensors", 100);
  EXPECT_EQ(reopened_variant(), 1) << "new one damaged: the old one comes back";
  fs::rename(place, replaced);
  flip_byte(replaced / "model.safetensors", 100);
  EXPECT_EQ(reopened_variant(), -1) << "the only copy, damaged";
  EXPECT_TRUE(fs::exists(place)) << "it is not deleted";
}

TEST(CheckpointDirectory, MarkingAMissingStepAsBestIsRefused) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  EXPECT_THAT([&] { directory.mark_best(4); },
              ThrowsMessage<IoError>(HasSubstr("step-00000004: wanted a checkpoint to mark as best, got none")));
}

TEST(CheckpointDirectory, RefusesNamesThatLeaveTheFolder) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  for (const char* name : {"../x", "a/b", "", ".hidden", "manifest.json"}) {
    EXPECT_THROW(directory.save({.run_id = "r", .step = 1, .hashes = {}}, {.arrays = {}, .files = {{name, "x"}}}), InternalError)
        << name;
  }
  EXPECT_THAT(names_in(folder.path()), IsEmpty());
}

/// Manifests with a right SHA-256 and wrong content: what an attacker, not a fault, would make.
TEST(CheckpointDirectory, HostileManifestsAreRefused) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "c");
  const auto error_with = [&](const std::string& body) {
    write_file_atomically(folder / "c/manifest.json", body + ",\n  \"sha256\": \"" + sha256_hex(body + "\n}\n") + "\"\n}\n");
    return error_of_loading(folder / "c");
  };
  const auto file = [](const std::string& name, const std::string& entry) {
    return R"({"format_version": 1, "run_id": "r", "step": 1, "hashes": {}, "files": {")" + name + "\": " + entry + "}";
  };
  const std::string ok = R"({"size": 0, "xxh3_64": "0123456789abcdef"})";
  const std::vector<std::pair<std::string, std::string>> table{
      {R"({"format_version": 2)", "wanted format version 1, got 2"},
      {R"({"run_id": "r")", "wanted \"format_version\", got none"},
      {R"({"format_version": 1, "run_id": 3)", "wanted \"run_id\" to be a string, got number"},
      {R"({"format_version": 1, "run_id": "r", "step": -1)", "wanted \"step\" to be a non-negative integer"},
      {R"({"format_version": 1, "run_id": "r", "step": 18446744073709551615)", "wanted a step below 2^63"},
      {R"({"format_version": 1, "run_id": "r", "step": 1.5)", "wanted \"step\" to be a non-negative integer"},
      {R"({"format_version": 1, "run_id": "r", "step": 1, "hashes": [])", "hashes: wanted an object, got array"},
      {R"({"format_version": 1, "run_id": "r", "step": 1, "hashes": {"a": 1})", "wanted \"a\" to be a string"},
      {R"({"format_version": 1, "run_id": "r", "step": 1, "hashes": {}, "files": 1)", "files: wanted an object"},
      {R"({"format_version": 1, "run_id": "r", "step": 1, "hashes": {}, "files": {}, "more": 1)", "wanted 5 members, got 6"},
      {R"({"format_version": 1, "format_version": 1)", "got \"format_version\" twice"},
      {file("../../etc/passwd", ok), "wanted the plain name of a file, got \"../../etc/passwd\""},
      {file("/etc/passwd", ok), "wanted the plain name of a file"},
      {file("manifest.json", ok), "wanted the plain name of a file"},
      {file("a", R"({"size": -1, "xxh3_64": "0123456789abcdef"})"), "wanted \"size\" to be a non-negative integer"},
      {file("a", R"({"size": 1, "xxh3_64": "0123"})"), "wanted \"xxh3_64\" of 16 hexadecimal digits, got \"0123\""},
      {file("a", R"({"size": 1, "xxh3_64": "0123456789abcdef", "tensors": {"t": "x"}})"),
       "tensor \"t\": wanted 16 hexadecimal digits"},
      {file("a", R"({"size": 1, "xxh3_64": "0123456789abcdef", "mode": 1})"), "wanted 2 members, got 3"},
      {"[1", "wanted JSON"},
  };
  for (const auto& [body, expected] : table) EXPECT_THAT(error_with(body), HasSubstr(expected)) << body;
}

TEST(CheckpointDirectory, AManifestAloneTellsOfMissingAndCutFilesButNotOfDamageInside) {
  const TemporaryFolder folder;
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 7);
  const auto path = directory.step_path(7);
  const auto summary = read_checkpoint_summary(path);
  EXPECT_EQ(summary.identity, SampleCheckpoint(7, 0).identity);
  EXPECT_EQ(summary.file_bytes.at("config.json"), 3U);
  EXPECT_EQ(summary.file_bytes.at("model.safetensors"), fs::file_size(path / "model.safetensors"));
  EXPECT_EQ(summary.file_bytes.size(), 4U);
  flip_byte(path / "model.safetensors", fs::file_size(path / "model.safetensors") - 1);
  EXPECT_EQ(read_checkpoint_summary(path).identity.step, 7);
  overwrite(path / "config.json", "{}");
  fs::remove(path / "optimizer.safetensors");
  EXPECT_THAT([&] { (void)read_checkpoint_summary(path); },
              ThrowsMessage<IoError>(::testing::AllOf(HasSubstr("\"optimizer.safetensors\" is missing"),
                                                      HasSubstr("\"config.json\" has 2 bytes instead of 3"))));
}

TEST(CheckpointDirectory, ListingChangesNothing) {
  const TemporaryFolder folder;
  EXPECT_THAT(list_checkpoints(folder / "none"), IsEmpty());
  CheckpointDirectory directory(folder.path());
  save_sample(directory, 100);
  save_sample(directory, 20);
  fs::create_directory(folder / ".tmp-step-00000030");
  const auto listed = list_checkpoints(folder.path());
  ASSERT_THAT(listed, ::testing::SizeIs(2));
  EXPECT_EQ(listed.begin()->first, 20);
  EXPECT_EQ(listed.at(100), folder / "step-00000100");
  EXPECT_THAT(names_in(folder.path()), ElementsAre(".tmp-step-00000030", "latest", "step-00000020", "step-00000100"));
}

}  // namespace
}  // namespace albert::io
