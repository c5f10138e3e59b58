// The only place that catches: from exceptions to a line on standard error and an exit code.
//
//   int main(int argc, char** argv) {
//     return albert::cli::run_main([&] { return the_program(argc, argv); });
//   }
#pragma once

#include <albert/base/error.h>

#include <exception>
#include <functional>
#include <string>

namespace albert::cli {

/// What is told about an exception. `text` may have several lines, one per problem, without "error: ".
struct Failure {
  ExitCode code = ExitCode::failed;
  std::string text;
};

/// albert::Error: its own code and text. Memory that ran out, also LibTorch's: out_of_memory. std::filesystem: checkpoint.
/// Everything else, LibTorch's c10::Error included: failed, with the message up to its backtrace. Never throws.
Failure describe_failure(const std::exception_ptr& error) noexcept;

/// Runs a program and returns its exit code. Prints each problem as "error: ..." to standard error. Output that could not be
/// written (a full disk behind standard output) is a failure, too. An exception that ends a thread is reported in the same way
/// and ends the process with its exit code, without a core dump. Logs are flushed in every case.
int run_main(const std::function<ExitCode()>& body) noexcept;

}  // namespace albert::cli
