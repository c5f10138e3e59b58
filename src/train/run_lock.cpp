#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/train/run_lock.h>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace albert {
namespace {

std::string describe_this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return nlohmann::json({{"host", host.data()}, {"pid", ::getpid()}, {"started", fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", now)}})
             .dump() +
         "\n";
}

/// The winner may just be writing its description, or run another version; the message is then less precise.
std::string describe_holder(const std::filesystem::path& path) {
  try {
    const auto holder = nlohmann::json::parse(read_file(path, 4096));
    return fmt::format("process {} on host {}, started {}", holder.at("pid").get<int64_t>(), holder.at("host").get<std::string>(),
                       holder.at("started").get<std::string>());
  } catch (const std::exception&) {
    return "another process";
  }
}

/// The holder removes the file at its end; a lock on the removed file excludes nobody.
bool is_current(int descriptor, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/// Descriptor of the locked file, or -1 when it has to be tried again.
int try_lock(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    throw IoError(fmt::format("{}: the output folder must be writable, got: {}", path.string(), std::strerror(errno)));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    if (is_current(descriptor, path)) return descriptor;
    ::close(descriptor);
    return -1;
  }
  const int code = errno;
  ::close(descriptor);
  if (code != EWOULDBLOCK) throw IoError(fmt::format("{}: cannot lock: {}", path.string(), std::strerror(code)));
  throw IoError(fmt::format(
      "{}: wanted an output folder that no other run uses, got one in use by {}; wait for it, or give another --output",
      path.parent_path().string(), describe_holder(path)));
}

void probe(const std::filesystem::path& output) {
  const std::filesystem::path path = output / ".probe";
  write_file_atomically(path, "written to see whether the folder can be written\n");
  std::filesystem::remove(path);
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& output) : path_(output / ".lock") {
  make_directories(output);
  while (descriptor_ < 0) descriptor_ = try_lock(path_);
  try {
    probe(output);
    const std::string text = describe_this_process();
    if (::ftruncate(descriptor_, 0) != 0 ||
        ::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      throw IoError(fmt::format("{}: cannot write: {}", path_.string(), std::strerror(errno)));
    }
  } catch (...) {
    ::unlink(path_.c_str());
    ::close(descriptor_);
    throw;
  }
}

RunLock::~RunLock() {
  // Removed while still locked: whoever opened it meanwhile sees that it is gone (is_current) and tries again.
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace albert
