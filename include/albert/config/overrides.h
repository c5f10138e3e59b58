// Options given on the command line: `--set optimizer.learning_rate=1e-3`. They beat the YAML file.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace albert::config {

/// A list of overrides, applied in order; the last one of a key wins.
///
/// The key is a path such as `optimizer.name` or `data.sources[0].path`; an index equal to the length of the list appends. The
/// value is read as YAML, so lists and maps are allowed; a map is merged into its section key by key, everything else replaces.
/// Nothing is checked here: read_config reports mistakes together with those of the file, under the label of the override.
class Overrides {
 public:
  struct Override {
    std::string key;
    std::string value;  ///< YAML
    std::string label;  ///< how errors name it: "--set optimizer.name=lamb"
  };

  Overrides() = default;
  Overrides(const std::vector<std::string>& assignments);     // NOLINT(google-explicit-constructor): a list of texts is one
  Overrides(std::initializer_list<std::string> assignments);  // NOLINT(google-explicit-constructor)

  /// `key=value`, as after --set. Throws ConfigError when there is no '='.
  void add(std::string_view assignment);
  /// A text that is taken as it is (not as YAML), from an option of its own: add_text("output", "runs/a b", "--output 'runs/a
  /// b'").
  void add_text(std::string_view key, std::string_view text, std::string label);

  [[nodiscard]] const std::vector<Override>& all() const { return list_; }

 private:
  std::vector<Override> list_;
};

}  // namespace albert::config
