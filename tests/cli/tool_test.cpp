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

  const auto plain = run({"predict", "m"});
  ASSERT_TRUE(plain.predict) << plain.error;
  EXPECT_EQ(plain.predict->action(), PredictAction::task);
  EXPECT_FALSE(plain.predict->input || plain.predict->output || plain.predict->format || plain.predict->batch_tokens);

  const auto predict = run({"predict", "m", "--ids", "in.safetensors", "--tensors", "out.safetensors", "--device", "cpu"});
  ASSERT_TRUE(predict.predict) << predict.error;
  EXPECT_EQ(predict.predict->ids, std::filesystem::path("in.safetensors"));
  EXPECT_EQ(predict.predict->tensors, std::filesystem::path("out.safetensors"));
  EXPECT_EQ(predict.predict->action(), PredictAction::tensors);
  EXPECT_EQ(predict.predict->device, "cpu");
  EXPECT_EQ(predict.code, ExitCode::data);
  EXPECT_FALSE(run({"predict", "m", "--tensors", "o"}).predict->ids);
}

TEST(Tool, TakesInputOutputAndColumnsOfPredictions) {
  const auto result = run({"predict", "m", "--input", "a.csv", "--output", "b.jsonl", "--format", "csv", "--column", "text=title", "--column",
                           "options=a=b", "--batch-tokens", "100"});
  ASSERT_TRUE(result.predict) << result.error;
  EXPECT_EQ(result.predict->input, std::filesystem::path("a.csv"));
  EXPECT_EQ(result.predict->output, std::filesystem::path("b.jsonl"));
  EXPECT_EQ(result.predict->format, "csv");
  EXPECT_EQ(result.predict->batch_tokens, 100);
  EXPECT_THAT(result.predict->named_columns(),
              ::testing::ElementsAre(std::pair<std::string, std::string>("text", "title"), std::pair<std::string, std::string>("options", "a=b")));
}

TEST(Tool, TakesTheOptionsOfTheInputsFile) {
  using ::testing::Pair;
  const auto result = run({"predict", "m", "--encoding", "latin-1", "--invalid-rows", "skip", "--header", "absent", "--quoting", "none",
                           "--separator", ";"});
  ASSERT_TRUE(result.predict) << result.error;
  EXPECT_THAT(result.predict->file, ::testing::ElementsAre(Pair("encoding", "latin-1"), Pair("header", "absent"), Pair("invalid_rows", "skip"),
                                                           Pair("quoting", "none"), Pair("separator", ";")));
  EXPECT_TRUE(run({"predict", "m"}).predict->file.empty());
}

TEST(Tool, PredictDoesOneThing) {
  const auto action = [](std::vector<const char*> words) { return run(std::move(words)).predict.value().action(); };
  EXPECT_EQ(action({"predict", "m", "--fill-mask", "--top-k", "3", "--output", "o"}), PredictAction::fill_mask);
  EXPECT_EQ(action({"predict", "m", "--embeddings", "mean"}), PredictAction::embeddings);
  EXPECT_EQ(action({"predict", "m", "--embeddings", "cls", "--tensors", "o", "--input", "i"}), PredictAction::embeddings);
  EXPECT_EQ(action({"predict", "m", "--tensors", "o"}), PredictAction::tensors);
  const std::vector<std::pair<std::vector<const char*>, std::string>> cases{
      {{"--fill-mask", "--embeddings", "cls"}, "--fill-mask, --embeddings: must not be given together"},
      {{"--fill-mask", "--tensors", "o"}, "--fill-mask, --tensors: must not be given together"},
      {{"--embeddings", "cls", "--tensors", "o", "--output", "p"}, "--embeddings, --tensors, --output: must not be given together"},
      {{"--top-k", "3"}, "--top-k: must not be given without --fill-mask"},
      {{"--ids", "i"}, "--ids: must not be given without --tensors, or with --embeddings"},
      {{"--ids", "i", "--tensors", "o", "--embeddings", "cls"}, "--ids: must not be given without --tensors, or with --embeddings"},
      {{"--tensors", "o", "--input", "i"}, "--input: must not be given with --tensors, unless with --embeddings"},
      {{"--tensors", "o", "--column", "text=a"}, "--column: must not be given with --tensors, unless with --embeddings"},
      {{"--tensors", "o", "--encoding", "latin-1"},
       "--encoding, --invalid-rows, --header, --quoting, --separator: must not be given with --tensors, unless with --embeddings"},
      {{"--tensors", "o", "--batch-tokens", "8"}, "--batch-tokens: must not be given with --tensors, unless with --embeddings"},
  };
  for (const auto& [options, error] : cases) {
    std::vector<const char*> words{"predict", "m"};
    words.insert(words.end(), options.begin(), options.end());
    const auto result = run(words);
    ASSERT_TRUE(result.predict) << result.error;
    EXPECT_THAT([&] { (void)result.predict->action(); }, ::testing::ThrowsMessage<ConfigError>(error));
  }
}

TEST(Tool, RefusesColumnsWithoutNameOrColumn) {
  for (const auto* text : {"text", "=a", "text="}) {
    const auto result = run({"predict", "m", "--column", text});
    ASSERT_TRUE(result.predict) << result.error;
    EXPECT_THAT([&] { (void)result.predict->named_columns(); },
                ::testing::ThrowsMessage<ConfigError>("--column: must be NAME=COLUMN, got '" + std::string(text) + "'"));
  }
}

TEST(Tool, InspectsWithItsFlags) {
  std::optional<InspectArguments> seen;
  const auto inspect = [&](std::vector<const char*> words) {
    words.insert(words.begin(), {"albert", "inspect"});
    std::ostringstream out;
    return run_tool(static_cast<int>(words.size()), words.data(), out,
                    {subcommand<InspectArguments>("inspect", "what it is", [&](const InspectArguments& arguments) {
                      seen = arguments;
                      return ExitCode::done;
                    })});
  };
  EXPECT_EQ(inspect({"m"}), ExitCode::done);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->path, "m");
  EXPECT_FALSE(seen->diff || seen->json || seen->verify);
  EXPECT_EQ(inspect({"m", "--diff", "n", "--json", "--verify"}), ExitCode::done);
  EXPECT_EQ(seen->diff, std::filesystem::path("n"));
  EXPECT_TRUE(seen->json && seen->verify);
  EXPECT_THAT([&] { inspect({}); }, ::testing::ThrowsMessage<ConfigError>("albert inspect: PATH must be given; see albert inspect --help"));
  EXPECT_THAT([&] { inspect({"m", "n"}); }, ::testing::ThrowsMessage<ConfigError>(::testing::HasSubstr("more arguments, got 'n'")));
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
      {{"predict"}, "albert predict: MODEL must be given; see albert predict --help"},
      {{"predict", "m", "--embeddings", "max"}, "--embeddings: must be mean or cls, got 'max'"},
      {{"predict", "m", "--fill-mask", "--top-k", "0"}, "--top-k: must be at least 1, got 0"},
      {{"predict", "m", "--batch-tokens", "-5"}, "--batch-tokens: must be at least 1, got -5"},
      {{"predict", "m", "--tensor", "x"}, "--tensor: unknown option; did you mean '--tensors'?"},
      {{"predict", "m", "--tensors", "x", "--device", "gpu"}, "--device: must be auto, cpu, cuda or cuda:N, got 'gpu'"},
  };
  for (const auto& [words, error] : cases) {
    const auto result = run(words);
    EXPECT_EQ(result.error, error);
    EXPECT_FALSE(result.tokenize || result.predict) << error;
  }
}

/// Parses one subcommand of its own.
template <typename Arguments>
std::string parse_alone(std::vector<const char*> words, Arguments& parsed) {
  words.insert(words.begin(), {"albert", "sub"});
  std::ostringstream out;
  try {
    (void)run_tool(static_cast<int>(words.size()), words.data(), out, {subcommand<Arguments>("sub", "help", [&](const Arguments& arguments) {
                     parsed = arguments;
                     return ExitCode::done;
                   })});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return out.str();
}

TEST(Tool, TakesTheOptionsOfConfigurations) {
  ConfigArguments config;
  EXPECT_EQ(parse_alone<ConfigArguments>({"c.yaml", "--origins", "--set", "a=1", "--set", "b=[1, 2]"}, config), "");
  EXPECT_EQ(config.path, "c.yaml");
  EXPECT_TRUE(config.origins);
  EXPECT_THAT(config.set, ::testing::ElementsAre("a=1", "b=[1, 2]"));
  EXPECT_EQ(parse_alone<ConfigArguments>({}, config), "albert sub: CONFIG must be given; see albert sub --help");
  EXPECT_EQ(parse_alone<ConfigArguments>({"c.yaml", "--origin"}, config), "--origin: unknown option; did you mean '--origins'?");
  EXPECT_THAT(parse_alone<ConfigArguments>({"--help"}, config), ::testing::HasSubstr("default, task default (of task.name), FILE:LINE"));
}

TEST(Tool, TakesTheProgramOfASchema) {
  ConfigSchemaArguments schema;
  EXPECT_EQ(parse_alone<ConfigSchemaArguments>({"finetune"}, schema), "");
  EXPECT_EQ(schema.program, "finetune");
  EXPECT_EQ(parse_alone<ConfigSchemaArguments>({"finetuning"}, schema),
            "albert config-schema: PROGRAM must be train or finetune, got 'finetuning'; did you mean 'finetune'?");
  EXPECT_EQ(parse_alone<ConfigSchemaArguments>({}, schema), "albert sub: PROGRAM must be given; see albert sub --help");
}

TEST(Tool, WritesATemplateToItsNameUnlessToldOtherwise) {
  NewArguments fresh;
  EXPECT_EQ(parse_alone<NewArguments>({"spam"}, fresh), "");
  EXPECT_EQ(fresh.file(), "spam.yaml");
  EXPECT_FALSE(fresh.list);
  EXPECT_EQ(parse_alone<NewArguments>({"spam", "--output", "a/b.yaml"}, fresh), "");
  EXPECT_EQ(fresh.file(), "a/b.yaml");
  EXPECT_EQ(parse_alone<NewArguments>({"--list"}, fresh), "");
  EXPECT_TRUE(fresh.list && fresh.name.empty());
}

TEST(Tool, PrintsHelpAndVersion) {
  EXPECT_THAT(run({"--help"}).out, ::testing::AllOf(::testing::HasSubstr("tokenize"), ::testing::HasSubstr("lines to ids"),
                                                    ::testing::HasSubstr("predict")));
  EXPECT_THAT(run({"predict", "--help"}).out, ::testing::HasSubstr("--tensors FILE"));
  EXPECT_EQ(run({"--version"}).out, "albert " ALBERT_TEST_VERSION "\n");
}

}  // namespace
}  // namespace albert::cli
