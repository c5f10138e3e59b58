// The one global of this project: spdlog's default logger. It writes to standard error; results go to standard output.
//
// Below `train` nothing logs: it returns or throws.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace albert {

/// Made first in main, destroyed last: sets the level and the pattern, and flushes at the end.
class LogSession {
 public:
  /// `level`: trace, debug, info, warning, error, off. Throws ConfigError for another.
  explicit LogSession(const std::string& level);
  LogSession(const LogSession&) = delete;
  LogSession& operator=(const LogSession&) = delete;
  ~LogSession();
};

}  // namespace albert
