#include <albert/io/checkpoint_directory.h>

#include "io/checkpoint_branch.h"
#include "io/checkpoint_disk.h"
#include "io/checkpoint_files.h"

#include <albert/base/error.h>

#include <algorithm>
#include <set>

namespace albert::io {
namespace {

namespace fs = std::filesystem;

bool verifies(const fs::path& path) {
  try {
    verify_checkpoint(path);
    return true;
  } catch (const IoError&) {
    return false;
  }
}

/// Deletes a folder in a way that never shows half of it under its own name.
void delete_step(const fs::path& folder, const std::string& name) {
  const fs::path doomed = folder / fmt::format("{}delete-{}", kTemporary, name);
  remove_tree(doomed);
  rename_to(folder / name, doomed);
  remove_tree(doomed);
}

/// A save that was replacing `name` was interrupted: keeps the new one where it verifies, else brings the old one back. The only
/// copy is never deleted, even if it seems damaged: the reason may be a passing one.
void settle_replacement(const fs::path& folder, const std::string& name) {
  const fs::path replaced = folder / (std::string(kReplaced) + name);
  const bool has_new = is_there(folder / name);
  if (has_new && (verifies(folder / name) || !verifies(replaced))) {
    remove_tree(replaced);
    return;
  }
  if (has_new) delete_step(folder, name);
  rename_to(replaced, folder / name);
  sync_directory(folder);
}

void remove_left_overs(const fs::path& folder) {
  for (const std::string& name : names_in(folder)) {
    if (name.starts_with(kTemporary)) remove_tree(folder / name);
    if (name.starts_with(kReplaced)) settle_replacement(folder, name.substr(kReplaced.size()));
  }
}

/// Puts `fresh` in the place of `name`, verifies it there, and undoes everything where that fails.
void swap_in(const fs::path& folder, const fs::path& fresh, const std::string& name) {
  const fs::path place = folder / name;
  const fs::path replaced = folder / (std::string(kReplaced) + name);
  const bool replaces = is_there(place);
  if (replaces) rename_to(place, replaced);
  const auto undo = [&] {
    if (is_there(place)) rename_to(place, fresh);
    if (replaces) rename_to(replaced, place);
    sync_directory(folder);
  };
  try {
    rename_to(fresh, place);
    sync_directory(folder);
    fetch_anew(place);
    verify_checkpoint(place);
  } catch (const IoError& error) {
    undo();
    throw IoError(fmt::format("{}; the checkpoint was taken back", error.what()));
  }
}

std::string with_space(const fs::path& folder, const CheckpointContent& content, const std::string& text) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return text;
  return fmt::format("{}; the checkpoint needs about {} bytes, {} are free there", text, content_bytes(content), space.available);
}

}  // namespace

CheckpointDirectory::CheckpointDirectory(fs::path folder) : folder_(std::move(folder)) {
  make_directories(folder_);
  remove_left_overs(folder_);
  finish_leaving(folder_);
  repair_latest();
}

void CheckpointDirectory::repair_latest() {
  const std::optional<int64_t> target = link_target(folder_ / kLatest);
  if (target && is_there(step_path(*target))) return;
  if (const auto valid = newest_valid(steps())) point_link(folder_, kLatest, step_name(*valid));
}

fs::path checkpoint_path(const fs::path& folder, int64_t step) { return folder / step_name(step); }

fs::path CheckpointDirectory::step_path(int64_t step) const { return checkpoint_path(folder_, step); }

void CheckpointDirectory::save(const CheckpointIdentity& identity, const CheckpointContent& content) {
  ALBERT_CHECK(identity.step >= 0, "checkpoint: step {}", identity.step);
  remove_left_overs(folder_);
  const std::string name = step_name(identity.step);
  const fs::path fresh = folder_ / (std::string(kTemporary) + name);
  try {
    write_checkpoint_files(fresh, identity, content);
    swap_in(folder_, fresh, name);
    verified_step_ = identity.step;
    // An older one is saved late where it is among the best and could not be saved in time.
    if (steps().back() == identity.step) point_link(folder_, kLatest, name);
    remove_tree(folder_ / (std::string(kReplaced) + name));
  } catch (const Error& error) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    if (error.exit_code() != ExitCode::checkpoint) throw;
    throw IoError(with_space(folder_, content, error.what()));
  }
}

std::optional<LoadedCheckpoint> CheckpointDirectory::load_newest(
    const std::function<void(const fs::path&, const std::string&)>& on_bad) const {
  std::vector<int64_t> newest_first = steps();
  std::ranges::reverse(newest_first);
  for (const int64_t step : newest_first) {
    try {
      return load_checkpoint(step_path(step));
    } catch (const IoError& error) {
      if (on_bad) on_bad(step_path(step), error.what());
    }
  }
  return std::nullopt;
}

std::map<int64_t, fs::path> list_checkpoints(const fs::path& folder) {
  std::map<int64_t, fs::path> found;
  if (!is_there(folder)) return found;
  for (const std::string& name : names_in(folder)) {
    std::error_code error;
    const std::optional<int64_t> step = step_of_name(name);
    if (step && fs::is_directory(folder / name, error)) found.emplace(*step, folder / name);
  }
  return found;
}

std::vector<int64_t> CheckpointDirectory::steps() const {
  std::vector<int64_t> steps;
  for (const auto& [step, path] : list_checkpoints(folder_)) steps.push_back(step);
  return steps;
}

LeftBranch CheckpointDirectory::leave_after(int64_t step) { return leave_branch(folder_, step); }

void CheckpointDirectory::mark_best(int64_t step) {
  if (!is_there(step_path(step)))
    throw IoError(fmt::format("{}: wanted a checkpoint to mark as best, got none", step_path(step).string()));
  point_link(folder_, kBest, step_name(step));
}

void CheckpointDirectory::rotate(int64_t keep_last, const std::vector<int64_t>& keep) {
  const std::vector<int64_t> present = steps();
  std::set<int64_t> kept(keep.begin(), keep.end());
  const size_t last = std::min(static_cast<size_t>(std::max<int64_t>(keep_last, 0)), present.size());
  kept.insert(present.end() - static_cast<std::ptrdiff_t>(last), present.end());
  for (const std::string_view link : {kLatest, kBest}) {
    if (const auto target = link_target(folder_ / link)) kept.insert(*target);
  }
  std::vector<int64_t> doomed;
  std::ranges::copy_if(present, std::back_inserter(doomed), [&kept](int64_t step) { return !kept.contains(step); });
  if (doomed.empty()) return;
  if (const auto valid = newest_valid(present)) std::erase(doomed, *valid);
  for (const int64_t step : doomed) delete_step(folder_, step_name(step));
  sync_directory(folder_);
}

std::optional<int64_t> CheckpointDirectory::newest_valid(const std::vector<int64_t>& present) const {
  for (size_t i = present.size(); i > 0; --i) {
    const int64_t step = present[i - 1];
    // The step that this object wrote was verified then; reading all of it again at each rotation would double the cost of a
    // save.
    if (step == verified_step_ || verifies(step_path(step))) return step;
  }
  return std::nullopt;
}

}  // namespace albert::io
