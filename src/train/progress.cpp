#include <albert/base/log.h>
#include <albert/train/progress.h>

#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace albert {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kBarInterval{100};
constexpr milliseconds kLineInterval{1000};
constexpr int kDefaultWidth = 80;
constexpr int kLongestBar = 40;
constexpr int kShortestBar = 8;

bool draws_bars(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

// Asked at each drawing, so a resized window needs no signal handler.
int terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultWidth;
  return size.ws_col - 1;  // a full last column makes some terminals wrap
}

std::string draw_bar(double share, int length) {
  const int filled = static_cast<int>(std::floor(std::clamp(share, 0.0, 1.0) * length));
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < length) bar += '>';
  bar.resize(static_cast<size_t>(length), ' ');
  return "[" + bar + "]";
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

/// Most important first.
std::vector<std::string> describe(const ProgressReport& report) {
  std::vector<std::string> parts{fmt::format("step {}/{}", report.step, report.total_steps)};
  if (report.loss) parts.push_back(fmt::format("loss {:.4f}", *report.loss));
  if (report.seconds_left) parts.push_back(format_duration(*report.seconds_left) + " left");
  if (report.tokens_per_second) parts.push_back(format_count(*report.tokens_per_second) + " tokens/s");
  return parts;
}

}  // namespace

int64_t events_left(int64_t step, int64_t total, int64_t every) {
  if (every <= 0 || step >= total) return 0;
  return total / every - step / every + (total % every != 0 ? 1 : 0);
}

void TimeLeft::Mean::add(double seconds, int64_t memory) {
  count = std::min(count + 1, memory);
  value += (seconds - value) / static_cast<double>(count);
}

void TimeLeft::add_step(double seconds) {
  // The first step warms caches and thread pools up; it stands for itself only until a second one is known.
  if (++steps_seen_ == 2) steps_ = Mean{};
  steps_.add(seconds);
}

std::optional<double> TimeLeft::seconds(const WorkLeft& left) const {
  if (steps_.count == 0) return std::nullopt;
  return static_cast<double>(left.steps) * steps_.value + static_cast<double>(left.evaluations) * evaluations_.value +
         static_cast<double>(left.saves) * saves_.value;
}

std::string format_duration(double seconds) {
  const auto total = static_cast<int64_t>(std::llround(std::clamp(seconds, 0.0, 1e12)));
  const int64_t hours = total / 3600;
  if (hours >= 48) return fmt::format("{} days {} h", hours / 24, hours % 24);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, total / 60 % 60, total % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string format_count(double count) {
  if (count < 999.5) return fmt::format("{:.0f}", count);
  if (count < 999'950) return fmt::format("{:.1f}k", count / 1e3);
  return fmt::format("{:.2f}M", count / 1e6);
}

std::string format_bar(const ProgressReport& report, int width) {
  const double share = report.total_steps > 0 ? static_cast<double>(report.step) / static_cast<double>(report.total_steps) : 0.0;
  const std::string percent = fmt::format("{:3.0f} %", std::floor(100 * share));
  std::vector<std::string> parts = describe(report);
  std::string text = join(parts, "  ");
  const auto room = [&] { return width - static_cast<int>(percent.size() + text.size()); };
  while (parts.size() > 1 && room() < 2) {
    parts.pop_back();
    text = join(parts, "  ");
  }
  const int bar = std::min(kLongestBar, room() - 5);  // two brackets, one space before and two after
  const std::string line =
      bar >= kShortestBar ? fmt::format("{} {}  {}", percent, draw_bar(share, bar), text) : percent + "  " + text;
  return line.substr(0, static_cast<size_t>(std::max(width, 0)));
}

std::string format_plain(const ProgressReport& report) { return join(describe(report), ", "); }

Progress::Progress(Style style, int descriptor) : style_(style), descriptor_(descriptor) {
  if (style_ == Style::automatic) style_ = draws_bars(descriptor_) ? Style::bar : Style::plain;
}

Progress::~Progress() {
  if (drawn_) write("\n");
}

void Progress::show(const ProgressReport& report) {
  if (style_ != Style::bar) return;
  const auto now = Clock::now();
  if (last_ && drawn_ && now - *last_ < kBarInterval && report.step < report.total_steps) return;
  last_ = now;
  // The cursor waits in the first column: a foreign line of output then overwrites the bar instead of continuing it.
  write("\r" + format_bar(report, terminal_width(descriptor_)) + "\x1b[K\r");
  drawn_ = true;
}

void Progress::show_logged(const ProgressReport& report) {
  if (style_ == Style::bar) return show(report);
  if (style_ == Style::none) return;
  const auto now = Clock::now();
  if (last_ && now - *last_ < kLineInterval && report.step < report.total_steps) return;
  last_ = now;
  spdlog::info("{}", format_plain(report));
}

void Progress::make_room() {
  if (!drawn_) return;
  write("\r\x1b[K");
  drawn_ = false;
}

void Progress::write(const std::string& text) const {
  // A terminal that went away must not end the run.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
}

}  // namespace albert
