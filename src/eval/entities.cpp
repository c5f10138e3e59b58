#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/eval/entities.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace albert {
namespace {

struct Tag {
  char prefix = 'O';  // of IOBES
  std::string_view type = "_";
};

std::string_view prefixes_of(EntityScheme scheme) { return scheme == EntityScheme::strict_iob2 ? "BI" : "BIESLU"; }

/// The strict mode of seqeval strips every '-' around the type, the default mode the first one only.
std::string_view type_of(std::string_view tag, EntityScheme scheme) {
  std::string_view type = tag.substr(std::min(size_t{2}, tag.size()));
  if (scheme != EntityScheme::lenient) {
    while (type.starts_with('-')) type.remove_prefix(1);
    while (type.ends_with('-')) type.remove_suffix(1);
  }
  return type.empty() ? "_" : type;
}

Tag parse_tag(std::string_view text, EntityScheme scheme) {
  if (text == "O") return {};
  const std::string_view prefixes = prefixes_of(scheme);
  if (text.empty() || prefixes.find(text[0]) == std::string_view::npos || (text.size() > 1 && text[1] != '-')) {
    throw DataError(
        fmt::format("entity tag: O, or one of {} with - and a type as in B-PER, got \"{}\"; rename it, or use accuracy "
                    "in place of entity F1",
                    fmt::join(prefixes, ", "), text));
  }
  const char prefix = text[0] == 'L' ? 'E' : text[0] == 'U' ? 'S' : text[0];
  return {.prefix = prefix, .type = type_of(text, scheme)};
}

bool ends_between(const Tag& last, const Tag& next) {
  if (last.prefix == 'O') return false;
  if (last.prefix == 'E' || last.prefix == 'S' || last.type != next.type) return true;
  return next.prefix == 'B' || next.prefix == 'S' || next.prefix == 'O';
}

bool begins_between(const Tag& last, const Tag& next) {
  if (next.prefix == 'O') return false;
  if (next.prefix == 'B' || next.prefix == 'S' || last.type != next.type) return true;
  return last.prefix == 'E' || last.prefix == 'S' || last.prefix == 'O';
}

std::vector<Entity> find_lenient(std::span<const Tag> tags) {
  std::vector<Entity> entities;
  Tag last;
  int64_t begin = 0;
  for (size_t i = 0; i <= tags.size(); ++i) {
    const Tag next = i < tags.size() ? tags[i] : Tag{};
    const auto here = static_cast<int64_t>(i);
    if (ends_between(last, next)) entities.push_back({.begin = begin, .end = here, .type = std::string(last.type)});
    if (begins_between(last, next)) begin = here;
    last = next;
  }
  return entities;
}

std::vector<Entity> find_strict_iob2(std::span<const Tag> tags) {
  std::vector<Entity> entities;
  bool is_open = false;
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto here = static_cast<int64_t>(i);
    if (tags[i].prefix == 'B') {
      entities.push_back({.begin = here, .end = here + 1, .type = std::string(tags[i].type)});
      is_open = true;
    } else if (is_open && tags[i].prefix == 'I' && tags[i].type == entities.back().type) {
      entities.back().end = here + 1;
    } else {
      is_open = false;
    }
  }
  return entities;
}

std::vector<Entity> find_strict_iobes(std::span<const Tag> tags) {
  std::vector<Entity> entities;
  std::optional<int64_t> begin;
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto here = static_cast<int64_t>(i);
    const Tag& tag = tags[i];
    if ((tag.prefix == 'I' || tag.prefix == 'E') && begin && tag.type != tags[i - 1].type) begin.reset();
    if (tag.prefix == 'B' || tag.prefix == 'S') begin = here;
    if (tag.prefix == 'S' || (tag.prefix == 'E' && begin)) {
      entities.push_back({.begin = *begin, .end = here + 1, .type = std::string(tag.type)});
    }
    if (tag.prefix == 'O' || tag.prefix == 'E' || tag.prefix == 'S') begin.reset();
  }
  return entities;
}

}  // namespace

void check_entity_tag(std::string_view tag, EntityScheme scheme) { parse_tag(tag, scheme); }

std::vector<Entity> find_entities(std::span<const std::string> tags, EntityScheme scheme) {
  std::vector<Tag> parsed;
  parsed.reserve(tags.size());
  for (const std::string& tag : tags) parsed.push_back(parse_tag(tag, scheme));
  switch (scheme) {
    case EntityScheme::lenient:
      return find_lenient(parsed);
    case EntityScheme::strict_iob2:
      return find_strict_iob2(parsed);
    case EntityScheme::strict_iobes:
      return find_strict_iobes(parsed);
  }
  ALBERT_CHECK(false, "entity scheme {}", static_cast<int>(scheme));
}

EntityScores entity_scores(int64_t correct, int64_t predicted, int64_t expected) {
  return {.precision = ratio_or_zero(correct, predicted),
          .recall = ratio_or_zero(correct, expected),
          .f1 = f1_of_counts(correct, expected, predicted),
          .correct = correct,
          .predicted = predicted,
          .expected = expected};
}

void EntityCounts::add(std::span<const std::string> predicted, std::span<const std::string> expected) {
  ALBERT_CHECK(predicted.size() == expected.size(), "{} predicted and {} expected tags", predicted.size(), expected.size());
  const std::vector<Entity> predicted_entities = find_entities(predicted, scheme_);
  const std::vector<Entity> expected_entities = find_entities(expected, scheme_);
  std::vector<Entity> correct;
  std::ranges::set_intersection(predicted_entities, expected_entities, std::back_inserter(correct));
  for (const Entity& entity : predicted_entities) ++types_[entity.type].predicted;
  for (const Entity& entity : expected_entities) ++types_[entity.type].expected;
  for (const Entity& entity : correct) ++types_[entity.type].correct;
  for (size_t i = 0; i < predicted.size(); ++i) tokens_.add_counts(predicted[i] == expected[i] ? 1 : 0, 1);
}

std::map<std::string, EntityScores> EntityCounts::by_type() const {
  std::map<std::string, EntityScores> result;
  for (const auto& [type, counts] : types_) result[type] = entity_scores(counts.correct, counts.predicted, counts.expected);
  return result;
}

EntityScores EntityCounts::micro() const {
  Counts sum;
  for (const auto& [type, counts] : types_) {
    sum.correct += counts.correct;
    sum.predicted += counts.predicted;
    sum.expected += counts.expected;
  }
  return entity_scores(sum.correct, sum.predicted, sum.expected);
}

EntityScores EntityCounts::macro() const {
  EntityScores mean = micro();
  mean.precision = mean.recall = mean.f1 = 0;
  const auto num_types = static_cast<double>(types_.size());
  for (const auto& [type, scores] : by_type()) {
    mean.precision += scores.precision;
    mean.recall += scores.recall;
    mean.f1 += scores.f1;
  }
  mean.precision /= num_types;  // NaN without types
  mean.recall /= num_types;
  mean.f1 /= num_types;
  return mean;
}

EntityScores EntityCounts::weighted() const {
  EntityScores mean = micro();
  mean.precision = mean.recall = mean.f1 = 0;
  if (mean.expected == 0) return mean;
  for (const auto& [type, scores] : by_type()) {
    const double weight = static_cast<double>(scores.expected) / static_cast<double>(mean.expected);
    mean.precision += weight * scores.precision;
    mean.recall += weight * scores.recall;
    mean.f1 += weight * scores.f1;
  }
  return mean;
}

}  // namespace albert
