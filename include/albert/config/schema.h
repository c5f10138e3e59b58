// The runtime description of a config struct, made once from its field list (fields.h).
//
// Reader, overrides, writer and documentation work on `Type` and untyped pointers, so only the few lines below are compiled per
// config struct. A field is found by its offset in the struct: visit_fields must pass members of the struct itself.
#pragma once

#include <albert/base/duration.h>
#include <albert/base/error.h>
#include <albert/config/fields.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace albert::config {

enum class Kind { boolean, integer, real, text, path, duration, byte_size, enumeration, section, list, optional, automatic };

struct Type;

struct FieldInfo {
  std::string name;
  std::string help;
  Range range;
  Presence presence = Presence::optional;
  size_t offset = 0;
  const Type* type = nullptr;
};

/// One type of value. Functions that do not belong to `kind` are null. Pointers to values are of the C++ type described.
struct Type {
  Kind kind = Kind::text;

  // section: a struct with a field list
  std::vector<FieldInfo> fields{};
  std::shared_ptr<const void> defaults{};
  void (*validate)(const void* value, Issues& issues) = nullptr;  ///< null where the struct has no rules

  // enumeration
  std::vector<std::string_view> names{};
  size_t (*enum_index)(const void* value) = nullptr;  ///< position in `names`
  void (*set_enum)(void* value, size_t index) = nullptr;

  // list, optional, automatic
  const Type* element = nullptr;
  size_t (*size)(const void* value) = nullptr;  ///< optional, automatic: 0 or 1
  const void* (*at)(const void* value, size_t index) = nullptr;
  void (*clear)(void* value) = nullptr;
  void* (*append)(void* value) = nullptr;  ///< a new element at its default
};

/// The description of T; lives as long as the program.
template <typename T>
const Type& type_of();

namespace detail {

template <typename T>
struct WrapperOf : std::false_type {};
template <typename T>
struct WrapperOf<std::vector<T>> : std::true_type {
  using Element = T;
  static constexpr Kind kKind = Kind::list;
  static size_t size(const void* value) { return static_cast<const std::vector<T>*>(value)->size(); }
  static const void* at(const void* value, size_t index) { return &(*static_cast<const std::vector<T>*>(value))[index]; }
  static void clear(void* value) { static_cast<std::vector<T>*>(value)->clear(); }
  static void* append(void* value) { return &static_cast<std::vector<T>*>(value)->emplace_back(); }
};
template <typename T>
struct WrapperOf<std::optional<T>> : std::true_type {
  using Element = T;
  static constexpr Kind kKind = Kind::optional;
  static size_t size(const void* value) { return static_cast<const std::optional<T>*>(value)->has_value() ? 1 : 0; }
  static const void* at(const void* value, size_t) { return &**static_cast<const std::optional<T>*>(value); }
  static void clear(void* value) { static_cast<std::optional<T>*>(value)->reset(); }
  static void* append(void* value) { return &static_cast<std::optional<T>*>(value)->emplace(); }
};
template <typename T>
struct WrapperOf<Auto<T>> : std::true_type {
  using Element = T;
  using Inner = WrapperOf<std::optional<T>>;
  static constexpr Kind kKind = Kind::automatic;
  static size_t size(const void* value) { return Inner::size(&static_cast<const Auto<T>*>(value)->value); }
  static const void* at(const void* value, size_t index) { return Inner::at(&static_cast<const Auto<T>*>(value)->value, index); }
  static void clear(void* value) { Inner::clear(&static_cast<Auto<T>*>(value)->value); }
  static void* append(void* value) { return Inner::append(&static_cast<Auto<T>*>(value)->value); }
};

template <typename T>
constexpr bool kIsScalar =
    std::same_as<T, bool> || std::same_as<T, int64_t> || std::same_as<T, double> || std::same_as<T, std::string> ||
    std::same_as<T, std::filesystem::path> || std::same_as<T, Duration> || std::same_as<T, ByteSize>;

template <typename T>
constexpr Kind scalar_kind() {
  if constexpr (std::same_as<T, bool>) return Kind::boolean;
  if constexpr (std::same_as<T, int64_t>) return Kind::integer;
  if constexpr (std::same_as<T, double>) return Kind::real;
  if constexpr (std::same_as<T, std::string>) return Kind::text;
  if constexpr (std::same_as<T, std::filesystem::path>) return Kind::path;
  if constexpr (std::same_as<T, Duration>) return Kind::duration;
  return Kind::byte_size;
}

/// Turns a field list into FieldInfo.
class FieldLister {
 public:
  FieldLister(std::vector<FieldInfo>& fields, const void* base, size_t size_bytes)
      : fields_(fields), base_(static_cast<const std::byte*>(base)), size_bytes_(size_bytes) {}
  template <typename T>
  void operator()(const Field& field, T& value) const {
    add(field, &value, type_of<std::remove_const_t<T>>());
  }

 private:
  void add(const Field& field, const void* value, const Type& type) const;

  std::vector<FieldInfo>& fields_;
  const std::byte* base_;
  size_t size_bytes_;
};

template <NamedEnum E>
Type enumeration_type() {
  Type type{.kind = Kind::enumeration};
  for (const auto& entry : enum_names(EnumTag<E>{})) type.names.push_back(entry.second);
  type.enum_index = [](const void* value) {
    const auto list = enum_names(EnumTag<E>{});
    size_t index = 0;
    while (index < list.size() && list[index].first != *static_cast<const E*>(value)) ++index;
    ALBERT_CHECK(index < list.size(), "an enum value has no name");
    return index;
  };
  type.set_enum = [](void* value, size_t index) { *static_cast<E*>(value) = enum_names(EnumTag<E>{})[index].first; };
  return type;
}

template <HasFields T>
Type section_type() {
  Type type{.kind = Kind::section};
  auto defaults = std::make_shared<T>();
  visit_fields(*defaults, FieldLister(type.fields, defaults.get(), sizeof(T)));
  type.defaults = defaults;
  if constexpr (HasValidate<T>) {
    type.validate = [](const void* value, Issues& issues) { static_cast<const T*>(value)->validate(issues); };
  }
  return type;
}

template <typename T>
Type make_type() {
  if constexpr (kIsScalar<T>) {
    return Type{.kind = scalar_kind<T>()};
  } else if constexpr (WrapperOf<T>::value) {
    using Wrapper = WrapperOf<T>;
    static_assert(!std::same_as<T, std::vector<bool>>, "std::vector<bool> has no addressable elements");
    Type type{.kind = Wrapper::kKind};
    type.element = &type_of<typename Wrapper::Element>();
    type.size = &Wrapper::size;
    type.at = &Wrapper::at;
    type.clear = &Wrapper::clear;
    type.append = &Wrapper::append;
    return type;
  } else if constexpr (NamedEnum<T>) {
    return enumeration_type<T>();
  } else {
    static_assert(HasFields<T>, "not a type of a field: see the list in config/fields.h (integers are int64_t, numbers double)");
    return section_type<T>();
  }
}

}  // namespace detail

template <typename T>
const Type& type_of() {
  static const Type type = detail::make_type<T>();
  return type;
}

}  // namespace albert::config
