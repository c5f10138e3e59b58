#include <albert/config/fields.h>

namespace albert::config {

void Issues::add(std::string_view key, std::string text) {
  std::string path;
  const auto append = [&](std::string_view part) {
    if (part.empty()) return;
    if (!path.empty() && part.front() != '[') path += '.';
    path += part;
  };
  for (const auto& part : prefix_) append(part);
  append(key);
  issues_.push_back({std::move(path), std::move(text)});
}

}  // namespace albert::config
