#include <albert/base/error.h>
#include <albert/cli/arguments.h>
#include <albert/cli/version.h>
#include <albert/config/yaml_reader.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace albert::cli {
namespace {

struct Parsed {
  std::optional<TrainArguments> arguments;
  std::string out;
  std::string error;
};

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "/some/where/albert-train");
  Parsed parsed;
  std::ostringstream out;
  try {
    parsed.arguments = parse_train_arguments(static_cast<int>(words.size()), words.data(), out);
  } catch (const ConfigError& error) {
    parsed.error = error.what();
  }
  parsed.out = out.str();
  return parsed;
}

TEST(TrainArguments, HaveTheDefaultsOfThePlainCall) {
  const auto parsed = parse({"a.yaml"});
  ASSERT_TRUE(parsed.arguments) << parsed.error;
  EXPECT_EQ(parsed.arguments->config, "a.yaml");
  EXPECT_EQ(parsed.arguments->action, TrainAction::train);
  EXPECT_EQ(parsed.arguments->resume.mode, ResumeChoice::Mode::automatic);
  EXPECT_EQ(parsed.arguments->log_level, "info");
  EXPECT_TRUE(parsed.arguments->overrides().all().empty());
  EXPECT_TRUE(parsed.out.empty());
}

TEST(TrainArguments, AreAllRead) {
  const auto parsed = parse({"--set", "a=1", "--set=b=[1, 2]", "a.yaml", "--output", "runs/x", "--device=cuda:1", "--log-level",
                             "debug", "--resume", "runs/y/checkpoints/latest", "--dry-run"});
  ASSERT_TRUE(parsed.arguments) << parsed.error;
  EXPECT_THAT(parsed.arguments->set, ::testing::ElementsAre("a=1", "b=[1, 2]"));
  EXPECT_EQ(parsed.arguments->output, "runs/x");
  EXPECT_EQ(parsed.arguments->device, "cuda:1");
  EXPECT_EQ(parsed.arguments->log_level, "debug");
  EXPECT_EQ(parsed.arguments->resume.mode, ResumeChoice::Mode::checkpoint);
  EXPECT_EQ(parsed.arguments->resume.checkpoint, "runs/y/checkpoints/latest");
  EXPECT_EQ(parsed.arguments->action, TrainAction::dry_run);
}

TEST(TrainArguments, ChooseTheAction) {
  EXPECT_EQ(parse({"a", "--prepare-only"}).arguments->action, TrainAction::prepare_only);
  const auto evaluate = parse({"a", "--evaluate", "m", "--resume", "never"}).arguments;
  EXPECT_EQ(evaluate->action, TrainAction::evaluate);
  EXPECT_EQ(evaluate->evaluated_model, "m");
  EXPECT_EQ(evaluate->resume.mode, ResumeChoice::Mode::never);
}

struct RunOptions {
  std::string device = "auto";
};
template <config::Self<RunOptions> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"device", "where to compute"}, c.device);
}
struct RunConfig {
  std::filesystem::path output;
  RunOptions training;
};
template <config::Self<RunConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"output", "folder"}, c.output);
  visit(config::Field{"training", "the run"}, c.training);
}

TEST(TrainArguments, BecomeOverridesOfTheConfiguration) {
  const auto arguments = parse({"a", "--set", "output=1", "--output", "a: [b", "--device", "cuda:0"}).arguments;
  const auto config = config::parse_config<RunConfig>("output: x", "a", arguments->overrides());
  EXPECT_EQ(config.output, "a: [b");
  EXPECT_EQ(config.training.device, "cuda:0");
  EXPECT_EQ(arguments->overrides().all().back().label, "--device cuda:0");
}

TEST(TrainArguments, RefuseWhatIsWrongInOneLine) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> cases{
      {{}, "albert-train: CONFIG must be given; see albert-train --help"},
      {{"--dry-run"}, "albert-train: CONFIG must be given; see albert-train --help"},
      {{"a", "b"}, "albert-train: must not be given more arguments, got 'b'; see albert-train --help"},
      {{"a", "--dryrun"}, "--dryrun: unknown option; did you mean '--dry-run'?"},
      {{"a", "--otuput=x"}, "--otuput: unknown option; did you mean '--output'?"},
      {{"--evalaute", "m", "a"}, "--evalaute: unknown option; did you mean '--evaluate'?"},
      {{"a", "--verson"}, "--verson: unknown option; did you mean '--version'?"},
      {{"a", "--zebra"}, "--zebra: unknown option; see albert-train --help"},
      {{"a", "-x"}, "-x: unknown option; see albert-train --help"},
      {{"a", "--set"}, "--set: 1 required KEY=VALUE missing; see albert-train --help"},
      {{"a", "--dry-run=maybe"}, "Could not convert: --dry-run = maybe; see albert-train --help"},
      {{"a", "--device", "gpu"}, "--device: must be auto, cpu, cuda or cuda:N, got 'gpu'"},
      {{"a", "--device", "cuda:"}, "--device: must be auto, cpu, cuda or cuda:N, got 'cuda:'"},
      {{"a", "--dry-run", "--evaluate", "m"}, "--dry-run, --evaluate: must not be given together"},
  };
  for (const auto& [words, error] : cases) {
    const auto parsed = parse(words);
    EXPECT_FALSE(parsed.arguments);
    EXPECT_EQ(parsed.error, error);
  }
  EXPECT_THAT(parse({"a", "--output", "x", "--output", "y"}).error, ::testing::StartsWith("--output: "));
}

TEST(TrainArguments, ReportAnAssignmentWithoutEqualsSign) {
  const auto arguments = parse({"a", "--set", "training.seed"}).arguments;
  EXPECT_THAT([&] { (void)arguments->overrides(); },
              ::testing::ThrowsMessage<ConfigError>("--set training.seed: must be key=value, for example --set training.seed=2"));
}

TEST(TrainArguments, PrintHelpAndVersion) {
  const auto help = parse({"--help"});
  EXPECT_FALSE(help.arguments);
  for (const char* word :
       {"Usage: albert-train [OPTIONS] CONFIG", "--set KEY=VALUE", "--output DIR", "--device D", "--log-level LEVEL",
        "--prepare-only", "--dry-run", "--evaluate MODEL", "--resume WHAT", "--version", "-h,--help", "Exit codes: 0 done"}) {
    EXPECT_THAT(help.out, ::testing::HasSubstr(word));
  }
  std::istringstream lines(help.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 130U) << line;
  const auto version_text = parse({"a.yaml", "--version"});
  EXPECT_FALSE(version_text.arguments);
  EXPECT_EQ(version_text.out, "albert-train " ALBERT_TEST_VERSION "\n");
  EXPECT_EQ(version(), ALBERT_TEST_VERSION);
}

}  // namespace
}  // namespace albert::cli
