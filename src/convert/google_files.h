// Finds the files of one checkpoint of Google's code: in a folder, by the prefix of their names, in a TF-Hub module or in an
// archive.
#pragma once

#include <albert/io/tensor_bundle.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace albert {

struct GoogleFiles {
  struct Text {
    std::string where;  ///< begins error texts
    std::string text;
  };

  std::string where;  ///< the index, for error texts
  io::TensorBundle bundle;
  std::optional<Text> config{};                       ///< albert_config.json
  std::optional<Text> vocabulary{};                   ///< bytes of 30k-clean.model (or spiece.model)
  bool is_module = false;                             ///< a TF-Hub module or SavedModel: variables/variables.index
  std::vector<std::shared_ptr<const void>> owners{};  ///< what the bundle's bytes live in
};

/// Whether the path looks like one of these, from names and the first bytes of a file; opens no checkpoint.
bool has_google_files(const std::filesystem::path& path);

/// Where `path` holds several checkpoints and none is called model.ckpt-best, IoError lists them. Throws IoError too for what is
/// wrong with archive, index or data files.
GoogleFiles open_google_files(const std::filesystem::path& path);

}  // namespace albert
