// The cure for an unknown key: the option that was probably meant.
#pragma once

#include <albert/config/schema.h>

#include <optional>
#include <string>
#include <string_view>

namespace albert::config {

/// What an unknown key was probably meant to be.
struct KeySuggestion {
  std::string cure;                       ///< "did you mean 'optimizer.learning_rate'?", or the keys that are known here
  std::optional<std::string> local_name;  ///< the field of `section` that was meant
};

/// `path` is that of `section` ("" at the top). A near name in the section wins; then the same name in another section, a near
/// one there, and a dotted path written as one key.
KeySuggestion suggest_key(const Type& root, const Type& section, std::string_view path, std::string_view key);

}  // namespace albert::config
