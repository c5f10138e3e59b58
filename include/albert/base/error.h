// The exceptions of this project, and the checks that throw them.
//
// Text of an error: "<where>: <what was wanted>, got <value>; <what to do>", lower case, no full stop. `where` names a file, a
// line or a configuration key. They are caught in one place only, cli/run_main.h, which maps them to the exit codes below.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace albert {

/// Exit codes of all programs (docs/architecture.md).
enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,
  data = 3,
  checkpoint = 4,
  diverged = 5,
  out_of_memory = 6,
  peer_lost = 7,
  stopped = 75,
};

/// Base of every error that a user can cause or meet. `exit_code()` is what the program returns for it.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] ExitCode exit_code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Usage or configuration (exit 2).
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& text) : Error(ExitCode::usage, text) {}
};

/// Input text, vocabulary or token store (exit 3).
class DataError : public Error {
 public:
  explicit DataError(const std::string& text) : Error(ExitCode::data, text) {}
};

/// Checkpoint, disk, lock or output folder (exit 4).
class IoError : public Error {
 public:
  explicit IoError(const std::string& text) : Error(ExitCode::checkpoint, text) {}
};

/// Training diverged: a loss or gradient is not finite (exit 5).
class NumericError : public Error {
 public:
  explicit NumericError(const std::string& text) : Error(ExitCode::diverged, text) {}
};

/// A defect of this program, never of its input (exit 1).
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& text) : Error(ExitCode::failed, text) {}
};

}  // namespace albert

/// Throws InternalError with the place and a formatted text unless `condition` holds.
#define ALBERT_CHECK(condition, ...)                                                                              \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      throw ::albert::InternalError(                                                                              \
          ::fmt::format("{}:{}: internal error: {} ({})", __FILE__, __LINE__, ::fmt::format(__VA_ARGS__), #condition)); \
    }                                                                                                             \
  } while (false)
