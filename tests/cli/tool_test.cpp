#include <albert/cli/tool.h>

#include <gmock/gmock.h>

#include <sstream>

namespace albert::cli {
namespace {

struct Run {
  std::optional<TokenizeArguments> tokenize;
  std::optional<PredictArguments> predict;
  ExitCode code = ExitCode::done;
  std::string out;
  std::string error;
};

Run run(std::vector<const char*> words) {
  words.insert(words.begin(), "albert");
  Run result;
  std::ostringstream out;
  try {
    result.code =
        run_tool(static_cast<int>(words.size()), words.data(), out,
                 {subcommand<TokenizeArguments>("tokenize", "lines to ids",
                                                [&](const TokenizeArguments& arguments) {
                                                  result.tokenize = arguments;
                                                  return ExitCode::done;
                                                }),
                  subcommand<PredictArguments>("predict", "what a model computes", [&](const PredictArguments& arguments) {
                    result.predict = arguments;
                    return ExitCode::data;
                  })});
  } catch (const ConfigError& error) {
    result.error = error.what();
  }
  result.out = out.str();
  return result;
}

TEST(Tool, RunsTheSubcommandWithItsArguments) {
  const auto tokenize = run({"tokenize", "m", "--pieces", "--log-level", "off"});
  ASSERT_TRUE(tokenize.tokenize) << tokenize.error;
  EXPECT_EQ(tokenize.tokenize->model, "m");
  EXPECT_TRUE(tokenize.tokenize->pieces);
  EXPECT_EQ(tokenize.tokenize->log_level, "off");
  EXPECT_FALSE(tokenize.predict);

  const auto predict = run({"predict", "m", "--ids", "in.safetensors", "--tensors", "out.safetensors", "--device", "cpu"});
  ASSERT_TRUE(predict.predict) << predict.error;
  EXPECT_EQ(predict.predict->ids, std::filesystem::path("in.safetensors"));
  EXPECT_EQ(predict.predict->tensors, "out.safetensors");
  EXPECT_EQ(predict.predict->device, "cpu");
  EXPECT_EQ(predict.code, ExitCode::data);
  EXPECT_FALSE(run({"predict", "m", "--tensors", "o"}).predict->ids);
}

TEST(Tool, RefusesWhatIsWrongInOneLine) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> cases{
      {{}, "albert: must be given one of tokenize, predict; see albert --help"},
      {{"tokenise"}, "albert: must be given one of tokenize, predict, got 'tokenise'; did you mean 'tokenize'?"},
      {{"zebra", "m"}, "albert: must be given one of tokenize, predict, got 'zebra'"},
      {{"--verison"}, "--verison: unknown option; did you mean '--version'?"},
      {{"tokenize", "m", "--piece"}, "--piece: unknown option; did you mean '--pieces'?"},
      {{"tokenize", "m", "n"}, "albert tokenize: must not be given more arguments, got 'n'; see albert tokenize --help"},
      {{"tokenize"}, "albert tokenize: MODEL must be given; see albert tokenize --help"},
      {{"predict", "m"}, "albert predict: --tensors must be given; see albert predict --help"},
      {{"predict", "m", "--tensor", "x"}, "--tensor: unknown option; did you mean '--tensors'?"},
      {{"predict", "m", "--tensors", "x", "--device", "gpu"}, "--device: must be auto, cpu, cuda or cuda:N, got 'gpu'"},
  };
  for (const auto& [words, error] : cases) {
    const auto result = run(words);
    EXPECT_EQ(result.error, error);
    EXPECT_FALSE(result.tokenize || result.predict) << error;
  }
}

TEST(Tool, PrintsHelpAndVersion) {
  EXPECT_THAT(run({"--help"}).out, ::testing::AllOf(::testing::HasSubstr("tokenize"), ::testing::HasSubstr("lines to ids"),
                                                    ::testing::HasSubstr("predict")));
  EXPECT_THAT(run({"predict", "--help"}).out, ::testing::HasSubstr("--tensors FILE"));
  EXPECT_EQ(run({"--version"}).out, "albert " ALBERT_TEST_VERSION "\n");
}

}  // namespace
}  // namespace albert::cli
