#include <albert/base/error.h>
#include <albert/tasks/tag_schemes.h>

#include <optional>
#include <utility>

namespace albert {
namespace {

/// What a tag says, whatever letter the scheme has for it.
enum class Role { outside, begin, inside, last, single };

struct Tag {
  Role role = Role::outside;
  std::string_view type;
};

std::string_view letters_of(TagScheme scheme) {
  switch (scheme) {
    case TagScheme::bio:
    case TagScheme::iob1:
      return "OBI";
    case TagScheme::iobes:
      return "OBIES";
    case TagScheme::bilou:
      return "OBILU";
  }
  return {};
}

Tag parse_tag(std::string_view text, TagScheme scheme, size_t word) {
  const std::string_view letters = letters_of(scheme);
  const size_t role = text.empty() ? std::string_view::npos : letters.find(text.front());
  const bool is_outside = text == "O";
  const bool is_typed = text.size() > 2 && text[1] == '-';
  if (role == std::string_view::npos || (role == 0) != is_outside || (text.size() > 1 && !is_typed)) {
    throw DataError(fmt::format("word {}: tag must be O, or one of the letters {} and -TYPE (scheme {}), got '{}'", word + 1,
                                letters.substr(1), config::enum_name(scheme), text));
  }
  return {.role = static_cast<Role>(role), .type = text.substr(is_typed ? 2 : text.size())};
}

/// Reads one tag after the other; an open entity ends with the first tag that does not go on with it.
class EntityReader {
 public:
  EntityReader(TagScheme scheme, InvalidTags invalid) : scheme_(scheme), invalid_(invalid) {}

  std::vector<TaggedEntity> run(std::span<const std::string> tags) {
    for (size_t word = 0; word < tags.size(); ++word) read(parse_tag(tags[word], scheme_, word), word, tags[word]);
    end_open(tags.size(), "the end of the sentence");
    return std::move(entities_);
  }

 private:
  [[nodiscard]] bool has_last_tags() const { return scheme_ == TagScheme::iobes || scheme_ == TagScheme::bilou; }

  void read(const Tag& tag, size_t word, std::string_view text) {
    const bool continues = open_ && (tag.role == Role::inside || tag.role == Role::last) && open_->type == tag.type;
    if (!continues) end_open(word, text);
    if (tag.role == Role::outside) return;
    if (!continues) begin(tag, word, text);
    if (tag.role == Role::last || tag.role == Role::single) close(word + 1);
  }

  void begin(const Tag& tag, size_t word, std::string_view text) {
    const bool may_begin =
        tag.role == Role::begin || tag.role == Role::single || (scheme_ == TagScheme::iob1 && tag.role == Role::inside);
    if (!may_begin) refuse(word, text, "an entity of this type in front of it");
    // In IOB1 a B only parts two entities of one type that touch.
    if (scheme_ == TagScheme::iob1 && tag.role == Role::begin) {
      const bool touches =
          !entities_.empty() && entities_.back().end == static_cast<int64_t>(word) && entities_.back().type == tag.type;
      if (!touches) refuse(word, text, "an entity of the same type right in front of it");
    }
    open_ = TaggedEntity{.begin = static_cast<int64_t>(word), .end = 0, .type = std::string(tag.type)};
  }

  void end_open(size_t word, std::string_view next) {
    if (!open_) return;
    if (has_last_tags()) refuse(word, next, "the last word of the open entity first");
    close(word);
  }

  void close(size_t end) {
    open_->end = static_cast<int64_t>(end);
    entities_.push_back(*std::move(open_));
    open_.reset();
  }

  void refuse(size_t word, std::string_view text, std::string_view wanted) const {
    if (invalid_ == InvalidTags::repair) return;
    throw DataError(fmt::format("word {}: the {} scheme wants {}, got '{}'; correct it, or have invalid tags repaired", word + 1,
                                config::enum_name(scheme_), wanted, text));
  }

  TagScheme scheme_;
  InvalidTags invalid_;
  std::optional<TaggedEntity> open_;
  std::vector<TaggedEntity> entities_;
};

/// Letter of the word `offset` of an entity of `size` words.
char letter(TagScheme scheme, int64_t offset, int64_t size, bool touches_same_type) {
  const bool is_first = offset == 0;
  const bool is_last = offset + 1 == size;
  switch (scheme) {
    case TagScheme::bio:
      return is_first ? 'B' : 'I';
    case TagScheme::iob1:
      return is_first && touches_same_type ? 'B' : 'I';
    case TagScheme::iobes:
      return size == 1 ? 'S' : is_first ? 'B' : is_last ? 'E' : 'I';
    case TagScheme::bilou:
      return size == 1 ? 'U' : is_first ? 'B' : is_last ? 'L' : 'I';
  }
  return 'O';
}

}  // namespace

std::vector<TaggedEntity> entities_of_tags(std::span<const std::string> tags, TagScheme scheme, InvalidTags invalid) {
  return EntityReader(scheme, invalid).run(tags);
}

std::vector<std::string> tags_of_entities(std::span<const TaggedEntity> entities, int64_t num_words, TagScheme scheme) {
  std::vector<std::string> tags(static_cast<size_t>(num_words), "O");
  const TaggedEntity* before = nullptr;
  for (const TaggedEntity& entity : entities) {
    ALBERT_CHECK(entity.begin >= (before == nullptr ? 0 : before->end) && entity.begin < entity.end && entity.end <= num_words,
                 "entity [{}, {}) of {} words", entity.begin, entity.end, num_words);
    const bool touches = before != nullptr && before->end == entity.begin && before->type == entity.type;
    for (int64_t word = entity.begin; word < entity.end; ++word) {
      std::string& tag = tags[static_cast<size_t>(word)];
      tag = letter(scheme, word - entity.begin, entity.end - entity.begin, touches);
      if (!entity.type.empty()) tag.append("-").append(entity.type);
    }
    before = &entity;
  }
  return tags;
}

std::vector<std::string> convert_tags(std::span<const std::string> tags, TagScheme from, TagScheme to, InvalidTags invalid) {
  return tags_of_entities(entities_of_tags(tags, from, invalid), static_cast<int64_t>(tags.size()), to);
}

}  // namespace albert
