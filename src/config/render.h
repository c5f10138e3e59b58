// Values of a described type as text.
#pragma once

#include <albert/config/schema.h>

#include <string>

namespace albert::config {

/// The value on one line of YAML: `[1, 2]`, `{path: a.txt, weight: 1}`, `auto`.
std::string render_flow(const Type& type, const void* value);

/// The value inside optionals and autos; null where there is none (then `type` is the type that is empty).
struct Inner {
  const Type* type = nullptr;
  const void* value = nullptr;
};
Inner unwrap(const Type& type, const void* value);

/// The member of a struct.
inline const void* member(const void* section, const FieldInfo& field) {
  return static_cast<const std::byte*>(section) + field.offset;
}
inline void* member(void* section, const FieldInfo& field) { return static_cast<std::byte*>(section) + field.offset; }

const FieldInfo* find_field(const Type& section, std::string_view name);

/// A list of pairs, the first of which is a name, may be written as a map: "{spam: 3}" for [{label: spam, weight: 3}].
bool is_keyed_list(const Type& list);

}  // namespace albert::config
