#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/tasks/tag_schemes.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using Tags = std::vector<std::string>;

const Tags kBio = {"B-PER", "I-PER", "B-PER", "O", "B-LOC", "B-PER", "I-PER", "I-PER"};
const Tags kIob1 = {"I-PER", "I-PER", "B-PER", "O", "I-LOC", "I-PER", "I-PER", "I-PER"};
const Tags kIobes = {"B-PER", "E-PER", "S-PER", "O", "S-LOC", "B-PER", "I-PER", "E-PER"};
const Tags kBilou = {"B-PER", "L-PER", "U-PER", "O", "U-LOC", "B-PER", "I-PER", "L-PER"};

std::string error_of(const Tags& tags, TagScheme scheme) {
  try {
    (void)entities_of_tags(tags, scheme);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TagSchemes, SayTheSameInEveryScheme) {
  const std::vector<std::pair<TagScheme, Tags>> forms = {
      {TagScheme::bio, kBio}, {TagScheme::iob1, kIob1}, {TagScheme::iobes, kIobes}, {TagScheme::bilou, kBilou}};
  for (const auto& [from, tags] : forms) {
    EXPECT_THAT(entities_of_tags(tags, from), ElementsAre(TaggedEntity{0, 2, "PER"}, TaggedEntity{2, 3, "PER"},
                                                          TaggedEntity{4, 5, "LOC"}, TaggedEntity{5, 8, "PER"}));
    for (const auto& [to, expected] : forms) EXPECT_EQ(convert_tags(tags, from, to), expected);
  }
}

TEST(TagSchemes, KeepRandomEntitiesThroughEveryConversion) {
  RandomStream random(5, "tags");
  const auto schemes = {TagScheme::bio, TagScheme::iob1, TagScheme::iobes, TagScheme::bilou};
  for (int round = 0; round < 200; ++round) {
    std::vector<TaggedEntity> entities;
    int64_t words = 0;
    while (words < 20) {
      const auto gap = static_cast<int64_t>(random.below(2));
      const auto size = 1 + static_cast<int64_t>(random.below(3));
      entities.push_back({.begin = words + gap, .end = words + gap + size, .type = random.below(2) == 0 ? "A" : "B-C"});
      words += gap + size;
    }
    for (const TagScheme from : schemes) {
      const Tags tags = tags_of_entities(entities, words, from);
      for (const TagScheme to : schemes) EXPECT_EQ(entities_of_tags(convert_tags(tags, from, to), to), entities);
    }
  }
}

TEST(TagSchemes, TakeLettersWithoutAType) {
  EXPECT_THAT(convert_tags(Tags{"B", "I", "O"}, TagScheme::bio, TagScheme::iobes), ElementsAre("B", "E", "O"));
}

TEST(TagSchemes, RefuseAnEntityThatDoesNotBegin) {
  EXPECT_EQ(error_of({"O", "I-PER"}, TagScheme::bio),
            "word 2: the bio scheme wants an entity of this type in front of it, got 'I-PER'; correct it, or have invalid tags "
            "repaired");
  EXPECT_NE(error_of({"B-PER", "I-LOC"}, TagScheme::bio), "no error");
  EXPECT_EQ(error_of({"O", "B-PER"}, TagScheme::iob1),
            "word 2: the iob1 scheme wants an entity of the same type right in front of it, got 'B-PER'; correct it, or have "
            "invalid tags "
            "repaired");
}

TEST(TagSchemes, RefuseAnEntityThatDoesNotEnd) {
  EXPECT_EQ(error_of({"B-PER", "O"}, TagScheme::iobes),
            "word 2: the iobes scheme wants the last word of the open entity first, got 'O'; correct it, or have invalid tags "
            "repaired");
  EXPECT_EQ(
      error_of({"B-PER"}, TagScheme::bilou),
      "word 2: the bilou scheme wants the last word of the open entity first, got 'the end of the sentence'; correct it, or have "
      "invalid tags repaired");
}

TEST(TagSchemes, RefuseForeignTags) {
  EXPECT_EQ(error_of({"O", "E-PER"}, TagScheme::bio),
            "word 2: tag must be O, or one of the letters BI and -TYPE (scheme bio), got 'E-PER'");
  for (const char* tag : {"", "B-", "O-PER", "BPER", "per", "-PER"})
    EXPECT_NE(error_of({tag}, TagScheme::bio), "no error") << tag;
}

TEST(TagSchemes, RepairOnlyWhereAsked) {
  const Tags broken = {"O", "I-PER", "I-LOC", "I-LOC", "O", "B-PER"};
  EXPECT_THAT(convert_tags(broken, TagScheme::bio, TagScheme::bio, InvalidTags::repair),
              ElementsAre("O", "B-PER", "B-LOC", "I-LOC", "O", "B-PER"));
  EXPECT_THAT(convert_tags(Tags{"I-A", "E-A", "E-B", "B-C", "O"}, TagScheme::iobes, TagScheme::iobes, InvalidTags::repair),
              ElementsAre("B-A", "E-A", "S-B", "S-C", "O"));
  EXPECT_THAT(convert_tags(Tags{"B-A", "I-A"}, TagScheme::iob1, TagScheme::iob1, InvalidTags::repair), ElementsAre("I-A", "I-A"));
  EXPECT_EQ(convert_tags(kBio, TagScheme::bio, TagScheme::bio, InvalidTags::repair), kBio);
}

}  // namespace
}  // namespace albert
