// From a run to a checkpoint folder and back: weights, optimizer, TrainingState.
#pragma once

#include <albert/dist/world.h>
#include <albert/io/checkpoint_directory.h>
#include <albert/optim/optimizer.h>
#include <albert/optim/weight_average.h>
#include <albert/train/training_config.h>
#include <albert/train/training_state.h>

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace albert {

/// The model's part of a checkpoint, supplied by recipes: the trainer knows neither its names nor its configuration.
class ModelFiles {
 public:
  virtual ~ModelFiles() = default;
  /// Content of model.safetensors: every tensor once, on any device.
  [[nodiscard]] virtual std::vector<std::pair<std::string, at::Tensor>> tensors() const = 0;
  /// Further files by name: config.json, spiece.model, tokenizer_config.json.
  [[nodiscard]] virtual std::map<std::string, std::string> files() const = 0;
  /// Copies model.safetensors into the parameters. Throws IoError listing missing, unexpected and misshapen names.
  virtual void load(const io::NamedArrays& arrays) = 0;
};

/// The average that a checkpoint holds. Throws IoError where it has none, or one of another model.
void load_average(const io::LoadedCheckpoint& checkpoint, WeightAverage& average);

/// --resume: the newest good checkpoint if there is one, a new run only, or one checkpoint.
struct ResumeRequest {
  enum class Mode { automatic, never, path };
  Mode mode = Mode::automatic;
  std::filesystem::path path;
};
/// "auto", "never", or the path of a checkpoint folder.
ResumeRequest parse_resume(const std::string& text);

/// Saves and restores OUTPUT/checkpoints. Rank 0 writes; all ranks restore the same step.
class Checkpointer {
 public:
  /// Saves that may fail in a row (a full disk, for example) before the run ends.
  static constexpr int64_t kMaxFailures = 3;

  /// `hashes` bind a checkpoint to "config", "data", "tokenizer" and what else the run has; an empty one is not compared, and taken over
  /// from the checkpoint that is restored. References must outlive this object.
  struct Parts {
    ModelFiles& model;
    Optimizer& optimizer;
    World& world;
    WeightAverage* average = nullptr;  ///< saved and restored too where it is given
  };
  Checkpointer(std::filesystem::path folder, Parts parts, std::map<std::string, std::string> hashes,
               const CheckpointConfig& config);

  /// Loads into model and optimizer; nothing for a new run. Damaged checkpoints are skipped with a warning that says why. Throws
  /// ConfigError when the checkpoint belongs to another configuration, data or tokenizer; IoError when checkpoints are there and
  /// none is good, or for `never` when there are any, or for a path into another folder when this one has its own.
  std::optional<TrainingState> restore(const ResumeRequest& request);
  /// Before the first step after `step`: later checkpoints lie on a branch that the run leaves. They are set aside, with a line in the
  /// log (CheckpointDirectory::leave_after), so that an automatic resume goes on with this branch.
  void leave_later_steps(int64_t step);
  /// Whether the folder has a checkpoint of the step; not verified. The same on all ranks.
  [[nodiscard]] bool has(int64_t step) const;
  /// Whether the step's is the last checkpoint of the folder; not verified. The same on all ranks.
  [[nodiscard]] bool is_newest(int64_t step) const;
  /// Loads the checkpoint that this object restored or saved last. Throws IoError where there is none, or it is damaged.
  TrainingState restore_last();

  enum class Importance { regular, final };
  /// True when it was saved. A regular save that fails only warns, kMaxFailures in a row and a final one throw IoError, on all
  /// ranks.
  ///
  /// With `checkpoint.asynchronous` a regular save copies everything (memory for one copy), goes on writing on a thread and counts as
  /// saved; whether it was, is known at the next save or wait(), which deals with a failure as above. The next save waits for it.
  ///
  /// Where a checkpoint that is among the best (TrainingState::best) cannot be saved, a copy stays in memory, and the next save makes up
  /// for it.
  bool save(const TrainingState& state, Importance importance);
  /// Tries again to save the checkpoint that could not be saved, if there is one and it still is among the best.
  void make_up(const TrainingState& state);
  /// Until the checkpoint that is being written, if any, is there; false where that failed. Throws IoError as save() does.
  bool wait();
  [[nodiscard]] bool is_writing() const { return pending_.has_value(); }

  [[nodiscard]] int64_t keep_best() const { return config_.keep_best; }

 private:
  [[nodiscard]] std::optional<io::LoadedCheckpoint> find(const ResumeRequest& request) const;
  [[nodiscard]] std::optional<io::LoadedCheckpoint> find_newest() const;
  [[nodiscard]] io::LoadedCheckpoint find_given(const std::filesystem::path& path) const;
  TrainingState apply(const io::LoadedCheckpoint& checkpoint);
  /// What a checkpoint holds, on the host: views of the live tensors, or copies.
  struct Snapshot;
  enum class Ownership { views, copies };
  [[nodiscard]] Snapshot take(const TrainingState& state, Ownership ownership) const;
  std::string try_write(const Snapshot& snapshot, const TrainingState& now);
  void write(const Snapshot& snapshot);
  void tidy(const TrainingState& state);
  bool settle(int64_t step, const std::string& failure, Importance importance);
  [[nodiscard]] bool is_among_best(int64_t step, const TrainingState& state) const;
  void keep_for_later(std::shared_ptr<const Snapshot> snapshot);

  std::filesystem::path folder_;
  Parts parts_;
  std::map<std::string, std::string> hashes_;
  CheckpointConfig config_;
  std::unique_ptr<io::CheckpointDirectory> directory_;  ///< rank 0 only
  std::filesystem::path last_;                          ///< restored or saved last
  int64_t failures_ = 0;
  /// The save that is under way: on rank 0 a thread, on the others only its step.
  struct Pending {
    int64_t step = 0;
    std::future<std::string> failure;  ///< empty text: saved
    std::shared_ptr<const Snapshot> snapshot;
  };
  std::optional<Pending> pending_;
  std::shared_ptr<const Snapshot> unsaved_;  ///< rank 0: copies of what is among the best and could not be saved
};

}  // namespace albert
