// A folder of checkpoints that survives kills, full disks and flipped bits.
//
//   OUTPUT/checkpoints/step-00000100/{model.safetensors, ..., manifest.json}     latest, best: relative links
//
// Protocol of a save (docs/formats-checkpoint.md): files into a temporary folder, fsync each, manifest last, fsync the folder,
// rename, fsync the parent, read back and verify; only then may the oldest be deleted. Loading verifies every byte against the
// manifest.
#pragma once

#include <albert/base/file.h>
#include <albert/io/named_tensors.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

/// What binds a checkpoint to its run; all of it stands in manifest.json.
struct CheckpointIdentity {
  std::string run_id;  ///< random, made once per run
  int64_t step = 0;
  std::map<std::string, std::string> hashes;  ///< "config", "data", "tokenizer": hexadecimal
  bool operator==(const CheckpointIdentity&) const = default;
};

/// Content of one checkpoint before it is written. Arrays must stay alive until the save returns.
struct CheckpointContent {
  std::map<std::string, NamedArrays> arrays;  ///< file name ("model.safetensors") to its arrays
  std::map<std::string, std::string> files;   ///< file name ("config.json") to its bytes
};

/// A verified checkpoint, memory-mapped.
class LoadedCheckpoint {
 public:
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const CheckpointIdentity& identity() const { return identity_; }
  /// Views into the mapped file. Throws IoError when the file is not part of the checkpoint.
  [[nodiscard]] const NamedArrays& arrays(const std::string& file) const;
  [[nodiscard]] std::string_view file(const std::string& name) const;

 private:
  friend LoadedCheckpoint load_checkpoint(const std::filesystem::path& path);
  std::filesystem::path path_;
  CheckpointIdentity identity_;
  std::map<std::string, MappedFile> mapped_;
  std::map<std::string, NamedArrays> arrays_;
};

/// Verifies manifest, sizes and checksums, then maps. Throws IoError that names the file, and the tensor where one is damaged.
LoadedCheckpoint load_checkpoint(const std::filesystem::path& path);

/// What a manifest says of its checkpoint.
struct CheckpointSummary {
  CheckpointIdentity identity;
  std::map<std::string, uint64_t> file_bytes;  ///< by name, the manifest not counted
};

/// Reads the manifest alone: its SHA-256, the name of the folder, and that its files are there with their sizes; damage inside of
/// them is not seen. Throws IoError as load_checkpoint does.
CheckpointSummary read_checkpoint_summary(const std::filesystem::path& path);

/// Where the checkpoint of a step is in a `checkpoints` folder.
std::filesystem::path checkpoint_path(const std::filesystem::path& folder, int64_t step);

/// The complete checkpoints (by name, not verified) in a `checkpoints` folder, by step. Changes nothing; empty where the folder is
/// not there.
std::map<int64_t, std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);

/// Checkpoints that lie on a branch which a run has left.
struct LeftBranch {
  std::string folder;          ///< where they are, inside of `checkpoints`: "abandoned-1"; empty for none
  std::vector<int64_t> steps;  ///< ascending
};

/// The `checkpoints` folder of a run.
class CheckpointDirectory {
 public:
  /// Creates the folder when it is missing. Removes left-overs of interrupted saves (".tmp-*"); where one was replacing a step
  /// (".old-*"), keeps the new one if it verifies, else brings the old one back. Finishes a leave_after() that was interrupted.
  /// Where `latest` is missing or dangles, points it at the newest one that verifies.
  explicit CheckpointDirectory(std::filesystem::path folder);

  /// Saves by the protocol and points `latest` at it, unless a later step is there; a step that is there already is replaced by
  /// the same protocol. Throws IoError; then the earlier checkpoints are untouched.
  void save(const CheckpointIdentity& identity, const CheckpointContent& content);
  /// The newest checkpoint that verifies. Damaged ones are skipped and reported to `on_bad(path, reason)`; nothing if none is
  /// good.
  [[nodiscard]] std::optional<LoadedCheckpoint> load_newest(
      const std::function<void(const std::filesystem::path&, const std::string&)>& on_bad) const;
  /// Steps present (complete folders by name, not verified), ascending.
  [[nodiscard]] std::vector<int64_t> steps() const;
  [[nodiscard]] std::filesystem::path step_path(int64_t step) const;
  /// For a run that goes on from `step`: moves the checkpoints of later steps, damaged ones too, into a folder of their own beside
  /// it, deletes none, and points `latest` at the step; `best` goes where it pointed at one of them. All or nothing: after a kill
  /// the next object of this folder finishes it. Throws IoError.
  LeftBranch leave_after(int64_t step);
  /// Points `best` at the step.
  void mark_best(int64_t step);
  /// Deletes all but the `keep_last` newest, those in `keep`, and what `latest` and `best` point at. The newest valid one is
  /// never touched, however many damaged ones are newer.
  void rotate(int64_t keep_last, const std::vector<int64_t>& keep);

 private:
  void repair_latest();
  [[nodiscard]] std::optional<int64_t> newest_valid(const std::vector<int64_t>& present) const;

  std::filesystem::path folder_;
  std::optional<int64_t> verified_step_;  ///< the last one that save() wrote and read back
};

}  // namespace albert::io
