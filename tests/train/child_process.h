// A piece of a test that runs in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace albert::testing {

/// Runs `body` in a forked child, which ends with the returned code and no destructor of the parent's objects.
inline pid_t start_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 125;
    try {
      code = body();
    } catch (...) {
      code = 126;
    }
    ::_exit(code);
  }
  return child;
}

/// Exit code, or minus the signal that ended it.
inline int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace albert::testing
