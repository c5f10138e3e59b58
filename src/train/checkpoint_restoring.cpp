// The way back: which checkpoint a run goes on from, and what becomes of the others.
#include "train/checkpoint_names.h"
#include "train/tensor_arrays.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/train/checkpointing.h>

#include <exception>
#include <span>

namespace albert {
namespace {

constexpr int64_t kNoCheckpoint = -1;
constexpr int64_t kFailed = -2;

void require_same_hashes(const std::map<std::string, std::string>& wanted, const io::CheckpointIdentity& found,
                         const std::string& where) {
  std::string changed;
  for (const auto& [name, hash] : wanted) {
    const auto it = found.hashes.find(name);
    if (hash.empty() || (it != found.hashes.end() && it->second == hash)) continue;
    if (!changed.empty()) changed += ", ";
    changed += name;
  }
  if (changed.empty()) return;
  throw ConfigError(
      fmt::format("{}: wanted a checkpoint of this configuration, got one with another {}; restore the old settings, or give "
                  "another --output",
                  where, changed));
}

}  // namespace

void load_average(const io::LoadedCheckpoint& checkpoint, WeightAverage& average) {
  average.load_state(tensors_over(checkpoint.arrays(kAverageFile)));
}

ResumeRequest parse_resume(const std::string& text) {
  if (text == "auto") return {};
  if (text == "never") return {.mode = ResumeRequest::Mode::never, .path = {}};
  if (text.empty()) throw ConfigError("--resume: must be auto, never or the path of a checkpoint, got nothing");
  return {.mode = ResumeRequest::Mode::path, .path = text};
}

std::optional<TrainingState> Checkpointer::restore(const ResumeRequest& request) {
  std::optional<io::LoadedCheckpoint> found;
  std::exception_ptr error;
  int64_t step = 0;
  if (parts_.world.is_first()) {
    try {
      found = find(request);
      step = found.has_value() ? found->identity().step : kNoCheckpoint;
    } catch (...) {
      // Thrown again below: the other ranks wait for the answer.
      error = std::current_exception();
      step = kFailed;
    }
  }
  parts_.world.sum(std::span(&step, 1));
  if (error) std::rethrow_exception(error);
  if (step == kFailed) throw IoError(fmt::format("{}: rank 0 could not restore a checkpoint", folder_.string()));
  if (step == kNoCheckpoint) return std::nullopt;
  if (!found.has_value()) {
    const bool by_path = request.mode == ResumeRequest::Mode::path;
    found = io::load_checkpoint(by_path ? request.path : io::checkpoint_path(folder_, step));
  }
  last_ = found->path();
  return apply(*found);
}

void Checkpointer::leave_later_steps(int64_t step) {
  std::exception_ptr error;
  if (parts_.world.is_first()) {
    try {
      const auto left = directory_->leave_after(step);
      if (!left.steps.empty()) {
        spdlog::info("the run goes on from step {}: the checkpoints of later steps ({}) are now in {}/{}", step, fmt::join(left.steps, ", "),
                     folder_.filename().string(), left.folder);
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (!parts_.world.any(error != nullptr)) return;
  if (error) std::rethrow_exception(error);
  throw IoError(fmt::format("{}: rank 0 could not set the later checkpoints aside", folder_.string()));
}

bool Checkpointer::has(int64_t step) const {
  return parts_.world.any(parts_.world.is_first() && std::filesystem::exists(directory_->step_path(step)));
}

bool Checkpointer::is_newest(int64_t step) const {
  const auto steps = directory_ == nullptr ? std::vector<int64_t>{} : directory_->steps();
  return parts_.world.any(!steps.empty() && steps.back() == step);
}

TrainingState Checkpointer::restore_last() {
  wait();
  unsaved_.reset();  // of what is undone now
  if (last_.empty()) throw IoError(fmt::format("{}: wanted a checkpoint to go back to, got none that was saved", folder_.string()));
  return *restore({.mode = ResumeRequest::Mode::path, .path = last_});
}

std::optional<io::LoadedCheckpoint> Checkpointer::find(const ResumeRequest& request) const {
  switch (request.mode) {
    case ResumeRequest::Mode::path: return find_given(request.path);
    case ResumeRequest::Mode::never:
      if (const auto steps = directory_->steps(); !steps.empty()) {
        throw IoError(
            fmt::format("{}: wanted no earlier run, as --resume is never, got a checkpoint of step {}; delete the folder, or "
                        "give another --output",
                        folder_.string(), steps.back()));
      }
      return std::nullopt;
    case ResumeRequest::Mode::automatic: return find_newest();
  }
  return std::nullopt;
}

/// Checkpoints of two runs in one folder would be taken for one run at the next resume.
io::LoadedCheckpoint Checkpointer::find_given(const std::filesystem::path& path) const {
  auto found = io::load_checkpoint(path);
  const auto steps = directory_->steps();
  std::error_code error;
  if (steps.empty() || std::filesystem::equivalent(path, directory_->step_path(found.identity().step), error)) return found;
  throw IoError(fmt::format("{}: wanted no checkpoints of its own, as --resume names one of another folder, got one of step {}; leave "
                            "--resume out to go on from it, or give another --output",
                            folder_.string(), steps.back()));
}

std::optional<io::LoadedCheckpoint> Checkpointer::find_newest() const {
  auto found = directory_->load_newest([](const std::filesystem::path& path, const std::string& reason) {
    spdlog::warn("checkpoint {} is damaged and skipped: {}", path.filename().string(), without_folder(reason, path.parent_path()));
  });
  if (const auto steps = directory_->steps(); !found.has_value() && !steps.empty()) {
    throw IoError(fmt::format("{}: wanted a checkpoint that is not damaged, got {} that are; delete the folder to start again",
                              folder_.string(), steps.size()));
  }
  return found;
}

TrainingState Checkpointer::apply(const io::LoadedCheckpoint& checkpoint) {
  const std::string where = checkpoint.path().string();
  require_same_hashes(hashes_, checkpoint.identity(), where);
  TrainingState state = training_state_from_json(checkpoint.file("training_state.json"), where + "/training_state.json");
  if (state.step != checkpoint.identity().step || state.run_id != checkpoint.identity().run_id) {
    throw IoError(fmt::format("{}: wanted the state of run {} at step {}, got run {} at step {}", where,
                              checkpoint.identity().run_id, checkpoint.identity().step, state.run_id, state.step));
  }
  parts_.model.load(checkpoint.arrays("model.safetensors"));
  parts_.optimizer.load_state(tensors_over(checkpoint.arrays("optimizer.safetensors")));
  if (parts_.average != nullptr) load_average(checkpoint, *parts_.average);
  for (auto& [name, hash] : hashes_) {
    const auto known = checkpoint.identity().hashes.find(name);
    if (hash.empty() && known != checkpoint.identity().hashes.end()) hash = known->second;
  }
  return state;
}

}  // namespace albert
