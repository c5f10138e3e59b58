#include "train/child_process.h"

#include <albert/base/error.h>
#include <albert/train/stop_signal.h>

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT: POSIX

namespace albert {
namespace {

TEST(StopSignal, FirstSignalOnlySetsAFlag) {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
    const StopSignal stop;
    EXPECT_FALSE(stop.requested());
    ::raise(signal);
    EXPECT_TRUE(stop.requested());
    EXPECT_EQ(stop.signal(), signal);
  }
}

TEST(StopSignal, SecondSignalEndsTheProcessAtOnce) {
  const pid_t child = testing::start_child([] {
    const StopSignal stop;
    ::raise(SIGTERM);
    ::raise(SIGINT);
    return 0;
  });
  EXPECT_EQ(testing::wait_for(child), 128 + SIGINT);
}

TEST(StopSignal, RestoresTheHandlersAtItsEnd) {
  const pid_t child = testing::start_child([] {
    { const StopSignal stop; }
    ::raise(SIGTERM);
    return 0;
  });
  EXPECT_EQ(testing::wait_for(child), -SIGTERM);
}

TEST(StopSignal, UnderNohupTheTerminalMayGo) {
  const pid_t child = testing::start_child([] {
    ::signal(SIGHUP, SIG_IGN);
    const StopSignal stop;
    ::raise(SIGHUP);
    ::raise(SIGHUP);
    return stop.requested() ? 1 : 0;
  });
  EXPECT_EQ(testing::wait_for(child), 0);
}

TEST(StopSignal, NeitherAFileSizeLimitNorAClosedPipeEndsTheProcess) {
  const pid_t child = testing::start_child([] {
    const StopSignal stop;
    ::raise(SIGXFSZ);
    ::raise(SIGPIPE);
    return stop.requested() ? 1 : 0;
  });
  EXPECT_EQ(testing::wait_for(child), 0);
}

TEST(StopSignal, CanBeRequestedWithoutASignal) {
  StopSignal stop;
  stop.request();
  EXPECT_TRUE(stop.requested());
  EXPECT_EQ(stop.signal(), 0);
}

TEST(StopSignal, RefusesASecondOne) {
  const StopSignal stop;
  EXPECT_THROW(StopSignal(), InternalError);
}

}  // namespace
}  // namespace albert
