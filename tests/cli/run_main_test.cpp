#include <albert/cli/run_main.h>

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>
#include <thread>

namespace albert::cli {
namespace {

template <typename Exception>
Failure describe(const Exception& exception) {
  return describe_failure(std::make_exception_ptr(exception));
}

TEST(RunMain, ReturnsWhatTheBodyReturns) {
  EXPECT_EQ(run_main([] { return ExitCode::done; }), 0);
  EXPECT_EQ(run_main([] { return ExitCode::stopped; }), 75);
}

TEST(RunMain, PrintsOneLinePerProblemAndReturnsTheCodeOfTheError) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_main([]() -> ExitCode { throw ConfigError("a.yaml:1:1: one\na.yaml:2:1: two"); }), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "error: a.yaml:1:1: one\nerror: a.yaml:2:1: two\n");
}

TEST(RunMain, MapsEveryKindOfErrorToItsCode) {
  EXPECT_EQ(describe(ConfigError("x")).code, ExitCode::usage);
  EXPECT_EQ(describe(DataError("x")).code, ExitCode::data);
  EXPECT_EQ(describe(IoError("x")).code, ExitCode::checkpoint);
  EXPECT_EQ(describe(NumericError("x")).code, ExitCode::diverged);
  EXPECT_EQ(describe(InternalError("x")).code, ExitCode::failed);
  EXPECT_EQ(describe(std::runtime_error("x")).code, ExitCode::failed);
  EXPECT_EQ(
      describe(std::filesystem::filesystem_error("cannot rename", "a", std::make_error_code(std::errc::no_space_on_device))).code,
      ExitCode::checkpoint);
  EXPECT_EQ(describe(3).text, "an exception of an unknown type");
}

TEST(RunMain, ReportsMemoryThatRanOut) {
  EXPECT_EQ(describe(std::bad_alloc()).code, ExitCode::out_of_memory);
  EXPECT_EQ(describe(std::bad_alloc()).text,
            "out of memory; use a smaller training.micro_batch or data.max_length, or end other programs");
  // The words of LibTorch 2.15.
  EXPECT_EQ(describe(std::runtime_error(
                         "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
                         "allocate 140737488355328 bytes. Error code 12 (Cannot allocate memory)"))
                .code,
            ExitCode::out_of_memory);
  EXPECT_EQ(
      describe(std::runtime_error("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 15.00 GiB"))
          .code,
      ExitCode::out_of_memory);
}

TEST(RunMain, CutsTheBacktraceOfLibTorch) {
  const auto failure =
      describe(std::runtime_error("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)\nException raised from meta at "
                                  "../aten/src/ATen/native/LinearAlgebra.cpp:203 (most "
                                  "recent call first):\nframe #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x80 "
                                  "(0x7f in libc10.so)\nframe #1: more\n"));
  EXPECT_EQ(failure.text, "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)");
  EXPECT_EQ(describe(std::runtime_error("two\nlines\n")).text, "two lines");
}

TEST(RunMainDeathTest, ReportsAnExceptionThatLeavesAThread) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto program = [] {
    return run_main([] {
      std::thread([] { throw DataError("text.txt:3: must be UTF-8, got the byte 0xFF"); }).join();
      return ExitCode::done;
    });
  };
  EXPECT_EXIT(program(), ::testing::ExitedWithCode(3), "error: text.txt:3: must be UTF-8, got the byte 0xFF");
}

TEST(RunMainDeathTest, FailsWhenStandardOutputCannotBeWritten) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto program = [] {
    if (std::freopen("/dev/null", "r", stdout) == nullptr) std::_Exit(99);  // every write fails
    std::_Exit(run_main([] {
      std::cout << "ids\n";
      return ExitCode::done;
    }));
  };
  EXPECT_EXIT(program(), ::testing::ExitedWithCode(4), "error: standard output: cannot write: ");
}

}  // namespace
}  // namespace albert::cli
