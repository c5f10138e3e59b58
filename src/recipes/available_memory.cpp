#include "recipes/trial.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace albert {
namespace {

namespace fs = std::filesystem;

/// The number in a file that holds nothing else; none for "max" and for no file.
std::optional<uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  uint64_t value = 0;
  if (file >> value) return value;
  return {};
}

std::optional<uint64_t> smaller(std::optional<uint64_t> a, std::optional<uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

/// Pages of files that the kernel drops when memory is wanted, though they count as used: a store that was just written, for example.
uint64_t droppable_bytes(const fs::path& statistics) {
  std::ifstream file(statistics);
  std::string key;
  uint64_t value = 0;
  uint64_t bytes = 0;
  while (file >> key >> value) {
    if (key == "inactive_file" || key == "active_file") bytes += value;
  }
  return bytes;
}

std::optional<uint64_t> left_in_group(const fs::path& folder, const char* limit_name, const char* usage_name) {
  const auto limit = number_in(folder / limit_name);
  const auto usage = number_in(folder / usage_name);
  if (!limit || !usage) return {};
  const uint64_t fixed = *usage - std::min(*usage, droppable_bytes(folder / "memory.stat"));
  return *limit > fixed ? *limit - fixed : 0;
}

/// Limits of parents bind, too. Above this a limit of version 1 means that there is none.
std::optional<uint64_t> left_in_groups(const fs::path& mount, const std::string& group, const char* limit_name, const char* usage_name) {
  std::optional<uint64_t> left;
  fs::path relative = fs::path(group).relative_path();
  while (true) {
    left = smaller(left, left_in_group(mount / relative, limit_name, usage_name));
    if (relative.empty()) return left;
    relative = relative.parent_path();
  }
}

}  // namespace

std::optional<uint64_t> available_memory_bytes() {
  std::optional<uint64_t> left;
  std::ifstream machine("/proc/meminfo");
  for (std::string line; std::getline(machine, line);) {
    constexpr uint64_t kUnit = 1024;
    constexpr std::string_view kKey = "MemAvailable:";
    if (line.starts_with(kKey)) left = std::stoull(line.substr(kKey.size())) * kUnit;
  }
  std::ifstream groups("/proc/self/cgroup");  // "0::/path" of version 2, "5:memory:/path" of version 1
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    if (controllers.empty()) left = smaller(left, left_in_groups("/sys/fs/cgroup", group, "memory.max", "memory.current"));
    if (controllers == "memory") {
      left = smaller(left, left_in_groups("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", "memory.usage_in_bytes"));
    }
  }
  return left;
}

}  // namespace albert
