#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace albert::io {
namespace {

/// "file:line:column" of the byte at `offset`.
std::string place(std::string_view name, std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("{}:{}:{}", name, line, column);
}

/// Follows the parser's events and throws at the first that breaks a limit.
class LimitGuard {
 public:
  LimitGuard(std::string_view name, const JsonLimits& limits) : name_(name), limits_(limits) {}

  void operator()(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        count();
        // The parser reports the depth outside of the value that begins.
        if (static_cast<size_t>(depth) + 1 > limits_.depth) {
          throw IoError(fmt::format("{}: wanted JSON nested at most {} deep, got more", name_, limits_.depth));
        }
        keys_.emplace_back();
        break;
      case Event::object_end:
      case Event::array_end:
        keys_.pop_back();
        break;
      case Event::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys_.back().insert(key).second)
          throw IoError(fmt::format("{}: wanted each key once in an object, got {} twice", name_, quoted_text(key)));
        break;
      }
      case Event::value:
        count();
        break;
    }
  }

 private:
  void count() {
    if (++values_ > limits_.values)
      throw IoError(fmt::format("{}: wanted JSON of at most {} values, got more", name_, limits_.values));
  }

  std::string name_;
  JsonLimits limits_;
  std::vector<std::set<std::string>> keys_;
  size_t values_ = 0;
};

/// The part of nlohmann's text that says what is wrong, without its error number and position.
std::string reason(const nlohmann::json::exception& error) {
  std::string text = error.what();
  if (const size_t cut = text.find("syntax error"); cut != std::string::npos) text.erase(0, cut);
  if (text.starts_with('[')) text.erase(0, text.find(']') + 2);
  std::string clean;
  for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20U || static_cast<unsigned char>(c) > 0x7eU ? '?' : c;
  return clean.substr(0, 200);
}

}  // namespace

std::string quoted_text(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string shown =
      nlohmann::json(std::string(text.substr(0, kLongest)))
          .dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
  if (text.size() > kLongest) shown += "...";
  return shown;
}

nlohmann::json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  if (text.size() > limits.size_bytes) {
    throw IoError(fmt::format("{}: wanted at most {} bytes of JSON, got {}", name, limits.size_bytes, text.size()));
  }
  // The parser takes a NUL for the end of the text and would ignore what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw IoError(fmt::format("{}: wanted JSON, got a NUL byte", place(name, text, nul)));
  }
  LimitGuard guard(name, limits);
  try {
    return nlohmann::json::parse(text.begin(), text.end(),
                                 [&guard](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
                                   guard(depth, event, parsed);
                                   return true;
                                 });
  } catch (const nlohmann::json::parse_error& error) {
    throw IoError(fmt::format("{}: wanted JSON, got {}", place(name, text, error.byte == 0 ? 0 : error.byte - 1), reason(error)));
  } catch (const nlohmann::json::exception& error) {
    throw IoError(fmt::format("{}: wanted JSON, got {}", name, reason(error)));
  }
}

nlohmann::json read_json(const std::filesystem::path& path, const JsonLimits& limits) {
  return parse_json(read_file(path, limits.size_bytes), path.string(), limits);
}

}  // namespace albert::io
