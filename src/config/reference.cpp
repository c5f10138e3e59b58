#include <albert/config/writer.h>

#include "config/render.h"
#include "config/scalars.h"

namespace albert::config {
namespace {

std::string type_words(const Type& type) {
  switch (type.kind) {
    case Kind::boolean:
      return "`true` or `false`";
    case Kind::integer:
      return "whole number";
    case Kind::real:
      return "number";
    case Kind::text:
      return "text";
    case Kind::path:
      return "path";
    case Kind::duration:
      return "duration (`500 steps`)";
    case Kind::byte_size:
      return "size (`200 MiB`)";
    case Kind::enumeration:
      return fmt::format("`{}`", fmt::join(type.names, "`, `"));
    case Kind::section:
      return "section";
    case Kind::list:
      return type.element->kind == Kind::section ? "list of sections" : "list of: " + type_words(*type.element);
    case Kind::optional:
      return type_words(*type.element) + ", or `null`";
    case Kind::automatic:
      return type_words(*type.element) + ", or `auto`";
  }
  return "";
}

/// '|' would end the cell.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

const Type& element_of(const Type& type) { return type.element == nullptr ? type : element_of(*type.element); }

bool is_section_like(const Type& type) { return element_of(type).kind == Kind::section; }

class ReferenceWriter {
 public:
  explicit ReferenceWriter(std::string& out) : out_(out) {}

  void write_root(const Type& root) {
    begin_table();
    for (const auto& field : root.fields) {
      if (!is_section_like(*field.type)) write_field(field, root.defaults.get(), "");
    }
    for (const auto& field : root.fields) {
      if (!is_section_like(*field.type)) continue;
      out_ += fmt::format("\n## {}\n\n{}\n\n", field.name, field.help);
      begin_table();
      if (field.type->kind == Kind::section) {
        write_fields(*field.type, member(root.defaults.get(), field), field.name + '.');
      } else {
        write_field(field, root.defaults.get(), "");
      }
    }
  }

 private:
  void begin_table() { out_ += "| key | type | default | bounds | meaning |\n|---|---|---|---|---|\n"; }

  void write_fields(const Type& section, const void* defaults, const std::string& prefix) {
    for (const auto& field : section.fields) write_field(field, defaults, prefix);
  }

  void write_field(const FieldInfo& field, const void* section, const std::string& prefix) {
    const auto* value = member(section, field);
    const auto key = prefix + field.name;
    if (field.type->kind == Kind::section) {
      out_ += fmt::format("| `{}` | section | | | {} |\n", key, cell(field.help));
      write_fields(*field.type, value, key + '.');
      return;
    }
    const auto preset = field.presence == Presence::required ? std::string("required")
                                                             : fmt::format("`{}`", cell(render_flow(*field.type, value)));
    out_ += fmt::format("| `{}` | {} | {} | {} | {} |\n", key, type_words(*field.type), preset, describe_range(field.range),
                        cell(field.help));
    const auto& element = element_of(*field.type);
    if (element.kind == Kind::section)
      write_fields(element, element.defaults.get(), key + (holds_list(*field.type) ? "[]." : "."));
  }

  static bool holds_list(const Type& type) {
    return type.kind == Kind::list || (type.element != nullptr && holds_list(*type.element));
  }

  std::string& out_;
};

}  // namespace

std::string detail::write_reference(const Type& type) {
  std::string out;
  ReferenceWriter(out).write_root(type);
  return out;
}

}  // namespace albert::config
