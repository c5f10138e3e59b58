// albert inspect: what a model, a run, a checkpoint or a token store is, from its headers.
//
//   inspect({.path = "runs/small"}, std::cout);                                     // aligned lines
//   inspect({.path = "a/final", .other = "b/final", .format = InspectFormat::json}, std::cout);
//
// Facts are collected as one JSON object with stable keys (docs/formats-inspect.md); the lines are made of that object, so both
// say the same. Nothing is written, no text of the training data is printed, and no path but those below the ones given.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>

namespace albert {

enum class InspectFormat { text, json };

/// How much is read.
enum class InspectDepth {
  headers,   ///< headers, manifests and sizes: fast, whatever the size of the files
  checksums  ///< and every byte that has a checksum, of checkpoints and token stores
};

struct InspectOptions {
  /// A model folder (ours or Hugging Face's), the folder of a run, a checkpoint, a folder of a token store or its file, a
  /// *.safetensors, or a vocabulary (*.model).
  std::filesystem::path path;
  std::optional<std::filesystem::path> other{};  ///< tell the differences to this one, of the same kind
  InspectFormat format = InspectFormat::text;
  InspectDepth depth = InspectDepth::headers;
};

/// Throws IoError for anything that is none of these, IoError and DataError for a damaged file, ConfigError for a run with a
/// broken config.yaml, for `other` of another kind, and where checksums are asked of what has none.
void inspect(const InspectOptions& options, std::ostream& out);

}  // namespace albert
