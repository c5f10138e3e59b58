#include "convert/source_formats.h"

#include <albert/base/error.h>
#include <albert/io/checkpoint_directory.h>

#include <algorithm>
#include <array>

namespace albert {
namespace {

namespace fs = std::filesystem;

/// A copy under another name is a model folder like any other: its manifest names the step, and would be refused.
bool is_checkpoint(const fs::path& path) {
  return fs::exists(path / "manifest.json") && fs::canonical(path).filename().string().starts_with("step-");
}

ModelSource read_checkpoint(const fs::path& folder) {
  const auto verified = io::load_checkpoint(fs::canonical(folder));
  auto source = read_hugging_face_folder(folder);
  source.kind = fmt::format("checkpoint of step {}", verified.identity().step);
  return source;
}

bool is_run(const fs::path& path) { return fs::exists(path / "config.yaml"); }

ModelSource read_run(const fs::path& folder) {
  if (is_hugging_face_folder(folder / "final")) {
    auto source = read_hugging_face_folder(folder / "final");
    source.kind = "model of a finished run";
    return source;
  }
  const auto latest = folder / "checkpoints" / "latest";
  if (is_checkpoint(latest)) return read_checkpoint(latest);
  throw IoError(fmt::format("{}: wanted a run with a model in final or checkpoints, got one that has saved nothing yet", folder.string()));
}

struct Format {
  bool (*is_here)(const fs::path&);
  ModelSource (*read)(const fs::path&);
};
/// A checkpoint is a folder of Hugging Face, too, so it comes first.
constexpr std::array kFormats{
    Format{is_checkpoint, read_checkpoint},
    Format{is_hugging_face_folder, read_hugging_face_folder},
    Format{is_run, read_run},
    Format{is_google_source, read_google_source},
};

const Format* find_format(const fs::path& path) {
  const auto* found = std::ranges::find_if(kFormats, [&](const Format& format) { return format.is_here(path); });
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace

bool is_google_checkpoint(const fs::path& path) {
  const auto* format = find_format(path);
  return format != nullptr && format->read == read_google_source;
}

ModelSource read_model_source(const fs::path& path) {
  if (const auto* format = find_format(path)) return format->read(path);
  refuse_source(path);
}

}  // namespace albert
