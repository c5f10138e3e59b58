#include <albert/base/duration.h>
#include <albert/base/error.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("10000 steps"), (Duration{10000, DurationUnit::steps}));
  EXPECT_EQ(parse_duration("1 step"), (Duration{1, DurationUnit::steps}));
  EXPECT_EQ(parse_duration("0.5 epochs"), (Duration{0.5, DurationUnit::epochs}));
  EXPECT_EQ(parse_duration(" 1e9 tokens "), (Duration{1e9, DurationUnit::tokens}));
  EXPECT_EQ(parse_duration("10 %"), (Duration{10, DurationUnit::percent}));
  EXPECT_EQ(parse_duration("10%"), (Duration{10, DurationUnit::percent}));
}

TEST(Duration, RefusesABareNumberAndSaysWhatToWrite) {
  EXPECT_THAT([] { (void)parse_duration("10000"); },
              ::testing::ThrowsMessage<ConfigError>(
                  "must have a unit, got '10000'; write it as '10000 steps', '3 epochs', '1e9 tokens' or '10 %'"));
}

TEST(Duration, RefusesOtherTexts) {
  for (const char* text : {"", "steps", "-1 steps", "1 hour", "nan steps", "inf epochs", "1 2 steps", "1e999 steps"}) {
    EXPECT_THROW((void)parse_duration(text), ConfigError) << text;
  }
}

TEST(Duration, PrintsWhatItReads) {
  for (const char* text : {"10000 steps", "0.1 epochs", "3 epochs", "12.5 %", "1e+20 tokens"}) {
    EXPECT_EQ(parse_duration(to_string(parse_duration(text))), parse_duration(text)) << text;
  }
  EXPECT_EQ(to_string(Duration{500, DurationUnit::steps}), "500 steps");
}

TEST(Duration, TurnsIntoSteps) {
  const DurationScale scale{.steps_per_epoch = 100.5, .tokens_per_step = 1000, .total_steps = 5000};
  EXPECT_EQ(to_steps({7, DurationUnit::steps}, scale), 7);
  EXPECT_EQ(to_steps({2, DurationUnit::epochs}, scale), 201);
  EXPECT_EQ(to_steps({1e6, DurationUnit::tokens}, scale), 1000);
  EXPECT_EQ(to_steps({10, DurationUnit::percent}, scale), 500);
  EXPECT_EQ(to_steps({1e-9, DurationUnit::percent}, scale), 1) << "a positive duration is at least one step";
  EXPECT_EQ(to_steps({0, DurationUnit::percent}, scale), 0);
  EXPECT_THROW((void)to_steps({1, DurationUnit::epochs}, {}), ConfigError);
}

TEST(ByteSize, ReadsAndPrints) {
  EXPECT_EQ(parse_byte_size("200 MiB").bytes, 200ULL << 20U);
  EXPECT_EQ(parse_byte_size("1.5GiB").bytes, 3ULL << 29U);
  EXPECT_EQ(parse_byte_size("64 kB").bytes, 64000U);
  EXPECT_EQ(parse_byte_size("0 B").bytes, 0U);
  EXPECT_EQ(to_string(ByteSize{200ULL << 20U}), "200 MiB");
  EXPECT_EQ(to_string(ByteSize{64000}), "64 kB");
  EXPECT_EQ(to_string(ByteSize{4097}), "4097 B");
  for (const char* text : {"", "200", "-1 MiB", "1 mib", "1 MiB/s", "99999999999 TiB"}) EXPECT_THROW((void)parse_byte_size(text), ConfigError) << text;
}

}  // namespace
}  // namespace albert
