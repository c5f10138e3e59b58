#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/train/run_lock.h>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <nlohmann/json.hpp>
#include <signal.h>  // NOLINT: POSIX
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>
#include <vector>

namespace albert {
namespace {

/// Tells machines apart without their names: the file may outlive a killed run.
std::string machine_mark() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return sha256_hex(host.data()).substr(0, 16);
}

std::string describe_this_process() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return nlohmann::json({{"machine", machine_mark()}, {"pid", ::getpid()}, {"started", fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", now)}})
             .dump() +
         "\n";
}

/// The winner may just be writing its description, or run another version; the message is then less precise.
std::string describe_holder(const std::filesystem::path& path) {
  try {
    const auto holder = nlohmann::json::parse(read_file(path, 4096));
    const bool is_here = holder.at("machine").get<std::string>() == machine_mark();
    return fmt::format("process {} on {} machine, started {}", holder.at("pid").get<int64_t>(), is_here ? "this" : "another",
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

/// Number of the process in a name of ReplacingFile ("config.yaml.tmp-123"), 0 for other names.
pid_t temporary_of(const std::string& name) {
  constexpr std::string_view kMark = ".tmp-";
  const auto mark = name.rfind(kMark);
  pid_t process = 0;
  if (mark == std::string::npos) return 0;
  const char* begin = name.data() + mark + kMark.size();
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(begin, end, process);
  return parsed.ec == std::errc{} && parsed.ptr == end ? process : 0;
}

/// What a killed run was just writing. checkpoints/ is cleaned by its own code.
void remove_leftovers(const std::filesystem::path& output) {
  std::error_code error;
  std::vector<std::filesystem::path> leftovers;
  for (std::filesystem::recursive_directory_iterator entry(output, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == "checkpoints") entry.disable_recursion_pending();
    const pid_t process = temporary_of(entry->path().filename().string());
    // A tool without the lock (--evaluate) may be writing here.
    const bool is_alive = process > 0 && (::kill(process, 0) == 0 || errno == EPERM);
    if (process <= 0 || is_alive) continue;
    leftovers.push_back(entry->path());
    entry.disable_recursion_pending();
  }
  for (const auto& path : leftovers) std::filesystem::remove_all(path, error);
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
    remove_leftovers(output);
  } catch (...) {
    ::unlink(path_.c_str());
    ::close(descriptor_);
    throw;
  }
}

std::optional<bool> RunLock::is_held(const std::filesystem::path& output) {
  const int descriptor = ::open((output / ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return errno == ENOENT ? std::optional(false) : std::nullopt;
  const bool is_free = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  const int code = errno;
  ::close(descriptor);
  if (is_free) return false;
  return code == EWOULDBLOCK ? std::optional(true) : std::nullopt;
}

RunLock::~RunLock() {
  // Removed while still locked: whoever opened it meanwhile sees that it is gone (is_current) and tries again.
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace albert
