// The tensors of a model folder: model.safetensors, or the shards that model.safetensors.index.json names, as one set of arrays.
//
//   const auto weights = WeightFiles::of_folder("albert-xxlarge-v2");
//   weights.arrays().at("albert.pooler.bias");
#pragma once

#include <albert/io/safetensors.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

inline constexpr std::string_view kWeightsName = "model.safetensors";
inline constexpr std::string_view kWeightsIndexName = "model.safetensors.index.json";
inline constexpr size_t kMaxWeightShards = 1024;

/// Memory-mapped files; only their headers are read. Copies share the mappings, and views live as long as one of them.
class WeightFiles {
 public:
  /// One file of any name. Throws IoError, also for what is no regular file (opening a pipe would block).
  static WeightFiles of_file(const std::filesystem::path& path);
  /// model.safetensors, else the index and its shards. Throws IoError for names in the index that leave the folder, for arrays that the
  /// index and the shards do not have alike, and where the folder has neither; one that has weights as pickles is told how to convert.
  static WeightFiles of_folder(const std::filesystem::path& folder);

  [[nodiscard]] const NamedArrays& arrays() const { return arrays_; }
  /// Of the first file, by name.
  [[nodiscard]] const SafetensorsMetadata& metadata() const { return metadata_; }
  [[nodiscard]] uint64_t size_bytes() const;
  [[nodiscard]] size_t num_files() const { return files_.size(); }
  /// What error texts begin with: the file, or the index.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// What the views point into.
  [[nodiscard]] std::vector<std::shared_ptr<const void>> owners() const { return {files_.begin(), files_.end()}; }
  /// Gives the memory of bytes that were read back to the system.
  void forget(std::span<const std::byte> bytes) const;

 private:
  static WeightFiles of_index(const std::filesystem::path& index);
  SafetensorsContent add(const std::filesystem::path& path);

  std::filesystem::path path_;
  std::vector<std::shared_ptr<const MappedFile>> files_;
  NamedArrays arrays_;
  SafetensorsMetadata metadata_;
};

}  // namespace albert::io
