// A toy run in a process of its own, for tests that kill it: toy_trainer OUTPUT [die|save|term STEP [RESUME]].
//   die: SIGKILL at the begin of the step; save: SIGKILL inside the first save from that step on; term: SIGTERM at the begin of
//   the step. RESUME as --resume has it.
#include "train/toy_run.h"

#include <albert/base/error.h>

#include <ATen/Parallel.h>
#include <signal.h>  // NOLINT: POSIX

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  using albert::testing::ToyOptions;
  if (argc != 2 && argc != 4 && argc != 5) return 2;
  at::set_num_threads(1);
  const std::string action = argc > 2 ? argv[2] : "";
  const int64_t at_step = argc > 2 ? std::stoll(argv[3]) : -1;
  int64_t current = 0;
  ToyOptions options;
  options.on_step = [&](int64_t step) {
    current = step;
    if (step != at_step) return;
    if (action == "die") ::raise(SIGKILL);
    if (action == "term") ::raise(SIGTERM);
  };
  options.on_save = [&] {
    if (action == "save" && current + 1 >= at_step) ::raise(SIGKILL);
  };
  try {
    if (argc == 5) options.resume = albert::parse_resume(argv[4]);
    albert::testing::ToyRun run(argv[1], options);
    return run.run().outcome == albert::RunOutcome::stopped ? static_cast<int>(albert::ExitCode::stopped) : 0;
  } catch (const albert::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.exit_code());
  }
}
