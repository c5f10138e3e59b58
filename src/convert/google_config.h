// albert_config.json of Google's archives and TF-Hub modules.
#pragma once

#include <albert/model/albert_config.h>

#include <string>
#include <string_view>
#include <vector>

namespace albert {

struct GoogleConfig {
  AlbertConfig shape{};
  std::vector<std::string> unknown_keys{};  ///< that neither we nor Google's code reads
};

/// Absent keys have the defaults of Google's AlbertConfig (modeling.py), those of xxlarge; vocab_size has none. Its "gelu" is the
/// tanh form, which Hugging Face calls gelu_new. Throws IoError that starts with `where` and names the key.
GoogleConfig read_google_config(std::string_view text, const std::string& where);

}  // namespace albert
