#include <albert/config/suggestions.h>

#include <albert/base/random.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "prototype_reader.h"

namespace albert {
namespace {

using config::edit_distance;

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("rate", "rat"), 1U);
  EXPECT_EQ(edit_distance("rate", "raet"), 1U);
  EXPECT_EQ(edit_distance("rate", "race"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U) << "restricted form: no edit inside a swap";
}

TEST(NearestName, PrefersTheSameFirstLetterAndGivesUpWhenFar) {
  const std::vector<std::string> names{"load", "seed", "learning_rate", "warmup_steps", "warmup_start"};
  EXPECT_EQ(config::nearest_name("sead", names), 1U);
  EXPECT_EQ(config::nearest_name("lr", names), 2U);
  EXPECT_EQ(config::nearest_name("LearningRate", names), 2U);
  EXPECT_EQ(config::nearest_name("warmup", names), std::nullopt) << "two names begin so";
  EXPECT_EQ(config::nearest_name("zebra", names), std::nullopt);
  EXPECT_EQ(config::nearest_name("", names), std::nullopt);
  EXPECT_EQ(config::nearest_name(std::string(1000, 'a'), names), std::nullopt);
}

/// One random mistype: a letter dropped, inserted, replaced, or two swapped.
std::string mistype(std::string name, RandomStream& random) {
  const auto original = name;
  while (name == original) {
    const auto at = static_cast<size_t>(random.below(name.size()));
    const char letter = static_cast<char>('a' + static_cast<int>(random.below(26)));
    switch (random.below(4)) {
      case 0:
        name.erase(at, 1);
        break;
      case 1:
        name.insert(at, 1, letter);
        break;
      case 2:
        name[at] = letter;
        break;
      default:
        if (at + 1 < name.size()) std::swap(name[at], name[at + 1]);
    }
  }
  return name;
}

TEST(Suggestions, AreRightForNineOfTenMistypes) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> sections{
      {"", {"output", "note", "model", "data", "optimizer", "training"}},
      {"model", {"hidden_size", "num_attention_heads", "dropout", "init_from"}},
      {"data", {"sources", "max_length", "sample_bytes", "languages"}},
      {"optimizer", {"name", "learning_rate", "weight_decay", "layer_decay"}},
      {"training", {"duration", "warmup", "batch_size", "micro_batch", "device", "shuffle", "seed", "early_stopping"}},
  };
  RandomStream random(7, "mistypes", 0);
  int right = 0;
  int all = 0;
  for (int round = 0; round < 10; ++round) {
    for (const auto& [section, names] : sections) {
      for (const auto& name : names) {
        const auto typed = mistype(name, random);
        const auto prefix = section.empty() ? std::string() : section + '.';
        if (std::find(names.begin(), names.end(), typed) != names.end()) continue;
        const auto yaml = section.empty() ? fmt::format("output: x\n\"{}\": 1\n", typed)
                                          : fmt::format("output: x\n{}:\n  \"{}\": 1\n", section, typed);
        ++all;
        if (prototype::error_of(yaml).find(fmt::format("did you mean '{}{}'?", prefix, name)) != std::string::npos) ++right;
      }
    }
  }
  EXPECT_GE(all, 200);
  EXPECT_GE(right * 10, all * 9) << right << " of " << all;
  RecordProperty("right_of_1000", right * 1000 / all);
}

TEST(Suggestions, FindTheSectionOfEveryKeyThatIsWrittenAtTheTop) {
  for (const char* path :
       {"model.hidden_size", "model.dropout", "data.max_length", "optimizer.weight_decay", "optimizer.layer_decay.rate",
        "training.batch_size", "training.early_stopping.patience", "data.sources[].weight"}) {
    const auto name = std::string_view(path).substr(std::string_view(path).rfind('.') + 1);
    EXPECT_EQ(prototype::error_of(fmt::format("output: x\n{}: 1\n", name)),
              fmt::format("c.yaml:2:1: {}: unknown key; did you mean '{}'?", name, path));
  }
}

}  // namespace
}  // namespace albert
