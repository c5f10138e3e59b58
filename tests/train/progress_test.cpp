#include "train/captured_log.h"

#include <albert/train/progress.h>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ProgressReport kReport{
    .step = 1250, .total_steps = 10000, .loss = 7.65432, .tokens_per_second = 12345, .seconds_left = 3723};

TEST(Progress, FormatsDurationsAndCounts) {
  EXPECT_EQ(format_duration(-3), "0:00");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_duration(3 * 86400 + 7200), "3 days 2 h");
  EXPECT_EQ(format_count(845), "845");
  EXPECT_EQ(format_count(12345), "12.3k");
  EXPECT_EQ(format_count(1.5e6), "1.50M");
}

TEST(Progress, BarFitsEveryWidth) {
  for (int width = 1; width <= 200; ++width) EXPECT_LE(format_bar(kReport, width).size(), static_cast<size_t>(width)) << width;
}

TEST(Progress, BarDropsTheLeastImportantFirst) {
  EXPECT_EQ(format_bar(kReport, 120),
            " 12 % [=====>                                  ]  step 1250/10000  loss 7.6543  1:02:03 left  12.3k tokens/s");
  EXPECT_EQ(format_bar(kReport, 80), " 12 % [=>          ]  step 1250/10000  loss 7.6543  1:02:03 left  12.3k tokens/s");
  EXPECT_EQ(format_bar(kReport, 50), " 12 %  step 1250/10000  loss 7.6543  1:02:03 left");
  EXPECT_EQ(format_bar(kReport, 30), " 12 %  step 1250/10000");
}

TEST(Progress, PlainLineNamesStepLossTimeAndRate) {
  EXPECT_EQ(format_plain(kReport), "step 1250/10000, loss 7.6543, 1:02:03 left, 12.3k tokens/s");
  EXPECT_EQ(format_plain({.step = 1, .total_steps = 2, .loss = {}, .tokens_per_second = {}, .seconds_left = {}}), "step 1/2");
}

TEST(TimeLeft, CountsStepsEvaluationsAndSaves) {
  TimeLeft time;
  EXPECT_FALSE(time.seconds({.steps = 10}).has_value());
  time.add_step(9.0);  // warm-up
  time.add_step(2.0);
  time.add_step(2.0);
  time.add_evaluation(30.0);
  time.add_save(5.0);
  EXPECT_DOUBLE_EQ(*time.seconds({.steps = 10, .evaluations = 2, .saves = 3}), 20.0 + 60.0 + 15.0);
}

TEST(Progress, WritesNoEscapeCodesToAFile) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  const testing::CapturedLog log;
  {
    Progress progress(Progress::Style::automatic, ends[1]);
    EXPECT_EQ(progress.style(), Progress::Style::plain);
    progress.show(kReport);
    progress.show_logged(kReport);
    progress.show_logged(kReport);  // within the same second
    progress.show_logged({.step = 10000, .total_steps = 10000, .loss = 1.0, .tokens_per_second = {}, .seconds_left = {}});
    progress.make_room();
  }
  std::array<char, 16> buffer{};
  EXPECT_EQ(::read(ends[0], buffer.data(), buffer.size()), -1);
  EXPECT_EQ(log.text(), "info: " + format_plain(kReport) + "\ninfo: step 10000/10000, loss 1.0000\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Progress, FitsTheBarToTheTerminalAtEachDrawing) {
  ::setenv("TERM", "xterm", 1);
  int master = -1;
  int terminal = -1;
  winsize size{.ws_row = 24, .ws_col = 121, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, &size), 0);
  const auto read_master = [&] {
    std::array<char, 1024> buffer{};
    const ssize_t got = ::read(master, buffer.data(), buffer.size());
    return std::string(buffer.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  };
  {
    Progress progress(Progress::Style::automatic, terminal);
    EXPECT_EQ(progress.style(), Progress::Style::bar);
    progress.show(kReport);
    EXPECT_EQ(read_master(), "\r" + format_bar(kReport, 120) + "\x1b[K\r");
    progress.make_room();
    EXPECT_EQ(read_master(), "\r\x1b[K");
    size.ws_col = 51;
    ::ioctl(terminal, TIOCSWINSZ, &size);
    progress.show(kReport);
    EXPECT_EQ(read_master(), "\r" + format_bar(kReport, 50) + "\x1b[K\r");
  }
  EXPECT_EQ(read_master(), "\r\n");  // the terminal turns the line feed into both
  ::close(master);
  ::close(terminal);
}

}  // namespace
}  // namespace albert
