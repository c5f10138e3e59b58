#include "train/checkpoint_names.h"
#include "train/tensor_arrays.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/train/checkpointing.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

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

Checkpointer::Checkpointer(std::filesystem::path folder, Parts parts, std::map<std::string, std::string> hashes,
                           const CheckpointConfig& config)
    : folder_(std::move(folder)), parts_(parts), hashes_(std::move(hashes)), config_(config) {
  if (parts_.world.is_first()) directory_ = std::make_unique<io::CheckpointDirectory>(folder_);
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
  make_up(state);
  const bool in_background = config_.asynchronous && importance == Importance::regular;
  std::string failure;
  Pending pending{.step = state.step, .failure = {}, .snapshot = nullptr};
  if (parts_.world.is_first()) {
    try {
      const auto snapshot = std::make_shared<const Snapshot>(take(state, in_background ? Ownership::copies : Ownership::views));
      if (in_background) {
        pending.snapshot = snapshot;
        pending.failure = std::async(std::launch::async, [this, snapshot] { return try_write(*snapshot, snapshot->state); });
      } else {
        failure = try_write(*snapshot, state);
        if (!failure.empty() && is_among_best(state.step, state)) keep_for_later(std::make_shared<const Snapshot>(take(state, Ownership::copies)));
      }
    } catch (const IoError& error) {
      failure = error.what();
    }
  }
  if (!in_background || parts_.world.any(!failure.empty())) return settle(state.step, failure, importance);
  pending_ = std::move(pending);
  return true;
}

bool Checkpointer::wait() {
  if (!pending_) return true;
  auto pending = std::move(*pending_);
  pending_.reset();
  const std::string failure = pending.failure.valid() ? pending.failure.get() : std::string{};
  if (!failure.empty() && is_among_best(pending.step, pending.snapshot->state)) keep_for_later(std::move(pending.snapshot));
  const bool saved = settle(pending.step, failure, Importance::regular);
  if (saved && parts_.world.is_first()) spdlog::info("the checkpoint of step {} is written", pending.step);
  return saved;
}

bool Checkpointer::is_among_best(int64_t step, const TrainingState& state) const {
  return config_.keep_best > 0 && std::ranges::any_of(state.best, [step](const RankedResult& result) { return result.step == step; });
}

/// One at most: of two, the one with the better result.
void Checkpointer::keep_for_later(std::shared_ptr<const Snapshot> snapshot) {
  const auto& best = snapshot->state.best;
  const auto place = [&best](int64_t step) { return std::ranges::find(best, step, &RankedResult::step); };
  if (unsaved_ && place(unsaved_->state.step) < place(snapshot->state.step)) return;
  unsaved_ = std::move(snapshot);
}

void Checkpointer::make_up(const TrainingState& state) {
  if (!unsaved_) return;
  const auto snapshot = std::exchange(unsaved_, nullptr);
  if (!is_among_best(snapshot->state.step, state)) return;
  if (try_write(*snapshot, state).empty()) spdlog::info("the checkpoint of step {}, which is among the best, is saved now", snapshot->state.step);
  else unsaved_ = snapshot;
}

/// What follows from a save, on all ranks alike.
bool Checkpointer::settle(int64_t step, const std::string& failure, Importance importance) {
  const bool failed = parts_.world.any(!failure.empty());
  failures_ = failed ? failures_ + 1 : 0;
  if (!failed) {
    last_ = io::checkpoint_path(folder_, step);
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

/// Empty when it succeeded, else the reason. `now` says which checkpoints stay.
std::string Checkpointer::try_write(const Snapshot& snapshot, const TrainingState& now) {
  try {
    write(snapshot);
  } catch (const IoError& error) {
    return error.what();
  }
  try {
    tidy(now);
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
