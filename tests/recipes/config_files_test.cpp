#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/config_files.h>
#include <albert/recipes/config_templates.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/pretrain_config.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

const std::filesystem::path kTree = ALBERT_SOURCE_DIR;
constexpr const char* kPretraining = "output: r\ndata: {sources: [{path: t.txt}]}\ntraining:\n  seed: 7\n";
constexpr const char* kFinetuning = "output: r\nmodel: {init_from: m}\ntask: {name: sst-2}\ndata: {train: {path: t.tsv}}\n";

std::filesystem::path written(const testing::TemporaryFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name) << text;
  return folder / name;
}

TEST(ConfigSchema, PagesAreCurrent) {
  for (const auto program : {ConfigProgram::train, ConfigProgram::finetune}) {
    const auto name = config::enum_name(program);
    EXPECT_EQ(read_file(kTree / fmt::format("docs/schema/albert-{}.schema.json", name)), config_schema(program))
        << fmt::format("write it with: build/release/bin/albert config-schema {0} > docs/schema/albert-{0}.schema.json", name);
  }
}

TEST(ResolvedConfig, SaysForWhichProgramItIsAndReadsBack) {
  const testing::TemporaryFolder folder;
  const auto pretraining = resolved_config(written(folder, "p.yaml", kPretraining), {}, ShowOrigins::no);
  EXPECT_THAT(pretraining, StartsWith("# Configuration of albert-train.\noutput: r\n"));
  EXPECT_THAT(pretraining, HasSubstr("\n  store: r/store\n")) << "what follows from other options";
  EXPECT_EQ(config::parse_config<PretrainConfig>(pretraining, "p").training.seed, 7);
  const auto finetuning = resolved_config(written(folder, "f.yaml", kFinetuning), {"task.name=cola"}, ShowOrigins::no);
  EXPECT_THAT(finetuning, StartsWith("# Configuration of albert-finetune.\noutput: r\n"));
  EXPECT_EQ(config::parse_config<FinetuneConfig>(finetuning, "f").task.name, "cola");
}

TEST(ProgramConfig, AFileOfTheOtherProgramIsToldInOneLine) {
  const testing::TemporaryFolder folder;
  const auto pretraining = written(folder, "p.yaml", kPretraining);
  const auto finetuning = written(folder, "f.yaml", kFinetuning);
  EXPECT_EQ(read_pretrain_config(pretraining, {"training.seed=9"}).training.seed, 9);
  EXPECT_EQ(read_finetune_config(finetuning, {}).task.name, "sst-2");
  EXPECT_THAT([&] { (void)read_pretrain_config(finetuning, {"data.prefetch_steps=3"}); },
              ThrowsMessage<ConfigError>(finetuning.string() + ": must be a configuration of albert-train, got one of albert-finetune; give it to that program"));
  EXPECT_THAT([&] { (void)read_finetune_config(pretraining, {}); },
              ThrowsMessage<ConfigError>(pretraining.string() + ": must be a configuration of albert-finetune, got one of albert-train; give it to that program"));
  EXPECT_THAT([&] { (void)read_pretrain_config(written(folder, "n.yaml", "output: r\ntrainin: {}\n"), {}); },
              ThrowsMessage<ConfigError>(HasSubstr("trainin: unknown key; did you mean 'training'?")));
}

TEST(ResolvedConfig, TellsWhereTheValuesOfAFileComeFrom) {
  const testing::TemporaryFolder folder;
  written(folder, "base.yaml", kPretraining);
  const auto path = written(folder, "run.yaml", "include: base.yaml\ntraining: {batch_size: 8}\n");
  const auto text = resolved_config(path, {"optimizer.name=adamw"}, ShowOrigins::yes);
  const auto base = (folder / "base.yaml").string();
  for (const auto& line : {fmt::format("output: r  # {}:1\n", base), fmt::format("    - path: t.txt  # {}:2\n", base),
                           fmt::format("  seed: 7  # {}:4\n", base), fmt::format("  batch_size: 8  # {}:2\n", path.string()),
                           std::string("  name: adamw  # --set\n"), std::string("  learning_rate: 0.00176  # default\n")}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_EQ(config::parse_config<PretrainConfig>(text, "again").training.batch_size, 8);
}

TEST(ResolvedConfig, TellsTheLinesOfAMapThatStandsForAList) {
  const testing::TemporaryFolder folder;
  const auto path = written(folder, "f.yaml", std::string(kFinetuning) + "loss:\n  class_weights:\n    spam: 3\n    ham: 1\n");
  const auto text = resolved_config(path, {}, ShowOrigins::yes);
  EXPECT_THAT(text, HasSubstr(fmt::format("  class_weights:\n    - label: spam  # {0}:7\n      weight: 3  # {0}:7\n"
                                          "    - label: ham  # {0}:8\n      weight: 1  # {0}:8\n",
                                          path.string())));
}

TEST(ResolvedConfig, TellsOfARunWhatIsUnlikeTheDefaults) {
  const testing::TemporaryFolder folder;
  written(folder, "config.yaml", resolved_config(written(folder, "p.yaml", kPretraining), {}, ShowOrigins::no));
  const auto text = resolved_config(folder.path(), {"optimizer.name=adamw"}, ShowOrigins::yes);
  for (const auto* line :
       {"output: r  # set\n", "    - path: t.txt  # set\n", "      weight: 1  # default\n", "  store: r/store  # default\n",
        "  seed: 7  # set\n", "  batch_size: 256  # default\n", "  name: adamw  # --set\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("A run's configuration holds every value."));
}

TEST(ResolvedConfig, TellsWhatTheNameOfATaskBrings) {
  const testing::TemporaryFolder folder;
  const std::string rte = "output: r\nmodel: {init_from: m}\ntask: {name: RTE}\ndata: {train: {path: t.tsv}}\ntraining: {batch_size: 16}\n";
  const auto path = written(folder, "f.yaml", rte);
  const auto text = resolved_config(path, {}, ShowOrigins::yes);
  const std::string paper = "  # task default (ALBERT paper, Table 14)\n";
  for (const auto& line : {"  learning_rate: 3e-05" + paper, "  duration: 800 steps" + paper, "  warmup: 200 steps" + paper,
                           std::string("  max_length: 512  # task default (ALBERT paper, Table 14), at most the model's positions\n"),
                           "  dropout: 0.1" + paper, "  classifier_dropout: 0.1" + paper,
                           fmt::format("  batch_size: 16  # {}:5\n", path.string()), std::string("  weight_decay: 0.01  # default\n")}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(resolved_config(path, {"training.duration=5 epochs"}, ShowOrigins::yes), HasSubstr("  warmup: 10 %  # default\n"));
  // Of the run that it makes.
  written(folder, "config.yaml", text);
  const auto run = resolved_config(folder.path(), {"optimizer.learning_rate=1e-5"}, ShowOrigins::yes);
  for (const auto& line : {std::string("  learning_rate: 1e-05  # --set\n"), "  duration: 800 steps" + paper, "  warmup: 200 steps" + paper,
                           std::string("  batch_size: 16  # set\n"), std::string("  name: RTE  # set\n"), std::string("output: r  # set\n"),
                           std::string("  weight_decay: 0.01  # default\n")}) {
    EXPECT_THAT(run, HasSubstr(line));
  }
  written(folder, "config.yaml", resolved_config(path, {"training.duration=5 epochs"}, ShowOrigins::no));
  const auto longer = resolved_config(folder.path(), {}, ShowOrigins::yes);
  EXPECT_THAT(longer, HasSubstr("  duration: 5 epochs  # set\n"));
  EXPECT_THAT(longer, HasSubstr("  warmup: 10 %  # default\n"));
}

TEST(ReadFinetuneConfig, TellsWhatTheUserHasWritten) {
  const testing::TemporaryFolder folder;
  const std::string rte = "output: r\nmodel: {init_from: m}\ntask: {name: rte}\n";
  const auto is_length_written = [&](const std::string& text, const config::Overrides& overrides) {
    config::Origins origins;
    (void)read_finetune_config(written(folder, "f.yaml", text), overrides, &origins);
    EXPECT_TRUE(is_written(origins, "task.name"));
    return is_written(origins, "data.max_length");
  };
  EXPECT_FALSE(is_length_written(rte, {})) << "the task's 512";
  EXPECT_FALSE(is_length_written("output: r\nmodel: {init_from: m}\ntask: {name: arc}\n", {})) << "the general 128";
  EXPECT_TRUE(is_length_written(rte + "data: {max_length: 512}\n", {}));
  EXPECT_TRUE(is_length_written(rte, {"data.max_length=512"}));
  written(folder, "base.yaml", "data: {max_length: 512}\n");
  EXPECT_TRUE(is_length_written("include: base.yaml\n" + rte, {}));
  written(folder, "config.yaml", resolved_config(written(folder, "f.yaml", rte), {}, ShowOrigins::no));
  config::Origins origins;
  (void)read_finetune_config(folder / "config.yaml", {}, &origins);
  EXPECT_TRUE(is_written(origins, "data.max_length")) << "of a run";
}

TEST(ResolvedConfig, ReportsTheProblemsOfTheProgramThatItIsNearerTo) {
  const testing::TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    const auto path = written(folder, "c.yaml", text);
    try {
      (void)resolved_config(path, {}, ShowOrigins::no);
    } catch (const ConfigError& problems) {
      std::string result = problems.what();
      for (size_t at = 0; (at = result.find(path.string())) != std::string::npos;) result.replace(at, path.string().size(), "C");
      return result;
    }
    return std::string("no error");
  };
  EXPECT_EQ(error(std::string(kPretraining) + "  sed: 8\n"),
            "C:5:3: training.sed: unknown key; did you mean 'training.seed'?\nC: read as a configuration of albert-train");
  EXPECT_EQ(error(std::string(kFinetuning) + "loss: {label_smoothing: 1}\n"),
            "C:5:25: loss.label_smoothing: must be in [0, 1), got 1\nC: read as a configuration of albert-finetune");
  EXPECT_THAT([&] { (void)resolved_config(folder / "none.yaml", {}, ShowOrigins::no); },
              ThrowsMessage<ConfigError>((folder / "none.yaml").string() + ": must be a configuration file, got no such file"));
  EXPECT_THAT(
      [&] { (void)resolved_config(folder.path(), {}, ShowOrigins::no); },
      ThrowsMessage<ConfigError>(folder.path().string() +
                                 ": must be a configuration file or the folder of a run, got a folder without config.yaml"));
}

TEST(ConfigTemplates, AreTheShippedFiles) {
  size_t count = 0;
  for (const auto& [program, folder] : {std::pair{"train", "configs/pretrain"}, std::pair{"finetune", "configs/finetune"}}) {
    for (const auto& entry : std::filesystem::directory_iterator(kTree / folder)) {
      const auto& which = find_template(entry.path().stem().string());
      EXPECT_EQ(which.program, program);
      EXPECT_EQ(which.text, read_file(entry.path()));
      EXPECT_THAT(
          std::string(which.text),
          StartsWith(fmt::format("# yaml-language-server: $schema=../../docs/schema/albert-{}.schema.json\n# ", program)));
      EXPECT_THAT(template_text(which),
                  StartsWith(fmt::format("# yaml-language-server: $schema=albert-{}.schema.json\n# ", program)));
      EXPECT_EQ(template_text(which).substr(template_text(which).find('\n')), which.text.substr(which.text.find('\n')));
      ++count;
    }
  }
  EXPECT_EQ(config_templates().size(), count);
  EXPECT_GE(count, 20U);
}

TEST(ConfigTemplates, AreListedWithTheirPurpose) {
  EXPECT_THAT(template_list(), HasSubstr("\nquickstart       train     The run of scripts/quickstart.sh: a very small ALBERT"));
  EXPECT_THAT(template_list(), HasSubstr("\nspam             finetune  Spam or ham: SMS Spam Collection (label, tab, text)\n"));
}

TEST(ConfigTemplates, SuggestTheNearestName) {
  EXPECT_THAT([] { (void)find_template("spma"); },
              ThrowsMessage<ConfigError>(::testing::AllOf(StartsWith("albert new: NAME must be one of albert-base-v2, "),
                                                          ::testing::EndsWith(", got 'spma'; did you mean 'spam'?"))));
  EXPECT_THAT([] { (void)find_template(""); },
              ThrowsMessage<ConfigError>(StartsWith("albert new: NAME must be given, one of albert-base-v2, ")));
}

TEST(ConfigTemplates, AreNotWrittenOverAFile) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "new.yaml";
  std::ostringstream out;
  write_template(find_template("small"), path, out);
  EXPECT_EQ(read_file(path), template_text(find_template("small")));
  EXPECT_THAT(out.str(), HasSubstr("albert config-schema train > " + (folder / "albert-train.schema.json").string() + "\n"));
  const auto refuse = [&] { write_template(find_template("spam"), path, out); };
  EXPECT_THAT(refuse,
              ThrowsMessage<ConfigError>(path.string() + ": must not exist; choose another name by --output, or delete it"));
  EXPECT_EQ(read_file(path), template_text(find_template("small")));
  std::filesystem::remove(path);
  std::filesystem::create_symlink("nowhere", path);
  EXPECT_THAT(refuse, ThrowsMessage<ConfigError>(HasSubstr("must not exist")));
  EXPECT_THROW(write_template(find_template("spam"), folder / "no" / "folder.yaml", out), IoError);
}

}  // namespace
}  // namespace albert
