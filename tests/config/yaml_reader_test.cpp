#include <albert/config/yaml_reader.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <cmath>
#include <fstream>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

TEST(YamlReader, ReadsEveryTypeOfField) {
  const auto config = read(R"(
output: runs/small
note: "a: b # c"
model:
  hidden_size: 1e3
  num_attention_heads: 10
  dropout: .5
  init_from: other/final
data:
  sources:
    - {path: "text/*.txt", format: wrapped, weight: 2}
    - path: b.jsonl
      format: jsonl
  sample_bytes: 1.5 MiB
  languages: [en, de]
optimizer:
  name: adamw
  learning_rate: 1.76e-3
  layer_decay: {rate: 0.9}
training:
  duration: 3 epochs
  warmup: 10 %
  micro_batch: 32
  device: cuda:1
  shuffle: false
  early_stopping: {patience: 2}
)");
  EXPECT_EQ(config.output, "runs/small");
  EXPECT_EQ(config.note, "a: b # c");
  EXPECT_EQ(config.model.hidden_size, 1000);
  EXPECT_EQ(config.model.dropout, 0.5);
  EXPECT_EQ(config.model.init_from, std::filesystem::path("other/final"));
  ASSERT_EQ(config.data.sources.size(), 2U);
  EXPECT_EQ(config.data.sources[0], (TextSource{"text/*.txt", TextFormat::wrapped, 2.0}));
  EXPECT_EQ(config.data.sources[1], (TextSource{"b.jsonl", TextFormat::jsonl, 1.0}));
  EXPECT_EQ(config.data.sample_bytes.bytes, 3U << 19U);
  EXPECT_THAT(config.data.languages, ::testing::ElementsAre("en", "de"));
  EXPECT_EQ(config.optimizer.name, Algorithm::adamw);
  EXPECT_EQ(config.optimizer.learning_rate, 1.76e-3);
  EXPECT_EQ(config.optimizer.layer_decay.rate, 0.9);
  EXPECT_EQ(config.training.duration, (Duration{3, DurationUnit::epochs}));
  EXPECT_EQ(config.training.warmup, (Duration{10, DurationUnit::percent}));
  EXPECT_EQ(config.training.micro_batch.value, 32);
  EXPECT_EQ(config.training.device.value, "cuda:1");
  EXPECT_FALSE(config.training.shuffle);
  EXPECT_EQ(config.training.early_stopping, EarlyStopping{2});
}

TEST(YamlReader, KeepsTheDefaultOfWhatIsNotWritten) {
  EXPECT_EQ(read("output: x"), (Prototype{.output = "x"}));
  EXPECT_EQ(read("output: x\nmodel:\noptimizer: {}\ndata: null\n"), (Prototype{.output = "x"}));
}

TEST(YamlReader, TakesAutoAndNullForWhatTheyMean) {
  const auto config =
      read("output: x\nmodel: {init_from: null}\ntraining: {micro_batch: auto, device: auto, early_stopping: ~}\n");
  EXPECT_EQ(config, (Prototype{.output = "x"}));
}

TEST(YamlReader, TakesAnyPlainWordForAText) {
  for (const char* text : {"12", "true", "yes", "0x1F", "1e3", "a b", "http://x/y", "10 %", "-5"}) {
    EXPECT_EQ(read(std::string("output: x\nnote: ") + text).note, text);
  }
  EXPECT_EQ(read("output: x\nnote: 'null'").note, "null");
}

TEST(YamlReader, ReadsWholeNumbersInScientificNotationExactly) {
  const auto seed_of = [](const std::string& text) { return read("output: x\ntraining: {seed: " + text + "}").training.seed; };
  EXPECT_EQ(seed_of("1e6"), 1'000'000);
  EXPECT_EQ(seed_of("1.5e3"), 1500);
  EXPECT_EQ(seed_of("12300e-2"), 123);
  EXPECT_EQ(seed_of("+7"), 7);
  EXPECT_EQ(seed_of("2.0"), 2);
  EXPECT_EQ(seed_of("0e99999999999999999999"), 0);
  EXPECT_EQ(seed_of("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(seed_of("9007199254740993"), 9007199254740993) << "not through a double";
}

TEST(YamlReader, AcceptsAByteOrderMarkAndEveryLineEnd) {
  const std::string lf = "output: x\ntraining:\n  seed: 7\n";
  std::string crlf = lf;
  std::string cr = lf;
  for (size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2) crlf.replace(at, 1, "\r\n");
  for (auto& c : cr) c = c == '\n' ? '\r' : c;
  for (const auto& text : {lf, crlf, cr, "\xEF\xBB\xBF" + crlf, "---\n" + lf + "...\n", lf.substr(0, lf.size() - 1)}) {
    EXPECT_EQ(read(text).training.seed, 7) << text;
  }
  EXPECT_EQ(error_of("\xEF\xBB\xBFoutput: x\r\n\r\ntraining:\r\n  seed: z\r\n"),
            "c.yaml:4:9: training.seed: must be a whole number, got 'z'");
}

TEST(YamlReader, ReadsAFileAndNamesItInErrors) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "run.yaml";
  std::ofstream(path) << "output: here\ntraining: {seed: 5}\n";
  EXPECT_EQ(config::read_config<Prototype>(path, {"training.seed=6"}).training.seed, 6);
  std::ofstream(path) << "output: here\nsed: 1\n";
  EXPECT_THAT([&] { (void)config::read_config<Prototype>(path); },
              ::testing::ThrowsMessage<ConfigError>(path.string() + ":2:1: sed: unknown key; did you mean 'training.seed'?"));
  EXPECT_THAT([&] { (void)config::read_config<Prototype>(folder / "none.yaml"); },
              ::testing::ThrowsMessage<ConfigError>((folder / "none.yaml").string() +
                                                    ": must be a configuration file, got no such file"));
  EXPECT_THAT([&] { (void)config::read_config<Prototype>(folder.path()); },
              ::testing::ThrowsMessage<ConfigError>(folder.path().string() + ": must be a configuration file, got a folder"));
}

TEST(YamlReader, CollectsAllProblemsInTheOrderOfTheFile) {
  EXPECT_EQ(error_of(R"(note: 1
model:
  hidden_size: 100
  num_attention_heads: 12
optimizer:
  weight_decay: 2
  nam: lamb
  learning_rate: fast
training:
  batch_size: 4
  micro_batch: 8
  shuffle: yes
)",
                     {"training.seed=-1", "data.max_length=x"}),
            "c.yaml:1:1: output: must be given\n"
            "c.yaml:4:24: model.num_attention_heads: must divide hidden_size (100), got 12\n"
            "c.yaml:6:17: optimizer.weight_decay: must be in [0, 1], got 2\n"
            "c.yaml:7:3: optimizer.nam: unknown key; did you mean 'optimizer.name'?\n"
            "c.yaml:8:18: optimizer.learning_rate: must be a number, got 'fast'\n"
            "c.yaml:11:16: training.micro_batch: must be at most batch_size (4), got 8\n"
            "c.yaml:12:12: training.shuffle: must be true or false, got 'yes'; write true\n"
            "--set training.seed=-1: training.seed: must be at least 0, got -1\n"
            "--set data.max_length=x: data.max_length: must be a whole number, got 'x'");
}

TEST(YamlReader, RunsOnlyRulesWhoseOptionsWereRead) {
  EXPECT_EQ(error_of("output: x\nmodel: {hidden_size: 100, num_attention_heads: 0}"),
            "c.yaml:2:48: model.num_attention_heads: must be at least 1, got 0")
      << "nothing is divided by the 0";
  EXPECT_EQ(error_of("output: x\ntraining: {batch_sise: 4, micro_batch: 300}"),
            "c.yaml:2:12: training.batch_sise: unknown key; did you mean 'training.batch_size'?");
  EXPECT_EQ(error_of("output: x\ntraining: {batch_size: 0, micro_batch: 300}"),
            "c.yaml:2:24: training.batch_size: must be at least 1, got 0")
      << "micro_batch is not compared with a default";
}

TEST(YamlReader, PlacesARuleOnAMissingKeyAtTheNearestSection) {
  EXPECT_EQ(error_of("output: x\nmodel:\n  hidden_size: 100\n"),
            "c.yaml:2:1: model.num_attention_heads: must divide hidden_size (100), got 12");
  EXPECT_EQ(error_of("output: x\ntraining: {seed: 13}\n"), "c.yaml:1:1: must not be unlucky");
  EXPECT_EQ(error_of("output: x\ndata:\n  sources:\n    - format: jsonl\n      path: a.txt\n    - weight: 2\n"),
            "c.yaml:4:15: data.sources[0].format: must not be jsonl for a .txt file\n"
            "c.yaml:6:7: data.sources[1].path: must be given");
}

TEST(YamlReader, StopsListingAfterFiftyProblems) {
  std::string text = "output: x\n";
  for (int i = 0; i < 60; ++i) text += "unknown_thing_" + std::to_string(i) + ": 1\n";
  const auto error = error_of(text);
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 50);
  EXPECT_THAT(error, ::testing::EndsWith("\nc.yaml: more problems follow"));
}

TEST(Issues, JoinTheirPrefix) {
  config::Issues issues;
  issues.push("data");
  issues.push("sources");
  issues.push("[2]");
  issues.add("path", "a");
  issues.add("", "b");
  issues.pop();
  issues.pop();
  issues.add("[0]", "c");
  ASSERT_EQ(issues.all().size(), 3U);
  EXPECT_EQ(issues.all()[0].key, "data.sources[2].path");
  EXPECT_EQ(issues.all()[1].key, "data.sources[2]");
  EXPECT_EQ(issues.all()[2].key, "data[0]");
}

}  // namespace
}  // namespace albert::prototype
