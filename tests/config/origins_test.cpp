#include <albert/config/origins.h>
#include <albert/config/writer.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <fstream>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

constexpr const char* kOriginText = R"(output: x
model: {hidden_size: 24}

data:
  sources:
    - path: a
      format: jsonl
    - {path: b}
training:
  micro_batch: auto
  early_stopping: {patience: 2}
)";

TEST(Origins, TellTheLineOrTheOverrideOfEachWrittenValue) {
  config::Overrides overrides({"training.seed=3", "data.sources[1].weight=2", "model.dropout=0.5"});
  overrides.add_text("note", "n", "--note n");
  config::Origins origins;
  (void)config::parse_config<Prototype>(config::ConfigText{.text = kOriginText, .name = "c.yaml"}, overrides, &origins);
  const std::vector<std::pair<std::string, std::string>> expected{{"output", "c.yaml:1"},
                                                                  {"note", "--note"},
                                                                  {"model.hidden_size", "c.yaml:2"},
                                                                  {"model.dropout", "--set"},
                                                                  {"data.sources[0].path", "c.yaml:6"},
                                                                  {"data.sources[0].format", "c.yaml:7"},
                                                                  {"data.sources[1].path", "c.yaml:8"},
                                                                  {"data.sources[1].weight", "--set"},
                                                                  {"training.micro_batch", "c.yaml:10"},
                                                                  {"training.early_stopping.patience", "c.yaml:11"},
                                                                  {"training.seed", "--set"}};
  for (const auto& [key, place] : expected) EXPECT_EQ(origins[key], place) << key;
  for (const auto* key : {"model.init_from", "data.sources[0].weight", "data.languages", "optimizer", "optimizer.name"}) {
    EXPECT_FALSE(origins.contains(key)) << key;
  }
}

TEST(Origins, TellTheIncludedFile) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "base.yaml") << "# base\noutput: x\nmodel: {hidden_size: 24, dropout: 0.5}\n";
  std::ofstream(folder / "run.yaml") << "include: base.yaml\nmodel:\n  dropout: 0.25\n";
  config::Origins origins;
  (void)config::parse_config<Prototype>(config::read_config_text(folder / "run.yaml"), {}, &origins);
  const auto prefix = folder.path().string();
  EXPECT_EQ(origins["output"], prefix + "/base.yaml:2");
  EXPECT_EQ(origins["model.hidden_size"], prefix + "/base.yaml:3");
  EXPECT_EQ(origins["model.dropout"], prefix + "/run.yaml:3");
  EXPECT_FALSE(origins.contains("include"));
}

TEST(Origins, ChangedKeysAreThoseThatDifferFromTheDefaults) {
  const auto config = read(kOriginText, {"data.languages=[en]", "model.num_attention_heads=12", "data.sources[1].weight=2"});
  EXPECT_THAT(
      config::changed_keys(config, Prototype{}),
      ::testing::UnorderedElementsAre("output", "model.hidden_size", "data.sources[0].path", "data.sources[0].format",
                                      "data.sources[1].path", "data.sources[1].weight", "training.early_stopping.patience"));
  EXPECT_THAT(config::changed_keys(Prototype{}, Prototype{}), ::testing::ElementsAre("output")) << "has no default";
  Prototype base;
  base.data.sources = {{"a", TextFormat::wrapped, 1}};
  EXPECT_THAT(config::changed_keys(Prototype{}, base), ::testing::UnorderedElementsAre("output", "data.sources"))
      << "an empty list";
}

TEST(ConfigWriter, PutsNotesBehindValues) {
  const auto config = read("output: x\ndata: {sources: [{path: a}], languages: [de]}\n");
  const auto yaml = config::to_yaml(config, [](const std::string& key) { return key == "note" ? "" : key + "\nof it"; });
  EXPECT_THAT(yaml, ::testing::StartsWith(
                        "output: x  # output\\nof it\nnote: \"\"\n\nmodel:\n  hidden_size: 768  # model.hidden_size\\nof it\n"));
  EXPECT_THAT(yaml, ::testing::HasSubstr("  sources:\n    - path: a  # data.sources[0].path\\nof it\n"));
  EXPECT_THAT(yaml, ::testing::HasSubstr("\n  languages: [de]  # data.languages\\nof it\n"));
  EXPECT_EQ(read(yaml), config);
}

}  // namespace
}  // namespace albert::prototype
