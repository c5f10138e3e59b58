// Stopping on request: SIGTERM, SIGINT (Ctrl-C), SIGUSR1 (what Slurm can send ahead of its time limit) and SIGHUP (the terminal is gone).
#pragma once

namespace albert {

/// While it lives, the first of these signals only sets a flag, which the trainer reads at the end of a step; a second one ends
/// the process at once with exit code 128 + signal. SIGHUP stays ignored where it was (nohup). SIGXFSZ and SIGPIPE are ignored
/// meanwhile: a file-size limit is an error of write(), and the end of who reads the log does not end the training. Signal
/// handlers belong to the process, so there is at most one StopSignal at a time (InternalError otherwise).
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  /// Restores the handlers that were there before.
  ~StopSignal();

  [[nodiscard]] bool requested() const noexcept;
  /// The signal that asked for the stop; 0 when there was none.
  [[nodiscard]] int signal() const noexcept;
  /// Asks for a stop without a signal.
  void request() noexcept;

 private:
  bool requested_ = false;
};

}  // namespace albert
