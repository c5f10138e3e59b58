#include <albert/base/error.h>
#include <albert/model/device.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace albert {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  try {
    resolve_device(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

bool has_cuda() { return resolve_device("auto").is_cuda(); }

TEST(ResolveDevice, KnowsTheCpu) { EXPECT_TRUE(resolve_device("cpu").is_cpu()); }

TEST(ResolveDevice, RefusesAnotherText) {
  for (const char* text : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:999", "", "CPU"}) {
    EXPECT_EQ(error_of(text), std::string("training.device: must be auto, cpu, cuda or cuda:N, got ") + text);
  }
}

TEST(ResolveDevice, SaysWhyCudaIsNotThere) {
  if (has_cuda()) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_THAT(error_of("cuda"), HasSubstr("training.device: must name a device that works, got cuda ("));
  EXPECT_THAT(error_of("cuda:1"), HasSubstr("; use cpu or auto"));
}

TEST(ResolvePrecision, ObeysAnExplicitChoice) {
  const at::Device cpu(at::kCPU);
  EXPECT_EQ(resolve_precision(Precision::fp32, cpu), Precision::fp32);
  EXPECT_EQ(resolve_precision(Precision::bf16, cpu), Precision::bf16);
}

TEST(ResolvePrecision, ChoosesBf16WhereTheProcessorMultipliesItFast) {
  std::ifstream file("/proc/cpuinfo");
  std::string flags;
  bool is_amd = false;
  for (std::string line; std::getline(file, line);) {
    if (line.find("AuthenticAMD") != std::string::npos) is_amd = true;
    if (line.starts_with("flags") || line.starts_with("Features")) flags = line + " ";
  }
  if (flags.empty()) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  const bool listed = (is_amd && flags.find(" avx512_bf16 ") != std::string::npos) ||
                      flags.find(" amx_bf16 ") != std::string::npos || flags.find(" bf16 ") != std::string::npos;
  EXPECT_EQ(resolve_precision(std::nullopt, at::Device(at::kCPU)), listed ? Precision::bf16 : Precision::fp32);
}

}  // namespace
}  // namespace albert
