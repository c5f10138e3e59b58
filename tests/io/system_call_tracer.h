// Runs a function in a child process and stops it before each system call that changes the disk, so that a test can kill it
// there, make the call fail, or write down the order of calls. Linux only; `supported()` tells where ptrace is not allowed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace albert::io {

/// One call that changes the disk. Paths are those the child gave, or that its descriptor stands for.
struct DiskCall {
  std::string name;  ///< "open" (creating), "write", "fsync", "rename", "unlink", "rmdir", "mkdir", "symlink"
  std::string path;
  std::string target;  ///< of a rename or a symbolic link
};

enum class Fault { none, kill, fail };

struct TraceOptions {
  Fault fault = Fault::none;
  size_t at = 0;       ///< index of the call that the fault hits
  int error_code = 0;  ///< errno of a failing call
};

struct TraceResult {
  std::vector<DiskCall> calls;  ///< up to the fault; for `fail` all of them
  bool killed = false;          ///< by us
  int exit_code = -1;           ///< of a child that ended by itself; -1 for a signal
};

/// True where a child can be traced here.
bool tracing_supported();
/// True where a call can be made to fail (needs the registers' layout).
bool failing_supported();

/// `body` runs in a fork of this process and its result is the exit code; it must not use threads.
TraceResult trace(const std::function<int()>& body, const TraceOptions& options);

}  // namespace albert::io
