// Ways to write entities as one tag per word: IOB1, BIO (IOB2), IOBES, BILOU.
#pragma once

#include <albert/config/fields.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// O is a word outside of entities in all of them; "-TYPE" follows the letter (a bare letter is an entity without a type).
enum class TagScheme {
  bio,    ///< B first word, I further words (IOB2)
  iob1,   ///< I all words, B only for the first word of an entity that follows one of the same type at once
  iobes,  ///< B first, I inside, E last word of several, S an entity of one word
  bilou,  ///< B first, I inside, L last word of several, U an entity of one word
};
constexpr auto enum_names(config::EnumTag<TagScheme>) {
  return config::names<TagScheme>(
      {{TagScheme::bio, "bio"}, {TagScheme::iob1, "iob1"}, {TagScheme::iobes, "iobes"}, {TagScheme::bilou, "bilou"}});
}

/// Words [begin, end) and their type.
struct TaggedEntity {
  int64_t begin = 0;
  int64_t end = 0;
  std::string type;
  bool operator==(const TaggedEntity&) const = default;
};

/// What a sequence is worth that the scheme does not allow, such as "O I-PER" in BIO.
enum class InvalidTags {
  error,   ///< DataError that names the word
  repair,  ///< an entity begins or ends there, as conlleval counts it: "O I-PER" is read as "O B-PER"
};

/// The entities of one sentence, in order. Throws DataError for a tag whose letter the scheme does not have, and, unless
/// repaired, for a sequence that it does not allow; the text begins with "word N", counted from 1.
std::vector<TaggedEntity> entities_of_tags(std::span<const std::string> tags, TagScheme scheme,
                                           InvalidTags invalid = InvalidTags::error);

/// Tags of `num_words` words. `entities` must be in order, without overlap, within the words (InternalError).
std::vector<std::string> tags_of_entities(std::span<const TaggedEntity> entities, int64_t num_words, TagScheme scheme);

/// The same entities in another scheme; from == to with InvalidTags::repair repairs.
std::vector<std::string> convert_tags(std::span<const std::string> tags, TagScheme from, TagScheme to,
                                      InvalidTags invalid = InvalidTags::error);

}  // namespace albert
