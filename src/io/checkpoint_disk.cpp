#include "io/checkpoint_disk.h"

#include "io/checkpoint_files.h"

#include <albert/base/error.h>
#include <albert/base/file.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace albert::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view action, int code) {
  throw IoError(fmt::format("{}: cannot {}: {}", path.string(), action, std::strerror(code)));
}

}  // namespace

void rename_to(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail(from, fmt::format("rename to {}", to.filename().string()), errno);
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail(path, "remove", error.value());
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entries(folder, error);
  if (error) fail(folder, "list", error.value());
  for (const auto& entry : entries) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

void point_link(const fs::path& folder, std::string_view link, const std::string& target) {
  const fs::path temporary = folder / fmt::format("{}{}", kTemporary, link);
  remove_tree(temporary);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) fail(temporary, "make a symbolic link", errno);
  rename_to(temporary, folder / link);
  sync_directory(folder);
}

std::optional<int64_t> link_target(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::nullopt : step_of_name(target.string());
}

}  // namespace albert::io
