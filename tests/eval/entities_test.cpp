#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/entities.h>

#include <gmock/gmock.h>

#include <sstream>
#include <utility>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::expect_golden;
using testing::golden_values;
using ::testing::IsEmpty;

std::vector<std::string> tags_of(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> tags;
  for (std::string tag; words >> tag;) tags.push_back(tag);
  return tags;
}

std::vector<Entity> entities_of(const std::string& line, EntityScheme scheme = EntityScheme::lenient) {
  return find_entities(tags_of(line), scheme);
}

Entity entity(std::string type, int64_t begin, int64_t end) { return {.begin = begin, .end = end, .type = std::move(type)}; }

TEST(FindEntities, ReadsBothKindsOfIob) {
  EXPECT_THAT(entities_of("O B-PER I-PER O B-LOC"), ElementsAre(entity("PER", 1, 3), entity("LOC", 4, 5)));
  // IOB1 writes B only where two entities of one type touch.
  EXPECT_THAT(entities_of("I-PER I-PER B-PER O I-LOC"),
              ElementsAre(entity("PER", 0, 2), entity("PER", 2, 3), entity("LOC", 4, 5)));
}

TEST(FindEntities, SplitsWhereTheTypeChanges) {
  EXPECT_THAT(entities_of("B-PER I-LOC I-LOC"), ElementsAre(entity("PER", 0, 1), entity("LOC", 1, 3)));
}

TEST(FindEntities, ReadsTheLettersOfIobesAndBilouAlike) {
  const auto iobes = entities_of("S-PER S-PER B-LOC I-LOC E-LOC O E-PER I-PER");
  EXPECT_THAT(iobes, ElementsAre(entity("PER", 0, 1), entity("PER", 1, 2), entity("LOC", 2, 5), entity("PER", 6, 7),
                                 entity("PER", 7, 8)));
  EXPECT_EQ(entities_of("U-PER U-PER B-LOC I-LOC L-LOC O L-PER I-PER"), iobes);
}

TEST(FindEntities, IsStrictWhereItIsAskedToBe) {
  EXPECT_THAT(entities_of("I-PER B-PER I-LOC I-PER B-LOC I-LOC", EntityScheme::strict_iob2),
              ElementsAre(entity("PER", 1, 2), entity("LOC", 4, 6)));
  EXPECT_THAT(entities_of("B-PER I-PER O I-PER E-PER B-LOC E-LOC S-PER B-PER", EntityScheme::strict_iobes),
              ElementsAre(entity("LOC", 5, 7), entity("PER", 7, 8)));
  EXPECT_THAT(entities_of("B-PER I-LOC E-LOC B-PER I-PER E-LOC", EntityScheme::strict_iobes), IsEmpty());
  EXPECT_THAT(entities_of("B O E", EntityScheme::strict_iobes), IsEmpty());
}

TEST(FindEntities, KeepsHyphensOfTheType) {
  EXPECT_THAT(entities_of("B-creative-work I-creative-work"), ElementsAre(entity("creative-work", 0, 2)));
}

TEST(FindEntities, SaysWhichTagItDoesNotKnow) {
  const auto message_of = [](const std::string& tag, EntityScheme scheme) -> std::string {
    try {
      check_entity_tag(tag, scheme);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message_of("PER", EntityScheme::lenient),
            "entity tag: O, or one of B, I, E, S, L, U with - and a type as in B-PER, got \"PER\"; rename it, or use accuracy in "
            "place of entity F1");
  EXPECT_EQ(message_of("E-PER", EntityScheme::strict_iob2),
            "entity tag: O, or one of B, I with - and a type as in B-PER, got \"E-PER\"; rename it, or use accuracy in place of "
            "entity F1");
  for (const char* wrong : {"", "O-PER", "BPER", "b-PER", "-PER"}) {
    EXPECT_NE(message_of(wrong, EntityScheme::lenient), "") << wrong;
  }
  for (const char* right : {"O", "B", "I-PER", "B-", "S-a-b"}) EXPECT_EQ(message_of(right, EntityScheme::lenient), "") << right;
}

struct NamedScheme {
  const char* name;
  EntityScheme scheme;
};

void expect_scores(const EntityScores& scores, const nlohmann::json& golden, const std::string& what) {
  expect_golden(scores.precision, golden[0], what + " precision");
  expect_golden(scores.recall, golden[1], what + " recall");
  expect_golden(scores.f1, golden[2], what + " F1");
}

/// Adds the sentences of a golden and compares the entities of each predicted one.
EntityCounts count_golden(const nlohmann::json& golden, const nlohmann::json& scores, EntityScheme scheme) {
  EntityCounts counts(scheme);
  for (size_t i = 0; i < golden["expected"].size(); ++i) {
    const auto predicted = tags_of(golden["predicted"][i]);
    counts.add(predicted, tags_of(golden["expected"][i]));
    std::vector<Entity> expected;
    for (const auto& one : scores["entities"][i]) expected.push_back(entity(one[0], one[1], one[2]));
    EXPECT_EQ(find_entities(predicted, scheme), expected) << golden["predicted"][i];
  }
  return counts;
}

TEST(EntityCounts, EqualsSeqeval) {
  for (const auto& golden : golden_values("entities")) {
    for (const auto& [name, scheme] :
         {NamedScheme{"lenient", EntityScheme::lenient}, NamedScheme{"strict_iob2", EntityScheme::strict_iob2},
          NamedScheme{"strict_iobes", EntityScheme::strict_iobes}}) {
      if (!golden.contains(name)) continue;
      SCOPED_TRACE(golden["name"].get<std::string>() + ", " + name);
      const auto& scores = golden[name];
      const EntityCounts counts = count_golden(golden, scores, scheme);
      expect_scores(counts.micro(), scores["micro"], "micro");
      expect_scores(counts.macro(), scores["macro"], "macro");
      expect_scores(counts.weighted(), scores["weighted"], "weighted");
      const auto types = counts.by_type();
      EXPECT_EQ(types.size(), scores["by_type"].size());
      for (const auto& [type, by_type] : scores["by_type"].items()) {
        ASSERT_TRUE(types.contains(type)) << type;
        expect_scores(types.at(type), by_type, type);
      }
      expect_golden(counts.tokens().accuracy(), golden["accuracy"], "accuracy");
    }
  }
}

TEST(EntityCounts, GivesTheScoresOfAHandComputedExample) {
  EntityCounts counts;
  counts.add(tags_of("B-PER I-PER O B-LOC"), tags_of("B-PER I-PER O B-PER"));
  counts.add(tags_of("B-PER O"), tags_of("B-PER I-PER"));
  const EntityScores micro = counts.micro();
  EXPECT_EQ(micro.correct, 1);
  EXPECT_EQ(micro.predicted, 3);
  EXPECT_EQ(micro.expected, 3);
  EXPECT_DOUBLE_EQ(micro.f1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(counts.macro().f1, (2.0 * 1 / 5 + 0) / 2);
  EXPECT_DOUBLE_EQ(counts.weighted().f1, 2.0 * 1 / 5);
  EXPECT_DOUBLE_EQ(counts.tokens().accuracy(), 4.0 / 6);
}

TEST(EntityCounts, HasZerosWithoutEntitiesAndNoMacroMean) {
  EntityCounts counts;
  counts.add(tags_of("O O"), tags_of("O O"));
  EXPECT_EQ(counts.micro().f1, 0);
  EXPECT_EQ(counts.weighted().f1, 0);
  EXPECT_TRUE(std::isnan(counts.macro().f1));
  EXPECT_TRUE(counts.by_type().empty());
  EXPECT_EQ(counts.tokens().accuracy(), 1);
}

TEST(EntityCounts, RefusesSentencesOfDifferentLength) {
  EntityCounts counts;
  EXPECT_THROW(counts.add(tags_of("O"), tags_of("O O")), InternalError);
}

TEST(EntityScores, SumUpOverSentences) {
  // What a bootstrap over sentences does.
  EntityCounts first;
  first.add(tags_of("B-A O"), tags_of("B-A B-B"));
  EntityCounts second;
  second.add(tags_of("B-A O"), tags_of("O B-A"));
  EntityCounts both;
  both.add(tags_of("B-A O"), tags_of("B-A B-B"));
  both.add(tags_of("B-A O"), tags_of("O B-A"));
  const EntityScores a = first.micro();
  const EntityScores b = second.micro();
  EXPECT_DOUBLE_EQ(entity_scores(a.correct + b.correct, a.predicted + b.predicted, a.expected + b.expected).f1, both.micro().f1);
}

}  // namespace
}  // namespace albert
