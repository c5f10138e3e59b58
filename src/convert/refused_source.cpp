#include "convert/source_formats.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/weight_files.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace albert {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

struct Archive {
  std::string_view begin;  ///< of the file
  std::string_view name;
};
constexpr std::array<Archive, 5> kArchives{{
    {"\xfd\x37\x7a\x58\x5a\0"sv, "an xz archive"},
    {"PK\x03\x04"sv, "a zip archive"},
    {"BZh"sv, "a bzip2 archive"},
    {"\x28\xb5\x2f\xfd"sv, "a Zstandard archive"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
}};

[[noreturn]] void refuse(const fs::path& path, const std::string& text) {
  throw IoError(fmt::format("{}: {}", path.string(), text));
}

std::string folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path().string() : "."; }

/// "x/model.ckpt" for "x/model.ckpt.data-00000-of-00001"; empty for other names.
std::string checkpoint_of_data(const fs::path& path) {
  const auto name = path.string();
  const size_t data = name.rfind(".data-");
  return data != std::string::npos && name.find("-of-", data) != std::string::npos ? name.substr(0, data) : std::string();
}

void refuse_pickle(const fs::path& path) {
  constexpr std::array kEndings{".bin"sv, ".pt"sv, ".pth"sv, ".pkl"sv};
  if (std::ranges::find(kEndings, path.extension().string()) == kEndings.end()) return;
  const fs::path folder = folder_of(path);
  if (!is_hugging_face_folder(folder))
    refuse(path, "wanted a model folder, got a pickle, which can run code when it is read and so never is");
  (void)io::WeightFiles::of_folder(folder);  // without model.safetensors: throws, with the line that makes it
  refuse(path, fmt::format("wanted a model folder, got a pickle; name the folder, which has its tensors as safetensors, too: {}",
                           folder.string()));
}

void refuse_file(const fs::path& path) {
  refuse_pickle(path);
  const auto extension = path.extension();
  if (extension == ".safetensors" || extension == ".json") {
    refuse(path, fmt::format("wanted a model folder, got one of its files; name the folder: {}", folder_of(path)));
  }
  if (const auto checkpoint = checkpoint_of_data(path); !checkpoint.empty()) {
    const auto* cure =
        fs::exists(checkpoint + ".index") ? "name the checkpoint" : "put its .index beside it and name the checkpoint";
    refuse(path, fmt::format("wanted a checkpoint of TensorFlow, got one of its data files; {}: {}", cure, checkpoint));
  }
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const auto* archive = std::ranges::find_if(kArchives, [&](const Archive& known) { return text.starts_with(known.begin); });
  if (archive != kArchives.end()) {
    refuse(path, fmt::format("wanted a tar or tar.gz archive, got {}; unpack it and name the folder in it", archive->name));
  }
}

}  // namespace

void refuse_source(const fs::path& path) {
  if (!fs::exists(path)) refuse(path, "wanted a model, got nothing of that name");
  if (fs::is_regular_file(path)) refuse_file(path);
  refuse(path,
         "wanted a folder with config.json and model.safetensors, a checkpoint, a run, or a checkpoint or archive of "
         "Google's ALBERT, got none of them");
}

}  // namespace albert
