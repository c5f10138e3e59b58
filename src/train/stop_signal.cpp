#include <albert/base/error.h>
#include <albert/train/stop_signal.h>

#include <signal.h>  // NOLINT: sigaction is POSIX
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace albert {
namespace {

constexpr std::array kStopSignals = {SIGTERM, SIGINT, SIGUSR1};

// A handler gets no argument of ours, so its flag cannot be a member.
std::atomic<int> received_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");
std::atomic<bool> installed{false};
std::array<struct sigaction, kStopSignals.size() + 1> previous_actions;  // guarded by `installed`

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
  for (size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals[i], &action, &previous_actions[i]);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGXFSZ, &action, &previous_actions.back());
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals[i], &previous_actions[i], nullptr);
  ::sigaction(SIGXFSZ, &previous_actions.back(), nullptr);
  installed = false;
}

bool StopSignal::requested() const noexcept { return requested_ || received_signal != 0; }
int StopSignal::signal() const noexcept { return received_signal; }
void StopSignal::request() noexcept { requested_ = true; }

}  // namespace albert
