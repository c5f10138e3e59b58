#include <albert/config/writer.h>

#include "config/render.h"
#include "config/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace albert::config {
namespace {

constexpr std::string_view kPlainFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/.";
constexpr std::string_view kPlainLater = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/.0123456789-+*";

constexpr size_t kLongestNote = 1000;

/// Words that some reader of YAML takes for a boolean, null or number.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 16> kReserved{"null", "true", "false", "yes",  "no",   "on",   "off",      "y",
                                                       "n",    "nan",  "inf",   ".nan", ".inf", "auto", "infinity", "none"};
  std::string lower(text.substr(0, 16));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
}

/// ".5", "...": not a word.
bool begins_like_a_number(std::string_view text) {
  return text.front() == '.' && (text.size() == 1 || text[1] == '.' || (text[1] >= '0' && text[1] <= '9')) &&
         !text.starts_with("../");
}

bool must_escape(char32_t c) {
  const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool is_separator =
      c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
  const bool is_noncharacter = (c & 0xFFFEU) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  return is_control || is_separator || is_noncharacter;
}

std::string escape(std::string_view text) {
  std::string result = "\"";
  for (size_t offset = 0; offset < text.size();) {
    const auto character = decode_utf8(text.substr(offset));
    if (!character) throw ConfigError(fmt::format("'{}': must be UTF-8 to be written as YAML", shorten(text)));
    const auto c = character->value;
    if (c == '"' || c == '\\') {
      result += '\\';
      result += static_cast<char>(c);
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (must_escape(c)) {
      result +=
          c > 0xFFFF ? fmt::format("\\U{:08X}", static_cast<uint32_t>(c)) : fmt::format("\\u{:04X}", static_cast<uint32_t>(c));
    } else {
      result += text.substr(offset, character->size_bytes);
    }
    offset += character->size_bytes;
  }
  return result + '"';
}

std::string render_real(double value) {
  ALBERT_CHECK(std::isfinite(value), "a configuration holds the number {}", value);
  return fmt::format("{}", value);  // the shortest decimal that reads back as the same double
}

std::string render_list(const Type& type, const void* value) {
  std::string result = "[";
  for (size_t i = 0; i < type.size(value); ++i) {
    result += (i == 0 ? "" : ", ") + render_flow(*type.element, type.at(value, i));
  }
  return result + "]";
}

std::string render_section(const Type& type, const void* value) {
  std::string result = "{";
  for (const auto& field : type.fields) {
    result += (result.size() == 1 ? "" : ", ") + field.name + ": " + render_flow(*field.type, member(value, field));
  }
  return result + "}";
}

bool is_block_list(const Inner& inner) {
  return inner.value != nullptr && inner.type->kind == Kind::list && inner.type->size(inner.value) > 0 &&
         inner.type->element->kind == Kind::section && !inner.type->element->fields.empty();
}

std::string join_key(const std::string& path, const std::string& name) { return path.empty() ? name : path + '.' + name; }

/// Block style, so that a diff of two files shows the options that differ.
class BlockWriter {
 public:
  BlockWriter(std::string& out, const ValueNote& note) : out_(out), note_(note) {}

  void write_section(const std::string& path, const Type& type, const void* value, size_t indent) {
    for (const auto& field : type.fields) {
      if (indent == 0 && field.type->kind == Kind::section && !out_.empty()) out_ += '\n';
      if (!continues_line_) out_.append(indent, ' ');
      continues_line_ = false;
      out_ += field.name + ':';
      write_value(join_key(path, field.name), unwrap(*field.type, member(value, field)), indent);
    }
  }

 private:
  void write_value(const std::string& key, const Inner& inner, size_t indent) {
    if (inner.value != nullptr && inner.type->kind == Kind::section && !inner.type->fields.empty()) {
      out_ += '\n';
      write_section(key, *inner.type, inner.value, indent + 2);
    } else if (is_block_list(inner)) {
      out_ += '\n';
      for (size_t i = 0; i < inner.type->size(inner.value); ++i) {
        out_.append(indent + 2, ' ');
        out_ += "- ";
        continues_line_ = true;
        write_section(fmt::format("{}[{}]", key, i), *inner.type->element, inner.type->at(inner.value, i), indent + 4);
      }
    } else {
      out_ += ' ' + (inner.value == nullptr ? std::string(inner.type->kind == Kind::optional ? "null" : "auto")
                                            : render_flow(*inner.type, inner.value));
      const auto note = note_ ? shorten(note_(key), kLongestNote) : std::string();
      out_ += (note.empty() ? "" : "  # " + note) + '\n';
    }
  }

  std::string& out_;
  const ValueNote& note_;
  bool continues_line_ = false;
};

/// Collects differing leaves.
class Comparison {
 public:
  explicit Comparison(std::vector<Difference>& differences) : differences_(differences) {}

  void compare(const std::string& key, const Type& type, const void* a, const void* b) {
    const auto inner_a = unwrap(type, a);
    const auto inner_b = unwrap(type, b);
    const bool same_shape = inner_a.value != nullptr && inner_b.value != nullptr;
    if (same_shape && inner_a.type->kind == Kind::section) {
      compare_sections(key, *inner_a.type, inner_a.value, inner_b.value);
    } else if (same_shape && inner_a.type->kind == Kind::list && inner_a.type->element->kind == Kind::section) {
      compare_lists(key, *inner_a.type, inner_a.value, inner_b.value);
    } else {
      auto text_a = render_flow(type, a);
      auto text_b = render_flow(type, b);
      if (text_a != text_b) differences_.push_back({key, std::move(text_a), std::move(text_b)});
    }
  }

 private:
  void compare_sections(const std::string& key, const Type& type, const void* a, const void* b) {
    for (const auto& field : type.fields) compare(join_key(key, field.name), *field.type, member(a, field), member(b, field));
  }

  void compare_lists(const std::string& key, const Type& type, const void* a, const void* b) {
    const size_t size_a = type.size(a);
    const size_t size_b = type.size(b);
    for (size_t i = 0; i < std::max(size_a, size_b); ++i) {
      const auto entry = fmt::format("{}[{}]", key, i);
      if (i < size_a && i < size_b) {
        compare(entry, *type.element, type.at(a, i), type.at(b, i));
      } else {
        const auto render = [&](const void* list, size_t size) {
          return i < size ? render_flow(*type.element, type.at(list, i)) : std::string("(absent)");
        };
        differences_.push_back({entry, render(a, size_a), render(b, size_b)});
      }
    }
  }

  std::vector<Difference>& differences_;
};

}  // namespace

std::string quote_yaml(std::string_view text) {
  const bool plain = !text.empty() && kPlainFirst.find(text.front()) != std::string_view::npos &&
                     text.find_first_not_of(kPlainLater) == std::string_view::npos && !is_reserved(text) &&
                     !begins_like_a_number(text);
  return plain ? std::string(text) : escape(text);
}

const FieldInfo* find_field(const Type& section, std::string_view name) {
  const auto found =
      std::find_if(section.fields.begin(), section.fields.end(), [&](const FieldInfo& field) { return field.name == name; });
  return found == section.fields.end() ? nullptr : &*found;
}

bool is_keyed_list(const Type& list) {
  const auto& element = *list.element;
  return element.kind == Kind::section && element.fields.size() == 2 && element.fields[0].presence == Presence::required &&
         element.fields[0].type->kind == Kind::text;
}

Inner unwrap(const Type& type, const void* value) {
  const bool is_wrapper = type.kind == Kind::optional || type.kind == Kind::automatic;
  if (!is_wrapper) return {&type, value};
  return type.size(value) == 0 ? Inner{&type, nullptr} : unwrap(*type.element, type.at(value, 0));
}

std::string render_flow(const Type& type, const void* value) {
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::integer:
      return fmt::format("{}", *static_cast<const int64_t*>(value));
    case Kind::real:
      return render_real(*static_cast<const double*>(value));
    case Kind::text:
      return quote_yaml(*static_cast<const std::string*>(value));
    case Kind::path:
      return quote_yaml(static_cast<const std::filesystem::path*>(value)->string());
    case Kind::duration:
      return to_string(*static_cast<const Duration*>(value));
    case Kind::byte_size:
      return to_string(*static_cast<const ByteSize*>(value));
    case Kind::enumeration:
      return std::string(type.names.at(type.enum_index(value)));
    case Kind::section:
      return render_section(type, value);
    case Kind::list:
      return render_list(type, value);
    case Kind::optional:
      return type.size(value) == 0 ? "null" : render_flow(*type.element, type.at(value, 0));
    case Kind::automatic:
      return type.size(value) == 0 ? "auto" : render_flow(*type.element, type.at(value, 0));
  }
  return "";
}

std::string detail::write_yaml(const Type& type, const void* value, const ValueNote& note) {
  std::string out;
  BlockWriter(out, note).write_section("", type, value, 0);
  return out;
}

std::vector<Difference> detail::find_differences(const Type& type, const void* a, const void* b) {
  std::vector<Difference> differences;
  Comparison(differences).compare("", type, a, b);
  return differences;
}

}  // namespace albert::config
