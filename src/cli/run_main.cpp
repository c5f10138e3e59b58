#include <albert/cli/run_main.h>

#include <spdlog/spdlog.h>

#include <signal.h>  // NOLINT: SIGXFSZ is POSIX

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <string_view>

namespace albert::cli {
namespace {

constexpr std::string_view kMemoryCure = "; use a smaller training.micro_batch or data.max_length, or end other programs";

/// c10::Error::what() goes on with a backtrace of 20 lines; the header of LibTorch is not included here, so it is known by its
/// words.
std::string_view without_backtrace(std::string_view message) {
  constexpr std::array<std::string_view, 3> kBacktraceStarts{"\nException raised from ",
                                                             "\nC++ CapturedTraceback:", "\nframe #0:"};
  for (const auto start : kBacktraceStarts) message = message.substr(0, message.find(start));
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
  return message;
}

std::string one_line(std::string_view message) {
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// The words of LibTorch's allocators.
bool tells_of_memory(std::string_view message) {
  constexpr std::array<std::string_view, 4> kWords{"DefaultCPUAllocator: can't allocate memory",
                                                   "DefaultCPUAllocator: not enough memory", "CUDA out of memory",
                                                   "CUDA error: out of memory"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return message.find(words) != std::string_view::npos; });
}

Failure describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return {known.exit_code(), known.what()};
  } catch (const std::bad_alloc&) {
    return {ExitCode::out_of_memory, fmt::format("out of memory{}", kMemoryCure)};
  } catch (const std::filesystem::filesystem_error& failure) {
    if (failure.path1().empty()) return {ExitCode::checkpoint, one_line(failure.what())};
    return {ExitCode::checkpoint, fmt::format("{}: cannot access: {}", failure.path1().string(), failure.code().message())};
  } catch (const std::exception& other) {
    const auto message = one_line(without_backtrace(other.what()));
    if (tells_of_memory(message)) return {ExitCode::out_of_memory, message + std::string(kMemoryCure)};
    return {ExitCode::failed, message.empty() ? "an exception without a message" : message};
  } catch (...) {
    return {ExitCode::failed, "an exception of an unknown type"};
  }
}

void print(const Failure& failure) {
  std::string lines;
  for (std::string_view rest = failure.text; !rest.empty();) {
    const auto end = rest.find('\n');
    lines += fmt::format("error: {}\n", rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  std::fwrite(lines.data(), 1, lines.size(), stderr);
  std::fflush(stderr);
}

void flush_logs() {
  if (auto* logger = spdlog::default_logger_raw(); logger != nullptr) logger->flush();
}

/// An exception left a thread, or a destructor threw: report it as run_main would, then end at once.
[[noreturn]] void report_and_exit() {
  auto failure = Failure{ExitCode::failed, "the program ended unexpectedly"};
  if (const auto error = std::current_exception()) failure = describe_failure(error);
  try {
    flush_logs();
    print(failure);
  } catch (...) {  // NOLINT(bugprone-empty-catch): nothing is left that could report it
  }
  std::_Exit(static_cast<int>(failure.code));
}

class TerminateHandler {
 public:
  TerminateHandler() : previous_(std::set_terminate(report_and_exit)) {}
  TerminateHandler(const TerminateHandler&) = delete;
  TerminateHandler& operator=(const TerminateHandler&) = delete;
  ~TerminateHandler() { std::set_terminate(previous_); }

 private:
  std::terminate_handler previous_;
};

void flush_output() {
  errno = 0;
  std::cout.flush();
  const bool failed = !std::cout || std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (failed)
    throw IoError(
        fmt::format("standard output: cannot write: {}", errno == 0 ? "an earlier write failed" : std::strerror(errno)));
}

}  // namespace

Failure describe_failure(const std::exception_ptr& error) noexcept {
  try {
    return describe(error);
  } catch (...) {
    return {ExitCode::out_of_memory, {}};
  }
}

int run_main(const std::function<ExitCode()>& body) noexcept {
  const TerminateHandler handler;
  // A file-size limit is an error of write(), also while that error itself is written to a log of the same file system.
  ::signal(SIGXFSZ, SIG_IGN);
  auto code = ExitCode::done;
  try {
    try {
      code = body();
      flush_output();
    } catch (...) {
      const auto failure = describe_failure(std::current_exception());
      code = failure.code;
      flush_logs();
      print(failure);
    }
    flush_logs();
  } catch (...) {  // printing itself failed: the code is all that can be told
    if (code == ExitCode::done) code = ExitCode::failed;
  }
  return static_cast<int>(code);
}

}  // namespace albert::cli
