#include <albert/config/overrides.h>

#include <gmock/gmock.h>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

TEST(Overrides, BeatTheFileAndTheLastOneWins) {
  const auto config =
      read("output: x\ntraining: {seed: 5}\n", {"training.seed=6", "optimizer.learning_rate=1e-3", "training.seed=7"});
  EXPECT_EQ(config.training.seed, 7);
  EXPECT_EQ(config.optimizer.learning_rate, 1e-3);
}

TEST(Overrides, ReplaceAWrongValueOfTheFile) {
  EXPECT_EQ(read("output: x\ntraining: {seed: z}\n", {"training.seed=6"}).training.seed, 6);
}

TEST(Overrides, TakeListsAndMaps) {
  const auto config =
      read("output: x\nmodel: {hidden_size: 24, dropout: 0.5}\n",
           {"data.languages=[de, fr]", "model={hidden_size: 36}", "data.sources=[{path: a}, {path: b, weight: 2}]"});
  EXPECT_THAT(config.data.languages, ::testing::ElementsAre("de", "fr"));
  EXPECT_EQ(config.model.hidden_size, 36);
  EXPECT_EQ(config.model.dropout, 0.5) << "a map is merged";
  ASSERT_EQ(config.data.sources.size(), 2U);
  EXPECT_EQ(config.data.sources[1].weight, 2);
}

TEST(Overrides, ReachIntoListsAndAppend) {
  const auto config = read("output: x\ndata:\n  sources:\n    - {path: a}\n",
                           {"data.sources[0].weight=3", "data.sources[1].path=b", "data.sources[1].format=jsonl"});
  ASSERT_EQ(config.data.sources.size(), 2U);
  EXPECT_EQ(config.data.sources[0], (TextSource{"a", TextFormat::sentences, 3}));
  EXPECT_EQ(config.data.sources[1], (TextSource{"b", TextFormat::jsonl, 1}));
  EXPECT_THAT(read("output: x", {"data.languages[1]=de"}).data.languages, ::testing::ElementsAre("en", "de"))
      << "onto the default list";
}

TEST(Overrides, SetNullAndMakeSections) {
  EXPECT_FALSE(
      read("output: x\ntraining: {early_stopping: {patience: 3}}", {"training.early_stopping=null"}).training.early_stopping);
  EXPECT_EQ(read("output: x", {"training.early_stopping.patience=9"}).training.early_stopping, EarlyStopping{9});
  EXPECT_EQ(read("", {"output=runs/a=b"}).output, "runs/a=b") << "only the first '=' separates";
}

TEST(Overrides, TakeATextAsItIs) {
  config::Overrides overrides;
  overrides.add_text("output", "a: [b", "--output 'a: [b'");
  EXPECT_EQ(read("output: x", overrides).output, "a: [b");
  config::Overrides wrong;
  wrong.add_text("training.seed", "x", "--seed x");
  EXPECT_EQ(error_of("output: x", wrong), "--seed x: training.seed: must be a whole number, got 'x'");
}

TEST(Overrides, AreNamedInErrors) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"optimizer.learnin_rate=1",
       "--set optimizer.learnin_rate=1: optimizer.learnin_rate: unknown key; did you mean 'optimizer.learning_rate'?"},
      {"optimiser.name=lamb", "--set optimiser.name=lamb: optimiser: unknown key; did you mean 'optimizer'?"},
      {"learning_rate=1", "--set learning_rate=1: learning_rate: unknown key; did you mean 'optimizer.learning_rate'?"},
      {"optimizer.weight_decay=2", "--set optimizer.weight_decay=2: optimizer.weight_decay: must be in [0, 1], got 2"},
      {"optimizer.name=lamp",
       "--set optimizer.name=lamp: optimizer.name: must be one of lamb, adamw, got 'lamp'; did you mean 'lamb'?"},
      {"training.seed=", "--set training.seed=: training.seed: must be a whole number, got nothing"},
      {"training.seed=[1",
       "--set training.seed=[1: training.seed: a key must be a word, got a list or a map; write 'key: value', and close every "
       "'[' and '{'"},
      {"output=*.txt",
       "--set output=*.txt: output: not valid YAML: an alias ('*name') is not allowed; put a text that begins with '*' into "
       "quotes"},
      {"data.sources[2].path=a",
       "--set data.sources[2].path=a: data.sources[2].path: the index must be at most 0, the length of the list (that appends), "
       "got 2"},
      {"training[0]=1", "--set training[0]=1: training[0]: an index needs a list, and this key has none"},
      {"a..b=1", "--set a..b=1: a..b: must be a key such as optimizer.name or data.sources[0].path"},
      {"data.sources[x]=1",
       "--set data.sources[x]=1: data.sources[x]: must be a key such as optimizer.name or data.sources[0].path"},
      {"data.sources[0]x=1",
       "--set data.sources[0]x=1: data.sources[0]x: must be a key such as optimizer.name or data.sources[0].path"},
      {"model.num_attention_heads=7",
       "--set model.num_attention_heads=7: model.num_attention_heads: must divide hidden_size (768), got 7"},
      {"model={dropout: 0, dropout: 1}",
       "--set model={dropout: 0, dropout: 1}: model.dropout: given twice, first in line 1; keep one of them"},
      {"output=\xFF", "--set output=\\xFF: output: must be UTF-8, got the byte 0xFF; save the file as UTF-8"},
  };
  for (const auto& [assignment, error] : cases) EXPECT_EQ(error_of("output: x\ntraining: {shuffle: true}", {assignment}), error);
}

TEST(Overrides, NeedAnEqualsSign) {
  for (const char* text : {"training.seed", "", "=3"}) {
    EXPECT_THAT([&] { config::Overrides({text}); }, ::testing::ThrowsMessage<ConfigError>(fmt::format(
                                                        "--set {}: must be key=value, for example --set training.seed=2", text)));
  }
}

TEST(Overrides, DoNotHideAWrongSectionOfTheFile) {
  EXPECT_EQ(error_of("output: x\nmodel: 5\n", {"model.hidden_size=24"}),
            "c.yaml:2:8: model: must be a section of 'key: value' lines, got '5'");
}

}  // namespace
}  // namespace albert::prototype
