#include "io/checkpoint_branch.h"

#include "io/checkpoint_disk.h"
#include "io/checkpoint_files.h"

#include <albert/base/error.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace albert::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLeft = "abandoned-";
constexpr std::string_view kIntent = ".abandon-";

/// N of "<prefix>N".
std::optional<int64_t> number_after(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() && number > 0 ? std::optional(number) : std::nullopt;
}

int64_t next_number(const fs::path& folder) {
  int64_t largest = 0;
  for (const std::string& name : names_in(folder)) largest = std::max(largest, number_after(kLeft, name).value_or(0));
  return largest + 1;
}

std::string numbered(std::string_view prefix, int64_t number) { return fmt::format("{}{}", prefix, number); }

/// May be begun again wherever it was interrupted.
void carry_out(const fs::path& folder, int64_t number, int64_t step) {
  const fs::path left = folder / numbered(kLeft, number);
  make_directories(left);
  for (const auto& [later, path] : list_checkpoints(folder)) {
    if (later > step) rename_to(path, left / step_name(later));
  }
  sync_directory(left);
  point_link(folder, kLatest, step_name(step));
  const auto best = link_target(folder / kBest);
  if (best && !is_there(folder / step_name(*best))) remove_tree(folder / kBest);
  remove_tree(folder / numbered(kIntent, number));
  sync_directory(folder);
}

}  // namespace

LeftBranch leave_branch(const fs::path& folder, int64_t step) {
  LeftBranch branch;
  for (const auto& [later, path] : list_checkpoints(folder)) {
    if (later > step) branch.steps.push_back(later);
  }
  if (branch.steps.empty()) return branch;
  const int64_t number = next_number(folder);
  branch.folder = numbered(kLeft, number);
  point_link(folder, numbered(kIntent, number), step_name(step));
  carry_out(folder, number, step);
  return branch;
}

void finish_leaving(const fs::path& folder) {
  for (const std::string& name : names_in(folder)) {
    const auto number = number_after(kIntent, name);
    if (!number) continue;
    const auto step = link_target(folder / name);
    // Without the checkpoint to go on from, the later ones are all there is.
    if (step && is_there(folder / step_name(*step))) carry_out(folder, *number, *step);
    else remove_tree(folder / name);
  }
}

}  // namespace albert::io
