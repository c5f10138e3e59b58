#include <albert/config/schema.h>

namespace albert::config::detail {

void FieldLister::add(const Field& field, const void* value, const Type& type) const {
  const auto offset = static_cast<const std::byte*>(value) - base_;
  ALBERT_CHECK(offset >= 0 && static_cast<size_t>(offset) < size_bytes_, "the field '{}' is not a member of its struct",
               field.name);
  for (const auto& other : fields_) ALBERT_CHECK(other.name != field.name, "the field '{}' is listed twice", field.name);
  fields_.push_back({.name = std::string(field.name),
                     .help = std::string(field.help),
                     .range = field.range,
                     .presence = field.presence,
                     .offset = static_cast<size_t>(offset),
                     .type = &type});
}

}  // namespace albert::config::detail
