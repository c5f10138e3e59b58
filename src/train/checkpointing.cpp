#include "train/tensor_arrays.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/train/checkpointing.h>

#include <ATen/ATen.h>

#include <exception>
#include <span>

namespace albert {
namespace {

constexpr const char* kAverageFile = "ema.safetensors";
constexpr int64_t kNoCheckpoint = -1;
constexpr int64_t kFailed = -2;

void require_same_hashes(const std::map<std::string, std::string>& wanted, const io::CheckpointIdentity& found,
                         const std::string& where) {
  std::string changed;
  for (const auto& [name, hash] : wanted) {
    const auto it = found.hashes.find(name);
    if (it != found.hashes.end() && it->second == hash) continue;
    if (!changed.empty()) changed += ", ";
    changed += name;
  }
  if (changed.empty()) return;
  throw ConfigError(
      fmt::format("{}: wanted a checkpoint of this configuration, got one with another {}; restore the old settings, or give "
                  "another --output",
                  where, changed));
}

/// An error text for the log, which holds no path from outside the run.
std::string without_folder(std::string text, const std::filesystem::path& folder) {
  const std::string prefix = folder.string() + "/";
  for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
  return text;
}

uint64_t content_bytes(const io::CheckpointContent& content) {
  uint64_t total = 0;
  for (const auto& [file, arrays] : content.arrays) {
    for (const auto& [name, view] : arrays) total += view.bytes.size();
  }
  for (const auto& [file, text] : content.files) total += text.size();
  return total;
}

std::string describe_space(const std::filesystem::path& folder, uint64_t needed) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return fmt::format("{} bytes needed", needed);
  return fmt::format("{} bytes needed, {} free", needed, space.available);
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

Checkpointer::Checkpointer(std::filesystem::path folder, Parts parts, std::map<std::string, std::string> hashes,
                           const CheckpointConfig& config)
    : folder_(std::move(folder)), parts_(parts), hashes_(std::move(hashes)), config_(config) {
  if (parts_.world.is_first()) directory_ = std::make_unique<io::CheckpointDirectory>(folder_);
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
    found = io::load_checkpoint(by_path ? request.path : folder_ / fmt::format("step-{:08}", step));
  }
  last_ = found->path();
  return apply(*found);
}

TrainingState Checkpointer::restore_last() {
  wait();
  if (last_.empty()) throw IoError(fmt::format("{}: wanted a checkpoint to go back to, got none that was saved", folder_.string()));
  return *restore({.mode = ResumeRequest::Mode::path, .path = last_});
}

std::optional<io::LoadedCheckpoint> Checkpointer::find(const ResumeRequest& request) const {
  switch (request.mode) {
    case ResumeRequest::Mode::path: return io::load_checkpoint(request.path);
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
  return state;
}

struct Checkpointer::Snapshot {
  TrainingState state;
  NamedTensorList model;
  NamedTensorList optimizer;
  std::optional<NamedTensorList> average;
  std::map<std::string, std::string> files;
};

Checkpointer::Snapshot Checkpointer::take(const TrainingState& state, Ownership ownership) const {
  const auto kept = [&](NamedTensorList tensors) {
    if (ownership == Ownership::views) return tensors;
    for (auto& [name, tensor] : tensors) tensor = tensor.detach().to(at::kCPU, tensor.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
    return tensors;
  };
  Snapshot snapshot{.state = state, .model = kept(parts_.model.tensors()), .optimizer = kept(parts_.optimizer.state()), .average = {},
                    .files = parts_.model.files()};
  if (parts_.average != nullptr) snapshot.average = kept(parts_.average->state());
  snapshot.files["training_state.json"] = to_json(state);
  return snapshot;
}

bool Checkpointer::save(const TrainingState& state, Importance importance) {
  (void)wait();
  const bool in_background = config_.asynchronous && importance == Importance::regular;
  std::string failure;
  std::future<std::string> writing;
  if (parts_.world.is_first()) {
    try {
      auto snapshot = take(state, in_background ? Ownership::copies : Ownership::views);
      if (in_background) {
        writing = std::async(std::launch::async, [this, snapshot = std::move(snapshot)] { return try_write(snapshot); });
      } else {
        failure = try_write(snapshot);
      }
    } catch (const IoError& error) {
      failure = error.what();
    }
  }
  if (!in_background || parts_.world.any(!failure.empty())) return settle(state.step, failure, importance);
  pending_ = Pending{.step = state.step, .failure = std::move(writing)};
  return true;
}

bool Checkpointer::wait() {
  if (!pending_) return true;
  auto pending = std::move(*pending_);
  pending_.reset();
  const bool saved = settle(pending.step, pending.failure.valid() ? pending.failure.get() : std::string{}, Importance::regular);
  if (saved && parts_.world.is_first()) spdlog::info("the checkpoint of step {} is written", pending.step);
  return saved;
}

/// What follows from a save, on all ranks alike.
bool Checkpointer::settle(int64_t step, const std::string& failure, Importance importance) {
  const bool failed = parts_.world.any(!failure.empty());
  failures_ = failed ? failures_ + 1 : 0;
  if (!failed) {
    last_ = folder_ / fmt::format("step-{:08}", step);
    return true;
  }
  const std::string reason = failure.empty() ? "rank 0 failed" : without_folder(failure, folder_);
  const std::string text = fmt::format("checkpoint of step {} was not saved: {}", step, reason);
  if (importance == Importance::final || failures_ >= kMaxFailures) throw IoError(text);
  if (!failure.empty()) {
    spdlog::warn("{}; training goes on with the checkpoints before it, failure {} of at most {}", text, failures_,
                 kMaxFailures - 1);
  }
  return false;
}

/// Empty when it succeeded, else the reason.
std::string Checkpointer::try_write(const Snapshot& snapshot) {
  try {
    write(snapshot);
  } catch (const IoError& error) {
    return error.what();
  }
  try {
    tidy(snapshot.state);
  } catch (const IoError& error) {
    spdlog::warn("old checkpoints were not tidied up: {}", without_folder(error.what(), folder_));
  }
  return {};
}

void Checkpointer::write(const Snapshot& snapshot) {
  const HostArrays model(snapshot.model);
  const HostArrays optimizer(snapshot.optimizer);
  const HostArrays average(snapshot.average.value_or(NamedTensorList{}));
  io::CheckpointContent content{.arrays = {{"model.safetensors", model.arrays()}, {"optimizer.safetensors", optimizer.arrays()}},
                                .files = snapshot.files};
  if (snapshot.average) content.arrays[kAverageFile] = average.arrays();
  const auto& state = snapshot.state;
  try {
    directory_->save({.run_id = state.run_id, .step = state.step, .hashes = hashes_}, content);
  } catch (const IoError& error) {
    throw IoError(fmt::format("{} ({})", error.what(), describe_space(folder_, content_bytes(content))));
  }
}

void Checkpointer::tidy(const TrainingState& state) {
  std::vector<int64_t> keep;
  for (const auto& result : state.best) {
    if (static_cast<int64_t>(keep.size()) < config_.keep_best && std::filesystem::exists(directory_->step_path(result.step))) {
      keep.push_back(result.step);
    }
  }
  if (!keep.empty() && keep.front() == state.best.front().step) directory_->mark_best(keep.front());
  directory_->rotate(config_.keep_last, keep);
}

}  // namespace albert
