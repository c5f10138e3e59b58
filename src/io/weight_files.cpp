#include <albert/base/error.h>
#include <albert/io/json_text.h>
#include <albert/io/weight_files.h>

#include "io/manifest.h"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <utility>

namespace albert::io {
namespace {

namespace fs = std::filesystem;

/// Files by the names of the arrays that the index places there.
using Placement = std::map<std::string, std::vector<std::string>>;

Placement read_index(const fs::path& path) {
  const auto json = read_json(path);
  const auto map = json.is_object() ? json.find("weight_map") : json.end();
  if (map == json.end() || !map->is_object()) throw IoError(fmt::format("{}: wanted an object weight_map, got none", path.string()));
  Placement placement;
  for (const auto& [array, file] : map->items()) {
    if (!file.is_string() || !is_plain_file_name(file.get<std::string>())) {
      throw IoError(fmt::format("{}: wanted the name of a file in the folder for {}, got {}", path.string(), quoted_text(array),
                                quoted_text(file.dump())));
    }
    placement[file.get<std::string>()].push_back(array);
  }
  if (placement.size() > kMaxWeightShards) {
    throw IoError(fmt::format("{}: wanted at most {} files, got {}", path.string(), kMaxWeightShards, placement.size()));
  }
  return placement;
}

/// The reason where the folder has weights of another kind, with what to do about it.
std::string other_weights(const fs::path& folder) {
  constexpr std::array kPickles{"pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin"};
  for (const auto* name : kPickles) {
    if (!fs::exists(folder / name)) continue;
    return fmt::format(
        "; {} is a pickle, which can run code when it is read and so never is; make model.safetensors of it once where Python has torch and "
        "safetensors: python3 -c \"import glob, torch; from safetensors.torch import save_file; "
        "save_file({{k: v.clone().contiguous() for f in glob.glob('pytorch_model*.bin') "
        "for k, v in torch.load(f, weights_only=True).items()}}, 'model.safetensors', {{'format': 'pt'}})\"",
        name);
  }
  for (const auto* name : {"tf_model.h5", "flax_model.msgpack"}) {
    if (fs::exists(folder / name)) return fmt::format("; {} is not read, save the model with save_pretrained of transformers", name);
  }
  const auto last = folder / "final";
  return fs::exists(last / kWeightsName) ? fmt::format("; the model of this run is {}", last.string()) : std::string();
}

}  // namespace

SafetensorsContent WeightFiles::add(const fs::path& path) {
  if (!fs::is_regular_file(path)) throw IoError(fmt::format("{}: must be a regular file", path.string()));
  files_.push_back(std::make_shared<const MappedFile>(path));
  return parse_safetensors(files_.back()->bytes(), path.string());
}

WeightFiles WeightFiles::of_file(const fs::path& path) {
  WeightFiles result;
  result.path_ = path;
  auto content = result.add(path);
  result.arrays_ = std::move(content.arrays);
  result.metadata_ = std::move(content.metadata);
  return result;
}

WeightFiles WeightFiles::of_index(const fs::path& index) {
  WeightFiles result;
  result.path_ = index;
  for (auto& [file, names] : read_index(index)) {
    const auto path = index.parent_path() / file;
    if (!fs::exists(path)) {
      throw IoError(fmt::format("{}: wanted the file {}, got none of that name; the download is not complete", index.string(), file));
    }
    auto content = result.add(path);
    if (result.files_.size() == 1) result.metadata_ = std::move(content.metadata);
    for (const auto& name : names) {
      auto node = content.arrays.extract(name);
      if (node.empty()) {
        throw IoError(fmt::format("{}: wanted tensor {} in {}, got none of that name", index.string(), quoted_text(name), file));
      }
      result.arrays_.insert(std::move(node));
    }
    if (!content.arrays.empty()) {
      throw IoError(fmt::format("{}: wanted every tensor in weight_map, got {} in {} alone", index.string(),
                                quoted_text(content.arrays.begin()->first), file));
    }
  }
  return result;
}

WeightFiles WeightFiles::of_folder(const fs::path& folder) {
  if (fs::exists(folder / kWeightsName)) return of_file(folder / kWeightsName);
  if (fs::exists(folder / kWeightsIndexName)) return of_index(folder / kWeightsIndexName);
  throw IoError(fmt::format("{}: not a model folder: {} is missing{}", folder.string(), kWeightsName, other_weights(folder)));
}

uint64_t WeightFiles::size_bytes() const {
  uint64_t total = 0;
  for (const auto& file : files_) total += file->bytes().size();
  return total;
}

void WeightFiles::forget(std::span<const std::byte> bytes) const {
  for (const auto& file : files_) {
    const auto whole = file->bytes();
    if (bytes.data() < whole.data() || bytes.data() >= whole.data() + whole.size()) continue;
    file->drop_pages(static_cast<size_t>(bytes.data() - whole.data()), bytes.size());
  }
}

}  // namespace albert::io
