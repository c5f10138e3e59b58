#include <albert/base/error.h>
#include <albert/base/replacing_folder.h>
#include <albert/convert/model_source.h>

#include <algorithm>

namespace albert {
namespace {

namespace fs = std::filesystem;

/// As torch calls the type that all arrays have; "float32" for a mixture, which transformers then loads without loss.
std::string common_dtype(const io::NamedArrays& arrays) {
  const auto all_are = [&](io::DType type) {
    return !arrays.empty() && std::ranges::all_of(arrays, [type](const auto& item) { return item.second.type == type; });
  };
  if (all_are(io::DType::f16)) return "float16";
  if (all_are(io::DType::bf16)) return "bfloat16";
  return all_are(io::DType::f64) ? "float64" : "float32";
}

/// A bare encoder is saved without the prefix that the classes with heads give it.
io::NamedArrays published_arrays(const ModelSource& source) {
  const auto& shape = source.config.shape;
  const std::string prefix = shape.architecture == Architecture::bert ? "bert." : "albert.";
  const bool is_bare = source.config.architecture.ends_with("Model");
  io::NamedArrays arrays;
  for (const auto& [parameter, array] : source.arrays) {
    const std::string name = published_name(parameter, shape);
    arrays.emplace(is_bare && name.starts_with(prefix) ? name.substr(prefix.size()) : name, array);
  }
  return arrays;
}

}  // namespace

void write_hugging_face_folder(const fs::path& target, const ModelSource& source) {
  auto config = source.config;
  config.dtype = common_dtype(source.arrays);
  auto metadata = source.metadata;
  metadata["format"] = "pt";  // transformers wants it
  auto texts = source.texts;
  texts["config.json"] = write_config_json(config);

  ReplacingFolder folder(target);
  io::write_safetensors(folder.path() / "model.safetensors", published_arrays(source), metadata);
  folder.write(texts);
  folder.commit_new();
}

}  // namespace albert
