#include <albert/base/error.h>
#include <albert/train/stop_signal.h>

#include <signal.h>  // NOLINT: sigaction is POSIX
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace albert {
namespace {

constexpr std::array kStopSignals = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
constexpr std::array kIgnoredSignals = {SIGXFSZ, SIGPIPE};

// A handler gets no argument of ours, so its flag cannot be a member.
std::atomic<int> received_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");
std::atomic<bool> installed{false};
std::array<struct sigaction, kStopSignals.size()> previous_stops;       // guarded by `installed`
std::array<struct sigaction, kIgnoredSignals.size()> previous_ignored;  // guarded by `installed`

extern "C" void remember_signal(int signal) {
  int none = 0;
  if (!received_signal.compare_exchange_strong(none, signal)) ::_exit(128 + signal);
}

}  // namespace

StopSignal::StopSignal() {
  ALBERT_CHECK(!installed.exchange(true), "a second StopSignal was made");
  received_signal = 0;
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kStopSignals.size(); ++i) {
    ::sigaction(kStopSignals[i], &action, &previous_stops[i]);
    const bool is_under_nohup = kStopSignals[i] == SIGHUP && previous_stops[i].sa_handler == SIG_IGN;
    if (is_under_nohup) ::sigaction(SIGHUP, &previous_stops[i], nullptr);
  }
  action.sa_handler = SIG_IGN;
  for (size_t i = 0; i < kIgnoredSignals.size(); ++i) ::sigaction(kIgnoredSignals[i], &action, &previous_ignored[i]);
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals[i], &previous_stops[i], nullptr);
  for (size_t i = 0; i < kIgnoredSignals.size(); ++i) ::sigaction(kIgnoredSignals[i], &previous_ignored[i], nullptr);
  installed = false;
}

bool StopSignal::requested() const noexcept { return requested_ || received_signal != 0; }
int StopSignal::signal() const noexcept { return received_signal; }
void StopSignal::request() noexcept { requested_ = true; }

}  // namespace albert
