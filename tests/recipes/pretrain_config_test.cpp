#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/random.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/pretrain_config.h>
#include <config/broken_configs.h>

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

namespace albert {
namespace {

const std::filesystem::path kRepository = ALBERT_SOURCE_DIR;

TEST(PretrainConfig, EachBrokenFileHasItsError) {
  const auto count = testing::expect_broken_configs<PretrainConfig>(kRepository / "tests/recipes/broken_configs");
  EXPECT_GE(count, 60U);
}

TEST(PretrainConfig, EachShippedFileIsValidAndSurvivesWriting) {
  size_t count = 0;
  for (const char* folder : {"configs/pretrain", "configs/ablation"}) {
    for (const auto& entry : std::filesystem::directory_iterator(kRepository / folder)) {
      const auto config = config::read_config<PretrainConfig>(entry.path());
      const auto again = config::parse_config<PretrainConfig>(config::to_yaml(config), "written");
      EXPECT_THAT(config::diff_configs(config, again), ::testing::IsEmpty()) << entry.path();
      ++count;
    }
  }
  EXPECT_GE(count, 13U);
}

TEST(PretrainConfig, ReferencePageIsCurrent) {
  EXPECT_EQ(read_file(kRepository / "docs/config.md"), pretrain_reference() + "\n" + finetune_reference())
      << "docs/config.md is out of date; write it with: build/release/bin/albert config-reference > docs/config.md";
}

/// All keys that a configuration has, as "optimizer.layer_decay.rate".
std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  const std::string table = pretrain_reference();
  for (size_t at = table.find("\n| `"); at != std::string::npos; at = table.find("\n| `", at + 1)) {
    const size_t begin = at + 4;
    const auto key = table.substr(begin, table.find('`', begin) - begin);
    if (key.find("[]") == std::string::npos) keys.push_back(key);
  }
  return keys;
}

/// One letter dropped, doubled, replaced or swapped with its neighbour, in the last part of the key.
std::string with_typo(const std::string& key, RandomStream& random) {
  const size_t begin = key.rfind('.') + 1;  // npos + 1 = 0
  std::string typo = key;
  const size_t at = begin + random.below(key.size() - begin);
  switch (random.below(4)) {
    case 0: typo.erase(at, 1); break;
    case 1: typo.insert(at, 1, typo[at]); break;
    case 2: typo[at] = static_cast<char>('a' + random.below(26)); break;
    default:
      if (at + 1 < typo.size()) std::swap(typo[at], typo[at + 1]);
  }
  return typo;
}

TEST(PretrainConfig, SuggestsTheRightKeyForNineTyposOfTen) {
  RandomStream random(1, "typos");
  const auto keys = all_keys();
  ASSERT_GE(keys.size(), 60U) << "the reference page has changed its form";
  int tried = 0;
  int right = 0;
  for (int round = 0; round < 3; ++round) {
    for (const auto& key : keys) {
      const auto typo = with_typo(key, random);
      if (typo == key || typo.back() == '.' || std::find(keys.begin(), keys.end(), typo) != keys.end()) continue;
      try {
        (void)config::parse_config<PretrainConfig>("output: x\n", "c.yaml", {typo + "=1"});
        ADD_FAILURE() << typo << " was accepted";
      } catch (const ConfigError& error) {
        right += std::string_view(error.what()).find("did you mean '" + key + "'?") != std::string_view::npos ? 1 : 0;
        ++tried;
      }
    }
  }
  EXPECT_GE(tried, 150);
  EXPECT_GE(right, 0.9 * tried) << right << " of " << tried;
}

TEST(PretrainConfig, IdentityIgnoresWhatMayChangeAndKeepsTheRest) {
  const std::string base = "output: a\ndata: {sources: [{path: x}]}\n";
  const auto identity = [&](const std::vector<std::string>& set) {
    return identity_of(config::parse_config<PretrainConfig>(base, "c.yaml", config::Overrides(set)));
  };
  const auto reference = identity({});
  for (const char* allowed : {"output=b", "training.duration=7 steps", "training.batch_size=8", "training.device=cpu", "checkpoint.every=1 steps",
                              "evaluation.every=3 steps", "data.threads=1", "data.store=elsewhere", "data.sources[0].path=moved", "schedule.warmup=1 steps"}) {
    EXPECT_THAT(config::diff_configs(reference, identity({allowed})), ::testing::IsEmpty()) << allowed;
  }
  EXPECT_THAT(config::diff_configs(identity({"model.init_from=a"}), identity({"model.init_from=/b/a/"})), ::testing::IsEmpty());
  EXPECT_EQ(config::diff_configs(reference, identity({"model.init_from=a"})).size(), 1U) << "weights of a model, and new ones";
  for (const char* refused : {"model.hidden_size=64", "tokenizer.vocab_size=500", "data.max_length=64", "data.validation_fraction=0.3",
                              "objective.sentence_order=nsp", "objective.masking.probability=0.2", "optimizer.learning_rate=1",
                              "optimizer.layer_decay.rate=0.9", "training.seed=5", "data.sources[0].weight=3"}) {
    EXPECT_EQ(config::diff_configs(reference, identity({refused})).size(), 1U) << refused;
  }
}

}  // namespace
}  // namespace albert
