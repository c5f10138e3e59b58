#include <albert/config/writer.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <filesystem>
#include <fstream>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

namespace fs = std::filesystem;

/// Files of a configuration.
class IncludeFolder {
 public:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] Prototype read(const std::string& name, const config::Overrides& overrides = {}) const {
    return config::read_config<Prototype>(path(name), overrides);
  }
  /// The error, without the folder.
  [[nodiscard]] std::string error(const std::string& name, const config::Overrides& overrides = {}) const {
    try {
      (void)read(name, overrides);
    } catch (const ConfigError& error) {
      std::string text = error.what();
      const auto prefix = folder_.path().string() + "/";
      for (size_t at = 0; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
      return text;
    }
    return "no error";
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST(Include, ValuesOfTheIncludingFileWinAndMapsMerge) {
  const IncludeFolder files;
  files.write("base.yaml",
              "output: base\nmodel: {hidden_size: 24, dropout: 0.5}\ndata: {languages: [de, fr]}\noptimizer: {layer_decay: "
              "{rate: 0.5}}\n");
  files.write("run.yaml",
              "include: base.yaml\noutput: run\nmodel:\n  hidden_size: 36\ndata: {languages: [en]}\noptimizer: {name: adamw}\n");
  const auto config = files.read("run.yaml");
  EXPECT_EQ(config.output, "run");
  EXPECT_EQ(config.model.hidden_size, 36);
  EXPECT_EQ(config.model.dropout, 0.5);
  EXPECT_THAT(config.data.languages, ::testing::ElementsAre("en")) << "lists replace";
  EXPECT_EQ(config.optimizer.name, Algorithm::adamw);
  EXPECT_EQ(config.optimizer.layer_decay.rate, 0.5);
}

TEST(Include, TheLastOfAListWinsAndOverridesBeatAll) {
  const IncludeFolder files;
  files.write("parts/a.yaml", "output: a\nnote: a\nmodel: {hidden_size: 24}\n");
  files.write("parts/b.yaml", "note: b\nmodel: {dropout: 0.25}\ntraining: {seed: 4}\n");
  files.write("run.yaml", "training: {seed: 5}\ninclude: [parts/a.yaml, parts/b.yaml]\n");
  const auto config = files.read("run.yaml", {"training.seed=6", "model.dropout=0.75"});
  EXPECT_EQ(config.output, "a");
  EXPECT_EQ(config.note, "b");
  EXPECT_EQ(config.model.hidden_size, 24);
  EXPECT_EQ(config.model.dropout, 0.75);
  EXPECT_EQ(config.training.seed, 6);
}

TEST(Include, PathsAreThoseOfTheFolderOfTheFileThatNamesThem) {
  const IncludeFolder files;
  files.write("run.yaml", "include: parts/../parts/a.yaml\n");
  files.write("parts/a.yaml", "include: deeper/b.yaml\nnote: a\n");
  files.write("parts/deeper/b.yaml", "output: b\nnote: b\n");
  const auto config = files.read("run.yaml");
  EXPECT_EQ(config.output, "b");
  EXPECT_EQ(config.note, "a");
  const testing::TemporaryFolder elsewhere;
  fs::create_symlink(files.path("parts"), elsewhere / "link");
  EXPECT_EQ(config::read_config<Prototype>(elsewhere / "link" / "a.yaml").output, "b") << "a folder may be reached by a link";
}

TEST(Include, ASectionWithoutAValueKeepsTheIncludedOneAndNullDoesNot) {
  const IncludeFolder files;
  files.write("base.yaml", "output: x\nmodel: {hidden_size: 24}\ntraining: {early_stopping: {patience: 3}}\n");
  files.write("run.yaml", "include: base.yaml\nmodel:\n  # hidden_size: 36\ntraining:\n  early_stopping:\n");
  EXPECT_EQ(files.read("run.yaml").model.hidden_size, 24);
  EXPECT_EQ(files.read("run.yaml").training.early_stopping, EarlyStopping{3});
  files.write("run.yaml", "include: base.yaml\ntraining: {early_stopping: null}\n");
  EXPECT_FALSE(files.read("run.yaml").training.early_stopping);
}

TEST(Include, AFileMayBeIncludedTwiceAndMayBeEmpty) {
  const IncludeFolder files;
  files.write("base.yaml", "output: x\n");
  files.write("a.yaml", "include: base.yaml\nnote: a\n");
  files.write("empty.yaml", "# nothing yet\n");
  files.write("run.yaml", "include:\n  - a.yaml\n  - base.yaml\n  - empty.yaml\n");
  EXPECT_EQ(files.read("run.yaml").output, "x");
  files.write("run.yaml", "output: y\ninclude: []\n");
  EXPECT_EQ(files.read("run.yaml").output, "y");
}

TEST(Include, ErrorsNameTheFileWithLineAndColumn) {
  const IncludeFolder files;
  files.write("run.yaml", "include: [parts/a.yaml, b.yaml]\ntraining: {batch_size: 0}\n");
  files.write("parts/a.yaml", "output: x\n\noptimizer:\n  learnin_rate: 1\n  weight_decay: 2\n  weight_decay: 3\n");
  files.write("b.yaml", "model: {hidden_size: 100}\n");
  EXPECT_EQ(files.error("run.yaml", {"data.max_length=x"}),
            "run.yaml:2:24: training.batch_size: must be at least 1, got 0\n"
            "parts/a.yaml:4:3: optimizer.learnin_rate: unknown key; did you mean 'optimizer.learning_rate'?\n"
            "parts/a.yaml:5:17: optimizer.weight_decay: must be in [0, 1], got 2\n"
            "parts/a.yaml:6:3: optimizer.weight_decay: given twice, first in line 5; keep one of them\n"
            "b.yaml:1:1: model.num_attention_heads: must divide hidden_size (100), got 12\n"
            "--set data.max_length=x: data.max_length: must be a whole number, got 'x'");
  files.write("b.yaml", "model: {hidden_size: [}\n");
  EXPECT_THAT(files.error("run.yaml"), ::testing::HasSubstr("\nb.yaml:1:23: not valid YAML: "));
  files.write("b.yaml", "- output\n");
  EXPECT_THAT(files.error("run.yaml"),
              ::testing::EndsWith("\nb.yaml:1:1: must be 'key: value' lines at the top level, got a list"));
}

TEST(Include, ValuesThatReplaceEachOtherAreCheckedOnceMerged) {
  const IncludeFolder files;
  files.write("base.yaml", "output: x\nmodel: {hidden_size: many}\ntraining: {micro_batch: 300}\n");
  files.write("run.yaml", "include: base.yaml\nmodel: {hidden_size: 24}\n");
  EXPECT_EQ(files.error("run.yaml"), "base.yaml:3:25: training.micro_batch: must be at most batch_size (256), got 300");
  files.write("run.yaml", "include: base.yaml\nmodel: {hidden_size: 24}\ntraining: {batch_size: 512}\n");
  EXPECT_EQ(files.read("run.yaml").training.micro_batch.value, 300);
  files.write("base.yaml", "model: {hidden_size: 24}\n");
  files.write("run.yaml", "include: base.yaml\nmodel: 5\n");
  EXPECT_EQ(files.error("run.yaml"),
            "run.yaml:1:1: output: must be given\nrun.yaml:2:8: model: must be a section of 'key: value' lines, got '5'");
}

TEST(Include, StaysInTheFolderOfTheFile) {
  const IncludeFolder files;
  files.write("outside.yaml", "output: x\n");
  fs::create_directories(files.path("in/sub"));
  fs::create_symlink("../outside.yaml", files.path("in/link.yaml"));
  fs::create_directory_symlink("..", files.path("in/up"));
  const auto outside = files.path("outside.yaml").string();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"../outside.yaml", "must be a path under the folder of this file, got '../outside.yaml'"},
      {"sub/../../outside.yaml", "must be a path under the folder of this file, got 'sub/../../outside.yaml'"},
      {"..", "must be a path under the folder of this file, got '..'"},
      {"link.yaml", "must be a path under the folder of this file, got 'link.yaml', which is a link out of it"},
      {"up/outside.yaml", "must be a path under the folder of this file, got 'up/outside.yaml', which is a link out of it"},
      {"/dev/null", "must be a path under the folder of this file, got '/dev/null'"},
      {"none.yaml", "must name a file, got 'none.yaml' (No such file or directory)"},
      {"sub", "must name a file, got 'sub', which is none"},
      {"run.yaml", "must not name this file or one that includes it, got 'run.yaml'"},
      {"''", "must be a path, got ''"},
      {"\"a\\0b\"", "must be a path, got 'a\\x00b'"},
      {"{a: b}", "must be a path or a list of paths, got a map"},
      {"", "must be a path or a list of paths, got nothing"},
      {"null", "must be a path or a list of paths, got null"},
      {"[[sub]]", "must be a path or a list of paths, got a list"},
  };
  for (const auto& [path, error] : cases) {
    files.write("in/run.yaml", "output: x\ninclude: " + path + "\n");
    EXPECT_EQ(files.error("in/run.yaml"), fmt::format("in/run.yaml:2:{}: include: {}", path.empty() ? 1 : 10, error));
  }
  files.write("in/run.yaml", "output: x\ninclude: " + outside + "\n");
  EXPECT_THAT(files.error("in/run.yaml"), ::testing::HasSubstr("must be a path under the folder of this file"));
}

TEST(Include, RefusesCyclesDepthNumberAndSize) {
  const IncludeFolder files;
  files.write("a.yaml", "output: x\ninclude: b.yaml\n");
  files.write("b.yaml", "include: c.yaml\n");
  files.write("c.yaml", "include: a.yaml\n");
  EXPECT_EQ(files.error("a.yaml"), "c.yaml:1:10: include: must not name this file or one that includes it, got 'a.yaml'");
  fs::create_symlink("a.yaml", files.path("other-name.yaml"));
  files.write("c.yaml", "include: other-name.yaml\n");
  EXPECT_EQ(files.error("a.yaml"),
            "c.yaml:1:10: include: must not name this file or one that includes it, got 'other-name.yaml'");

  for (int i = 0; i < 10; ++i) files.write(fmt::format("d{}.yaml", i), fmt::format("include: d{}.yaml\n", i + 1));
  EXPECT_EQ(files.error("d0.yaml"), "d8.yaml:1:10: include: must nest at most 8 deep, got more");
  files.write("d9.yaml", "output: x\n");
  EXPECT_EQ(files.read("d1.yaml").output, "x") << "eight";

  files.write("e.yaml", "note: e\n");
  std::string list = "e.yaml";
  for (int i = 1; i < 32; ++i) list += ", e.yaml";
  files.write("many.yaml", "output: x\ninclude: [" + list + "]\n");
  EXPECT_EQ(files.read("many.yaml").note, "e");
  files.write("many.yaml", "output: x\ninclude: [" + list + ", e.yaml]\n");
  EXPECT_EQ(files.error("many.yaml"), "many.yaml:2:267: include: must name at most 32 files in all, got more");

  files.write("large.yaml", std::string((size_t{1} << 20U) + 1, '#'));
  files.write("run.yaml", "include: large.yaml\n");
  EXPECT_EQ(files.error("run.yaml"), "run.yaml:1:10: include: large.yaml: must be at most 1048576 bytes, got more");
}

TEST(Include, IsWrittenInAFileOnly) {
  EXPECT_EQ(error_of("include: base.yaml\n"),
            "c.yaml:1:10: include: must not be given here: only a configuration file can include others");
  EXPECT_EQ(error_of("output: x\n", {"include=base.yaml"}),
            "--set include=base.yaml: include: must be written in the configuration file");
  EXPECT_EQ(error_of("output: x\nincludes: base.yaml\n"), "c.yaml:2:1: includes: unknown key; did you mean 'include'?");
  EXPECT_EQ(error_of("output: x\nmodel: {include: b.yaml}\n"),
            "c.yaml:2:9: model.include: unknown key; known here: hidden_size, num_attention_heads, dropout, init_from");
}

}  // namespace
}  // namespace albert::prototype
