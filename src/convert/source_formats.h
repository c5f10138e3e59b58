// The formats that read_model_source() knows: whether something at a path is one, and reading it.
#pragma once

#include <albert/convert/model_source.h>

#include <filesystem>

namespace albert {

bool is_hugging_face_folder(const std::filesystem::path& path);
/// config.json, the tensors (one file or shards) and the files of the vocabulary and task.
ModelSource read_hugging_face_folder(const std::filesystem::path& folder);

}  // namespace albert
