#include "system_call_tracer.h"

#include <fcntl.h>
#include <signal.h>  // NOLINT: kill is POSIX
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace albert::io {
namespace {

using SyscallInfo = struct __ptrace_syscall_info;

/// A string of the child, up to a page border or 4 KiB.
std::string string_at(pid_t child, uint64_t address) {
  std::string text;
  while (text.size() < 4096) {
    std::array<char, 64> block{};
    iovec local{block.data(), block.size()};
    iovec remote{reinterpret_cast<void*>(address + text.size()), block.size()};  // NOLINT: an address in another process
    ssize_t got = ::process_vm_readv(child, &local, 1, &remote, 1, 0);
    if (got <= 0) {
      local.iov_len = remote.iov_len = 1;  // the block crosses into a page that is not mapped
      got = ::process_vm_readv(child, &local, 1, &remote, 1, 0);
      if (got <= 0) break;
    }
    for (ssize_t i = 0; i < got; ++i) {
      if (block[static_cast<size_t>(i)] == '\0') return text;
      text += block[static_cast<size_t>(i)];
    }
  }
  return text;
}

std::string path_of_descriptor(pid_t child, uint64_t descriptor) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/" + std::to_string(child) + "/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<size_t>(size)) : std::string{};
}

/// The path of a call like unlinkat(folder, name): absolute, also where the folder is a descriptor.
std::string path_at(pid_t child, uint64_t folder, uint64_t name) {
  const std::string text = string_at(child, name);
  if (text.starts_with('/') || static_cast<int>(folder) == AT_FDCWD) return text;
  return path_of_descriptor(child, folder) + "/" + text;
}

/// Nothing for calls that do not change the disk (and for writes to pipes and terminals).
std::optional<DiskCall> disk_call(pid_t child, const SyscallInfo& info) {
  const auto& a = info.entry.args;
  switch (static_cast<long>(info.entry.nr)) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_fsync: {
      std::string path = path_of_descriptor(child, a[0]);
      if (!path.starts_with('/') || path.starts_with("/dev/")) return std::nullopt;
      return DiskCall{static_cast<long>(info.entry.nr) == SYS_fsync ? "fsync" : "write", std::move(path), {}};
    }
    case SYS_openat:
      if ((a[2] & static_cast<uint64_t>(O_CREAT)) == 0) return std::nullopt;
      return DiskCall{"open", path_at(child, a[0], a[1]), {}};
    case SYS_unlinkat:
      return DiskCall{(a[2] & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", path_at(child, a[0], a[1]), {}};
    case SYS_mkdirat:
      return DiskCall{"mkdir", path_at(child, a[0], a[1]), {}};
    case SYS_symlinkat:
      return DiskCall{"symlink", path_at(child, a[1], a[2]), string_at(child, a[0])};
    case SYS_renameat2:
      return DiskCall{"rename", path_at(child, a[0], a[1]), path_at(child, a[2], a[3])};
#ifdef SYS_rename  // architectures that still have the old calls
    case SYS_rename:
      return DiskCall{"rename", string_at(child, a[0]), string_at(child, a[1])};
    case SYS_unlink:
      return DiskCall{"unlink", string_at(child, a[0]), {}};
    case SYS_rmdir:
      return DiskCall{"rmdir", string_at(child, a[0]), {}};
    case SYS_mkdir:
      return DiskCall{"mkdir", string_at(child, a[0]), {}};
    case SYS_symlink:
      return DiskCall{"symlink", string_at(child, a[1]), string_at(child, a[0])};
#endif
#ifdef SYS_renameat
    case SYS_renameat:
      return DiskCall{"rename", path_at(child, a[0], a[1]), path_at(child, a[2], a[3])};
#endif
    default:
      return std::nullopt;
  }
}

bool next_stop(pid_t child, int& status) {
  if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return false;
  return ::waitpid(child, &status, 0) == child && WIFSTOPPED(status);
}

#ifdef __x86_64__
/// The call is skipped and returns -error_code.
void make_fail(pid_t child, int error_code) {
  user_regs_struct registers{};
  ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
  registers.orig_rax = ~0ULL;
  ::ptrace(PTRACE_SETREGS, child, nullptr, &registers);
  int status = 0;
  next_stop(child, status);
  ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
  registers.rax = static_cast<unsigned long long>(-static_cast<long long>(error_code));
  ::ptrace(PTRACE_SETREGS, child, nullptr, &registers);
}
#else
void make_fail(pid_t /*child*/, int /*error_code*/) {}
#endif

[[noreturn]] void run_child(const std::function<int()>& body) {
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::raise(SIGSTOP);
  ::_exit(body());
}

}  // namespace

bool failing_supported() {
#ifdef __x86_64__
  return tracing_supported();
#else
  return false;
#endif
}

bool tracing_supported() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TraceResult trace(const std::function<int()>& body, const TraceOptions& options) {
  TraceResult result;
  const pid_t child = ::fork();
  if (child == 0) run_child(body);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  while (next_stop(child, status)) {
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    SyscallInfo info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
    auto call = disk_call(child, info);
    if (!call) continue;
    const bool hit = options.fault != Fault::none && result.calls.size() == options.at;
    if (hit && options.fault == Fault::kill) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      result.killed = true;
      return result;
    }
    result.calls.push_back(*std::move(call));
    if (hit) make_fail(child, options.error_code);
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace albert::io
