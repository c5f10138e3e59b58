#include "convert/google_files.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/tar.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace albert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = ".index";
constexpr std::string_view kVariables = "variables";
constexpr size_t kMostTextBytes = size_t{64} << 20U;

std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Files by relative name, wherever they lie.
class FileSet {
 public:
  virtual ~FileSet() = default;
  /// Names, without ".index", of the checkpoints in it.
  [[nodiscard]] virtual std::vector<fs::path> checkpoints() const = 0;
  [[nodiscard]] virtual std::optional<std::span<const std::byte>> find(const fs::path& name) = 0;
  /// For error texts.
  [[nodiscard]] virtual std::string shown(const fs::path& name) const = 0;
  [[nodiscard]] std::vector<std::shared_ptr<const void>> owners() const { return {maps_.begin(), maps_.end()}; }

 protected:
  std::span<const std::byte> keep(MappedFile file) {
    return maps_.emplace_back(std::make_shared<const MappedFile>(std::move(file)))->bytes();
  }

 private:
  std::vector<std::shared_ptr<const MappedFile>> maps_;
};

/// "x/model.ckpt" for "x/model.ckpt.index"; nothing for other names and for hidden files (macOS puts "._NAME" beside each file).
std::optional<fs::path> checkpoint_of(const fs::path& name) {
  const std::string text = name.string();
  if (!text.ends_with(kIndex) || name.filename().string().starts_with('.')) return std::nullopt;
  return fs::path(text.substr(0, text.size() - kIndex.size()));
}

class FolderFiles final : public FileSet {
 public:
  explicit FolderFiles(fs::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::vector<fs::path> checkpoints() const override {
    std::vector<fs::path> found;
    for (const fs::path& part : {fs::path(), fs::path(kVariables)}) {
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(folder_ / part, ignored)) {
        const auto name = checkpoint_of(entry.path().filename());
        if (name && is_file(entry.path())) found.push_back(part / *name);
      }
    }
    std::ranges::sort(found);
    return found;
  }

  [[nodiscard]] std::optional<std::span<const std::byte>> find(const fs::path& name) override {
    if (!is_file(folder_ / name)) return std::nullopt;
    return keep(MappedFile(folder_ / name));
  }

  [[nodiscard]] std::string shown(const fs::path& name) const override { return (folder_ / name).string(); }

 private:
  fs::path folder_;
};

class ArchiveFiles final : public FileSet {
 public:
  explicit ArchiveFiles(const fs::path& path) : path_(path.string()) {
    std::span<const std::byte> bytes = keep(MappedFile(path));
    if (io::is_gzip(bytes)) bytes = keep(io::inflate_gzip(bytes, path_));
    for (const io::TarMember& member : io::parse_tar(bytes, path_)) members_.emplace(member.path, member.bytes);
  }

  [[nodiscard]] std::vector<fs::path> checkpoints() const override {
    std::vector<fs::path> found;
    for (const auto& member : members_) {
      if (const auto name = checkpoint_of(member.first)) found.push_back(*name);
    }
    return found;
  }

  [[nodiscard]] std::optional<std::span<const std::byte>> find(const fs::path& name) override {
    const auto found = members_.find(name.lexically_normal().string());
    if (found == members_.end()) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] std::string shown(const fs::path& name) const override { return fmt::format("{}: {}", path_, name.string()); }

  [[nodiscard]] bool has_model_folder() const {
    return std::ranges::any_of(members_, [](const auto& member) { return fs::path(member.first).filename() == "config.json"; });
  }

 private:
  std::string path_;
  std::map<std::string, std::span<const std::byte>> members_;
};

/// The one checkpoint that is meant.
fs::path choose(const std::vector<fs::path>& found, const fs::path& path) {
  if (found.empty()) {
    throw IoError(fmt::format("{}: wanted a checkpoint of TensorFlow (NAME.index and NAME.data-...), got none", path.string()));
  }
  if (found.size() == 1) return found.front();
  std::vector<fs::path> best;
  std::ranges::copy_if(found, std::back_inserter(best),
                       [](const fs::path& name) { return name.filename() == "model.ckpt-best"; });
  if (best.size() == 1) return best.front();
  std::vector<std::string> names;
  constexpr size_t kMostNames = 20;
  for (const fs::path& name : found) names.push_back(names.size() < kMostNames ? name.string() : "...");
  names.resize(std::min(names.size(), kMostNames + 1));
  throw IoError(fmt::format("{}: wanted one checkpoint, got {}; name one as FOLDER/NAME (unpack an archive first)", path.string(),
                            fmt::join(names, ", ")));
}

/// A file beside the checkpoint, or in the assets/ of its module.
std::optional<GoogleFiles::Text> find_text(FileSet& files, const fs::path& folder, std::string_view name) {
  for (const fs::path& place : {folder, folder / "assets", folder / ".." / "assets"}) {
    const auto bytes = files.find(place / name);
    if (!bytes) continue;
    std::string where = files.shown((place / name).lexically_normal());
    if (bytes->size() > kMostTextBytes)
      throw IoError(fmt::format("{}: wanted at most {} bytes, got {}", where, kMostTextBytes, bytes->size()));
    return GoogleFiles::Text{.where = std::move(where), .text = std::string(text_of(*bytes))};
  }
  return std::nullopt;
}

std::vector<io::BundleShard> open_shards(FileSet& files, const fs::path& name, uint32_t num_shards, const std::string& where) {
  std::vector<io::BundleShard> shards;
  std::vector<std::string> missing;
  for (uint32_t shard = 0; shard < num_shards; ++shard) {
    const fs::path data = name.string() + io::bundle_shard_suffix(shard, num_shards);
    if (const auto bytes = files.find(data)) {
      shards.push_back({.name = files.shown(data), .bytes = *bytes});
    } else if (missing.size() < 4) {
      missing.push_back(data.filename().string());
    }
  }
  if (missing.empty()) return shards;
  throw IoError(
      fmt::format("{}: wanted {} data files, got {}; missing: {}", where, num_shards, shards.size(), fmt::join(missing, ", ")));
}

GoogleFiles open_checkpoint(FileSet& files, const fs::path& name) {
  const fs::path index = name.string() + std::string(kIndex);
  const std::string where = files.shown(index);
  const auto bytes = files.find(index);
  if (!bytes) throw IoError(fmt::format("{}: wanted a checkpoint of TensorFlow, got no such file", where));
  io::BundleIndex parsed = io::parse_bundle_index(*bytes, where);
  auto shards = open_shards(files, name, parsed.num_shards, where);
  GoogleFiles found{.where = where, .bundle = io::TensorBundle(std::move(parsed), std::move(shards))};
  found.config = find_text(files, name.parent_path(), "albert_config.json");
  found.vocabulary = find_text(files, name.parent_path(), "30k-clean.model");
  if (!found.vocabulary) found.vocabulary = find_text(files, name.parent_path(), "spiece.model");
  found.is_module = name.filename() == kVariables;
  found.owners = files.owners();
  return found;
}

bool is_archive(const fs::path& path) {
  const MappedFile file(path);
  return io::is_gzip(file.bytes()) || io::is_tar(file.bytes());
}

/// "x/model.ckpt" where the user named the checkpoint or its index.
std::optional<fs::path> named_checkpoint(const fs::path& path) {
  if (is_file(path.string() + std::string(kIndex))) return path;
  return is_file(path) ? checkpoint_of(path) : std::nullopt;
}

}  // namespace

bool has_google_files(const fs::path& path) {
  if (named_checkpoint(path)) return true;
  if (is_folder(path)) return !FolderFiles(path).checkpoints().empty();
  return is_file(path) && is_archive(path);
}

GoogleFiles open_google_files(const fs::path& path) {
  if (const auto name = named_checkpoint(path)) {
    FolderFiles files(name->parent_path());
    return open_checkpoint(files, name->filename());
  }
  if (is_file(path)) {
    if (!is_archive(path))
      throw IoError(fmt::format("{}: wanted a tar archive or the index of a checkpoint, got other bytes", path.string()));
    ArchiveFiles files(path);
    if (files.checkpoints().empty() && files.has_model_folder()) {
      throw IoError(fmt::format("{}: wanted a checkpoint of TensorFlow in the archive, got a folder of Hugging Face; unpack it and name the folder",
                                path.string()));
    }
    return open_checkpoint(files, choose(files.checkpoints(), path));
  }
  FolderFiles files(path);
  return open_checkpoint(files, choose(files.checkpoints(), path));
}

}  // namespace albert
