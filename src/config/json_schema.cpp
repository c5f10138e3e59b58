#include <albert/config/json_schema.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/render.h"
#include "config/sources.h"

namespace albert::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumber = R"(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)";
constexpr std::string_view kMoreThanZero = "(?=[^eE]*[1-9])";
constexpr std::string_view kBlanks = R"([ \t]*)";

Json default_value(const Type& type, const void* value);

Json default_list(const Type& type, const void* value) {
  auto list = Json::array();
  for (size_t i = 0; i < type.size(value); ++i) list.push_back(default_value(*type.element, type.at(value, i)));
  return list;
}

Json default_section(const Type& type, const void* value) {
  auto section = Json::object();
  for (const auto& field : type.fields) section[field.name] = default_value(*field.type, member(value, field));
  return section;
}

Json default_value(const Type& type, const void* value) {
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(value);
    case Kind::integer:
      return *static_cast<const int64_t*>(value);
    case Kind::real:
      return *static_cast<const double*>(value);
    case Kind::text:
      return *static_cast<const std::string*>(value);
    case Kind::path:
      return static_cast<const std::filesystem::path*>(value)->string();
    case Kind::duration:
    case Kind::byte_size:
    case Kind::enumeration:
      return render_flow(type, value);
    case Kind::section:
      return default_section(type, value);
    case Kind::list:
      return default_list(type, value);
    case Kind::optional:
      return type.size(value) == 0 ? Json() : default_value(*type.element, type.at(value, 0));
    case Kind::automatic:
      return type.size(value) == 0 ? Json("auto") : default_value(*type.element, type.at(value, 0));
  }
  return {};
}

void add_bounds(Json& schema, const Range& range) {
  if (std::isfinite(range.minimum)) schema[range.minimum_open ? "exclusiveMinimum" : "minimum"] = range.minimum;
  if (std::isfinite(range.maximum)) schema[range.maximum_open ? "exclusiveMaximum" : "maximum"] = range.maximum;
}

Json integer_schema(const Range& range) {
  Json schema{{"type", "integer"}};
  // Bounds of whole numbers are written without a fraction.
  const auto whole = [](double bound) { return static_cast<int64_t>(bound); };
  const bool has_minimum = std::isfinite(range.minimum);
  const bool has_maximum = std::isfinite(range.maximum);
  schema[range.minimum_open ? "exclusiveMinimum" : "minimum"] =
      has_minimum ? whole(range.minimum) : std::numeric_limits<int64_t>::min();
  schema[range.maximum_open ? "exclusiveMaximum" : "maximum"] =
      has_maximum ? whole(range.maximum) : std::numeric_limits<int64_t>::max();
  return schema;
}

/// A text of a number and a unit. That it is more than zero can be seen in its digits; other bounds cannot.
Json quantity_schema(std::string_view units, const Range& range) {
  const bool is_positive = range.minimum_open && range.minimum == 0;
  return {{"type", "string"},
          {"pattern", fmt::format("^{0}{1}{2}{0}({3}){0}$", kBlanks, is_positive ? kMoreThanZero : "", kNumber, units)}};
}

/// Like read_config, which takes `label: 1` for the text 1.
Json text_schema() { return {{"type", {"string", "number", "boolean"}}}; }

Json enum_schema(const Type& type) {
  auto names = Json::array();
  for (const auto name : type.names) names.push_back(std::string(name));
  return {{"enum", std::move(names)}};
}

/// `schema`, or null, in the form that editors explain best.
Json or_null(Json schema) {
  if (schema.contains("anyOf")) {
    schema["anyOf"].push_back({{"type", "null"}});
  } else if (schema.contains("enum")) {
    schema["enum"].push_back(nullptr);
  } else {
    auto& type = schema["type"];
    if (!type.is_array()) type = Json::array({type});
    if (std::find(type.begin(), type.end(), "null") == type.end()) type.push_back("null");
  }
  return schema;
}

Json or_auto(Json schema) {
  if (!schema.contains("anyOf")) schema = {{"anyOf", Json::array({std::move(schema)})}};
  schema["anyOf"].push_back({{"const", "auto"}});
  return schema;
}

bool has_required(const Type& section);

bool must_be_written(const FieldInfo& field) {
  return field.presence == Presence::required || (field.type->kind == Kind::section && has_required(*field.type));
}

bool has_required(const Type& section) { return std::any_of(section.fields.begin(), section.fields.end(), must_be_written); }

/// Whether what must be given is demanded where it belongs; at the top level an included file may give it.
enum class Required { here, elsewhere };

class SchemaWriter {
 public:
  static Json section(const Type& type, Required required) {
    auto properties = Json::object();
    for (const auto& field : type.fields) properties[field.name] = property(field, type.defaults.get(), required);
    Json schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (required == Required::here && has_required(type)) {
      schema["required"] = required_names(type);
      return schema;
    }
    return or_null(std::move(schema));
  }

  /// What a file without `include` must hold, in all sections that it could share with an included file.
  static Json demands(const Type& type) {
    Json schema = Json::object();
    if (has_required(type)) schema = {{"type", "object"}, {"required", required_names(type)}};
    for (const auto& field : type.fields) {
      const auto* inner = field.type;
      while (inner->kind == Kind::optional || inner->kind == Kind::automatic) inner = inner->element;
      if (inner->kind != Kind::section) continue;
      auto inside = demands(*inner);
      if (field.type != inner) inside.erase("type");  // may be null
      if (!inside.empty()) schema["properties"][field.name] = std::move(inside);
    }
    return schema;
  }

 private:
  static Json required_names(const Type& type) {
    auto names = Json::array();
    for (const auto& field : type.fields) {
      if (must_be_written(field)) names.push_back(field.name);
    }
    return names;
  }

  static Json property(const FieldInfo& field, const void* defaults, Required required) {
    Json schema{{"description", field.help}};
    auto type = value(*field.type, field.range, required);
    const bool is_required = field.presence == Presence::required;
    if (is_required && field.type->kind == Kind::list) type["minItems"] = 1;
    if (is_required && (field.type->kind == Kind::text || field.type->kind == Kind::path)) type["minLength"] = 1;
    schema.update(type);
    // The parts of a section have their own.
    if (!is_required && field.type->kind != Kind::section)
      schema["default"] = default_value(*field.type, member(defaults, field));
    return schema;
  }

  static Json value(const Type& type, const Range& range, Required required) {
    switch (type.kind) {
      case Kind::boolean:
        return {{"type", "boolean"}};
      case Kind::integer:
        return integer_schema(range);
      case Kind::real: {
        Json schema{{"type", "number"}};
        add_bounds(schema, range);
        return schema;
      }
      case Kind::text:
      case Kind::path:
        return text_schema();
      case Kind::duration:
        return quantity_schema("steps?|epochs?|tokens?|%", range);
      case Kind::byte_size:
        return quantity_schema("[KMGT]iB|[kMGT]?B", range);
      case Kind::enumeration:
        return enum_schema(type);
      case Kind::section:
        return section(type, required);
      case Kind::list:
        return list(type, range);
      case Kind::optional:
        return or_null(value(*type.element, range, required));
      case Kind::automatic:
        return or_auto(value(*type.element, range, required));
    }
    return {};
  }

  static Json list(const Type& type, const Range& range) {
    // Files replace each other's lists, so that each is complete.
    Json schema{{"type", "array"}, {"items", value(*type.element, range, Required::here)}};
    if (!is_keyed_list(type)) return schema;
    const auto& field = type.element->fields[1];
    Json map{{"type", "object"}, {"additionalProperties", value(*field.type, field.range, Required::here)}};
    return {{"anyOf", Json::array({std::move(map), std::move(schema)})}};
  }
};

Json include_property() {
  const Json path{{"type", "string"}, {"minLength", 1}};
  return {{"description", "files under the folder of this one whose values stand where this file gives none; the last one wins"},
          {"anyOf", Json::array({path, {{"type", "array"}, {"items", path}}})}};
}

}  // namespace

std::string detail::write_json_schema(const Type& type, std::string_view title, std::string_view description) {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}, {"description", description}};
  auto section = SchemaWriter::section(type, Required::elsewhere);
  Json properties{{std::string(kIncludeKey), include_property()}};
  properties.update(section["properties"]);
  section["properties"] = std::move(properties);
  schema.update(section);
  auto demands = SchemaWriter::demands(type);
  if (!demands.empty()) {
    schema["if"] = {{"type", "object"}, {"required", Json::array({std::string(kIncludeKey)})}};
    schema["else"] = std::move(demands);
  }
  return schema.dump(2) + '\n';
}

}  // namespace albert::config
