#include <albert/base/file.h>
#include <albert/train/event_file.h>
#include <albert/train/metrics_sink.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <temporary_folder.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace albert {
namespace {

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) output += buffer.data();
  if (pipe == nullptr || ::pclose(pipe) != 0) return "failed: " + output;
  return output;
}

TEST(EventFile, ComesAfterEveryFileThatIsThereEvenWhenTheClockWasSetBack) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "events.out.tfevents.9000000000.albert", "");
  const EventFile file(folder.path(), 1);
  EXPECT_EQ(file.path().filename(), "events.out.tfevents.9000000001.albert");
}

TEST(EventFile, StartsWithTheVersionInATfRecord) {
  const testing::TemporaryFolder folder;
  const EventFile file(folder.path(), 1);
  const std::string bytes = read_file(file.path());
  // Length: tag and 8 bytes of wall time, tag, length and 13 bytes of the version.
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x18\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(21, 15), std::string("\x1a\x0d", 2) + "brain.Event:2");
}

TEST(EventFile, IsReadByTensorBoardAndAResumedRunReplacesTheStepsAfterItsCheckpoint) {
  const char* python = std::getenv("ALBERT_TEST_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "ALBERT_TEST_PYTHON names no Python with TensorBoard";
  const testing::TemporaryFolder folder;
  const auto run = [&](int64_t bytes, int64_t first, int64_t last, double offset) {
    MetricsSink sink(folder.path(), TensorBoard::on);
    sink.begin(bytes, first - 1);
    for (int64_t step = first; step <= last; ++step) {
      sink.write({{"split", "train"}, {"step", step}, {"loss", static_cast<double>(step) + offset}, {"tokens", 300 * step}});
    }
    sink.write({{"split", "validation"}, {"step", last}, {"loss", 0.25}});
  };
  run(0, 1, 6, 0.0);  // the last checkpoint holds step 4
  run(0, 5, 8, 0.5);
  const std::string command = fmt::format("'{}' '{}/tests/train/read_events.py' '{}' train/loss 2>/dev/null", python,
                                          ALBERT_SOURCE_DIR, (folder / "tensorboard").string());
  const std::string output = output_of(command);
  ASSERT_FALSE(output.starts_with("failed")) << output;
  const auto found = nlohmann::json::parse(output);
  EXPECT_EQ(found.at("file_version"), 2.0);
  EXPECT_EQ(found.at("tags"), nlohmann::json({"train/loss", "train/tokens", "validation/loss"}));
  EXPECT_EQ(found.at("points"), nlohmann::json::parse("[[1,1.0],[2,2.0],[3,3.0],[4,4.0],[5,5.5],[6,6.5],[7,7.5],[8,8.5]]"));
}

}  // namespace
}  // namespace albert
