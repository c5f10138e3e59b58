// Precision, recall and F1 of named entities as seqeval 1.2.2 computes them (conlleval's rules).
//
//   EntityCounts counts;
//   for (...) counts.add(predicted_tags, expected_tags);   // one sentence
//   counts.micro().f1;
#pragma once

#include <albert/eval/classification.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// How tags become entities. A tag is `O`, or a prefix and a type, `B-PER`; the type may hold further '-'; a prefix alone has
/// type "_". L and U (BILOU) are other letters for E and S (IOBES). seqeval's default mode does not know them and joins two
/// touching entities of one type there; in its strict mode, and here, they are told apart.
enum class EntityScheme {
  /// seqeval's default: any mix of IOB1, IOB2, IOBES and BILOU. Whatever continues no entity begins one, as I-PER after O.
  lenient,
  /// seqeval's mode='strict', scheme=IOB2: an entity is B and the I of its type that follow; any other I is nothing.
  strict_iob2,
  /// mode='strict', scheme=IOBES (or BILOU): an entity is S, or B I* E of one type; anything unfinished is nothing.
  strict_iobes,
};

/// Tokens [begin, end) of one sentence. Ordered from left to right.
struct Entity {
  int64_t begin = 0;
  int64_t end = 0;
  std::string type;
  auto operator<=>(const Entity&) const = default;
};

/// Throws DataError when the scheme has no such tag. For label sets, before the training.
void check_entity_tag(std::string_view tag, EntityScheme scheme = EntityScheme::lenient);

/// The entities of one sentence, from left to right. Throws as check_entity_tag.
std::vector<Entity> find_entities(std::span<const std::string> tags, EntityScheme scheme = EntityScheme::lenient);

/// An entity is right when type, begin and end are. A ratio without a denominator is 0.
struct EntityScores {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  int64_t correct = 0;
  int64_t predicted = 0;
  int64_t expected = 0;  // seqeval's support
};

/// The scores that follow from counts; a bootstrap over sentences sums these.
EntityScores entity_scores(int64_t correct, int64_t predicted, int64_t expected);

/// Sums over sentences.
class EntityCounts {
 public:
  explicit EntityCounts(EntityScheme scheme = EntityScheme::lenient) : scheme_(scheme) {}

  /// One sentence. Throws InternalError when the lengths differ, DataError as check_entity_tag.
  void add(std::span<const std::string> predicted, std::span<const std::string> expected);

  /// Over all entities: the official number of CoNLL and WNUT.
  [[nodiscard]] EntityScores micro() const;
  /// Mean over the types that occur among the expected or the predicted entities; NaN without any, as seqeval. The counts are
  /// sums.
  [[nodiscard]] EntityScores macro() const;
  /// Mean over the types weighted by the number of expected entities; 0 without any.
  [[nodiscard]] EntityScores weighted() const;
  /// By type, in the order of their bytes.
  [[nodiscard]] std::map<std::string, EntityScores> by_type() const;
  /// Tokens whose tag is exactly right (seqeval's accuracy_score).
  [[nodiscard]] const AccuracyCounts& tokens() const { return tokens_; }

 private:
  struct Counts {
    int64_t correct = 0;
    int64_t predicted = 0;
    int64_t expected = 0;
  };

  EntityScheme scheme_;
  std::map<std::string, Counts> types_;
  AccuracyCounts tokens_;
};

}  // namespace albert
