#include <albert/base/error.h>
#include <albert/base/replacing_file.h>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace albert {
namespace {

/// A name beside `path` for what is to replace it; a device or pipe keeps its own.
std::filesystem::path temporary_for(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) && !std::filesystem::is_directory(status)) return path;
  auto temporary = path;
  temporary += fmt::format(".tmp-{}", ::getpid());
  return temporary;
}

}  // namespace

ReplacingFile::ReplacingFile(std::filesystem::path path) : path_(std::move(path)), written_(temporary_for(path_)), writer_(written_) {}

void ReplacingFile::commit() {
  writer_.commit();
  if (written_ == path_) return;
  if (::rename(written_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    ::unlink(written_.c_str());
    throw IoError(fmt::format("{}: cannot rename into place: {}", path_.string(), std::strerror(code)));
  }
  sync_directory(path_.has_parent_path() ? path_.parent_path() : std::filesystem::path("."));
}

}  // namespace albert
