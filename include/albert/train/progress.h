// What a user sees of a run: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace albert {

/// Events at multiples of `every` steps, and one at the end, after `step` of `total`; none where `every` is 0.
int64_t events_left(int64_t step, int64_t total, int64_t every);

/// How much of each kind of work is ahead.
struct WorkLeft {
  int64_t steps = 0;
  int64_t evaluations = 0;
  int64_t saves = 0;
};

/// Time left of a run, from what its parts took so far. Seconds of a monotonic clock.
class TimeLeft {
 public:
  void add_step(double seconds);
  void add_evaluation(double seconds) { evaluations_.add(seconds); }
  void add_save(double seconds) { saves_.add(seconds); }
  /// Nothing before the first step. A kind of work that was not seen yet counts as nothing.
  [[nodiscard]] std::optional<double> seconds(const WorkLeft& left) const;

 private:
  struct Mean {
    int64_t count = 0;
    double value = 0;
    void add(double seconds, int64_t memory = 50);
  };
  Mean steps_;
  Mean evaluations_;
  Mean saves_;
  int64_t steps_seen_ = 0;
};

/// One moment of a run.
struct ProgressReport {
  int64_t step = 0;
  int64_t total_steps = 0;
  std::optional<double> loss;               ///< mean of the last logging interval
  std::optional<double> tokens_per_second;
  std::optional<double> seconds_left;
};

/// "1:02:03", "4:05", "2 days 3 h".
std::string format_duration(double seconds);
/// "12.3k", "845".
std::string format_count(double count);
/// One line of at most `width` characters: the bar shrinks first, then the less important parts go.
std::string format_bar(const ProgressReport& report, int width);
/// "step 20/100, loss 8.1234, 1.2k tokens/s, 0:12 left".
std::string format_plain(const ProgressReport& report);

/// On a terminal, a bar on one line, drawn at most ten times a second and fitted to the width at that moment. Elsewhere no escape
/// codes: a plain line in the log for each logged step, at most one a second (the last step always).
class Progress {
 public:
  enum class Style { automatic, bar, plain, none };
  explicit Progress(Style style = Style::automatic, int descriptor = STDERR_FILENO);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Ends the bar's line.
  ~Progress();

  /// After each step.
  void show(const ProgressReport& report);
  /// After each line of metrics.jsonl.
  void show_logged(const ProgressReport& report);
  /// Clears the bar, so that a line of the log can be written; the next show() draws it again.
  void make_room();
  [[nodiscard]] Style style() const { return style_; }

 private:
  using Clock = std::chrono::steady_clock;
  void write(const std::string& text) const;

  Style style_;
  int descriptor_;
  bool drawn_ = false;
  std::optional<Clock::time_point> last_;
};

}  // namespace albert
