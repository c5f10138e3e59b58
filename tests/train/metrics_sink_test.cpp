#include "train/append_file.h"
#include "train/captured_log.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/train/metrics_sink.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>  // NOLINT: POSIX
#include <sys/resource.h>
#include <temporary_folder.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MetricsRecord line(int64_t step, double loss) { return {{"split", "train"}, {"step", step}, {"loss", loss}}; }

/// Writes fail with EFBIG beyond this size, as they do with ENOSPC on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : previous_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    ::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit previous_{};
  sighandler_t previous_handler_;
};

TEST(MetricsRecord, PrintsKeysInOrderAndTheShortestNumbersThatReadBack) {
  const std::string text = to_json_line(
      {{"split", "train"}, {"step", int64_t{20}}, {"loss", 0.1}, {"epoch", 2.0}, {"rate", 1.76e-3}, {"tiny", 1e-300}});
  EXPECT_EQ(text, "{\"split\": \"train\", \"step\": 20, \"loss\": 0.1, \"epoch\": 2.0, \"rate\": 0.00176, \"tiny\": 1e-300}\n");
}

TEST(MetricsRecord, ReadsBackToTheSameBits) {
  for (const double value : {0.1 + 0.2, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789012345680.0}) {
    const double again = nlohmann::json::parse(to_json_line({{"x", value}})).at("x").get<double>();
    EXPECT_EQ(std::memcmp(&again, &value, sizeof value), 0) << value;
  }
}

TEST(MetricsRecord, ListsNumbersThatAreNotFinite) {
  const std::string text =
      to_json_line({{"loss", std::nan("")}, {"norm", std::numeric_limits<double>::infinity()}, {"learning_rate", 0.5}});
  EXPECT_EQ(text, "{\"loss\": null, \"norm\": null, \"learning_rate\": 0.5, \"non_finite\": [\"loss\",\"norm\"]}\n");
}

TEST(MetricsRecord, EscapesText) { EXPECT_EQ(to_json_line({{"a\"b", "line\nfeed"}}), "{\"a\\\"b\": \"line\\nfeed\"}\n"); }

TEST(MetricsSink, CutsTheFileToThePositionOfTheCheckpoint) {
  const testing::TemporaryFolder folder;
  int64_t saved = 0;
  {
    MetricsSink sink(folder.path(), TensorBoard::off);
    sink.begin(0, 0);
    sink.write(line(1, 3.5));
    sink.sync();
    saved = sink.size_bytes();
    sink.write(line(2, 2.5));
  }
  MetricsSink sink(folder.path(), TensorBoard::off);
  sink.begin(saved, 1);
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), to_json_line(line(1, 3.5)));
  sink.write(line(2, 2.25));
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), to_json_line(line(1, 3.5)) + to_json_line(line(2, 2.25)));
}

TEST(MetricsSink, StartsEmptyWithoutACheckpoint) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "metrics.jsonl", to_json_line(line(1, 3.5)));
  MetricsSink sink(folder.path(), TensorBoard::off);
  sink.begin(0, 0);
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), "");
}

TEST(MetricsSink, KeepsTheWholeLinesOfAFileThatIsTooShort) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "metrics.jsonl", to_json_line(line(1, 3.5)) + "{\"split\": \"tr");
  const testing::CapturedLog log;
  MetricsSink sink(folder.path(), TensorBoard::off);
  sink.begin(5000, 1);
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), to_json_line(line(1, 3.5)));
  EXPECT_THAT(log.text(), HasSubstr("warning: metrics.jsonl: the checkpoint expects 5000 bytes of whole lines, found 56"));
}

TEST(MetricsSink, OutlivesAFullDiskAndWritesTheWaitingLinesLater) {
  const testing::TemporaryFolder folder;
  const testing::CapturedLog log;
  MetricsSink sink(folder.path(), TensorBoard::off);
  sink.begin(0, 0);
  sink.write(line(1, 3.5));
  {
    const FileSizeLimit full(static_cast<rlim_t>(sink.size_bytes() + 10));
    sink.write(line(2, 2.5));
    sink.write(line(3, 1.5));
    EXPECT_EQ(read_file(folder / "metrics.jsonl"), to_json_line(line(1, 3.5)));
  }
  sink.write(line(4, 0.5));
  EXPECT_EQ(read_file(folder / "metrics.jsonl"),
            to_json_line(line(1, 3.5)) + to_json_line(line(2, 2.5)) + to_json_line(line(3, 1.5)) + to_json_line(line(4, 0.5)));
  const std::string text = log.text();
  EXPECT_EQ(text.find("cannot write the metrics: File too large"), text.rfind("cannot write the metrics"));
  EXPECT_THAT(text, HasSubstr("the metrics are written again, 0 lines were lost"));
}

TEST(MetricsSink, OfOtherRanksWritesNothing) {
  MetricsSink sink;
  sink.begin(0, 0);
  sink.write(line(1, 3.5));
  sink.sync();
  EXPECT_EQ(sink.size_bytes(), 0);
}

TEST(MetricsSink, MakesEventFilesWithoutAHostName) {
  const testing::TemporaryFolder folder;
  for (int64_t session = 0; session < 3; ++session) {
    MetricsSink sink(folder.path(), TensorBoard::on);
    sink.begin(0, session);
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "tensorboard"))
    names.push_back(entry.path().filename().string());
  EXPECT_EQ(names.size(), 3U);
  EXPECT_THAT(names, ::testing::Each(::testing::MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\.albert")));
}

TEST(AppendFile, DropsTheNewestRecordsWhenTooManyWait) {
  const testing::TemporaryFolder folder;
  AppendFile file(folder / "log");
  const std::string record(size_t{3} << 20U, 'x');
  {
    const FileSizeLimit full(0);
    EXPECT_FALSE(file.append(record));
    EXPECT_FALSE(file.append(record));
  }
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(file.dropped_records(), 1);
  EXPECT_EQ(std::filesystem::file_size(folder / "log"), record.size());
}

TEST(AppendFile, RefusesAnExistingFileWhenAsked) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / "log", "x");
  EXPECT_THROW(AppendFile(folder / "log", AppendFile::Existing::refuse), IoError);
  const AppendFile append(folder / "log");
  EXPECT_EQ(append.size_bytes(), 1U);
}

}  // namespace
}  // namespace albert
