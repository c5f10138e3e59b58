// Reads JSON front to back straight into what the caller wants: no tree, no copy but of strings, no recursion.
//
//   JsonScanner scanner(header, "model.safetensors");
//   scanner.begin('{');
//   while (scanner.has_member('}')) { const std::string key = scanner.key(); ... }
//   scanner.finish();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace albert::io {

/// RFC 8259 as serde_json reads it, which is what the reference library of safetensors is built on: values nested at most 127 deep,
/// numbers in the range of a double, escapes that make well-formed UTF-8. Every function throws IoError that starts with `file`.
class JsonScanner {
 public:
  /// Throws where the text is no UTF-8. Both views must outlive the scanner. `max_members` of all objects and arrays together bounds the time:
  /// 100 MB of "0,0,..." would take seconds.
  JsonScanner(std::string_view text, std::string_view file, size_t max_members);

  /// The first character of the next value, '\0' at the end.
  char peek();
  /// Enters an object or array; has_member() then says whether another member follows, and leaves it with `close` otherwise.
  void begin(char open);
  bool has_member(char close);
  /// A string that is the name of a member, and the colon after it.
  std::string key();
  std::string string();
  /// The characters of a number.
  std::string_view number();
  void null();
  /// Passes over a value of any kind.
  void skip();
  /// Nothing but white space is left.
  void finish();

  /// What stands at the next value, for error texts: "an object", "a string", "null", "-2.5".
  std::string describe_next();
  [[noreturn]] void fail(const std::string& text) const;

 private:
  [[noreturn]] void fail_syntax() const;
  void literal(std::string_view word);
  void escape(std::string& text);
  uint32_t code_unit();

  std::string_view text_;
  std::string_view file_;
  size_t position_ = 0;
  size_t members_left_;
  int depth_ = 0;
  bool is_first_ = false;  ///< no member of the innermost object or array has been read
};

}  // namespace albert::io
