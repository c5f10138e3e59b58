// The formats that read_model_source() knows: whether something at a path is one, and reading it.
#pragma once

#include <albert/convert/model_source.h>

#include <filesystem>

namespace albert {

bool is_hugging_face_folder(const std::filesystem::path& path);
/// config.json, the tensors (one file or shards) and the files of the vocabulary and task.
ModelSource read_hugging_face_folder(const std::filesystem::path& folder);

/// A folder with NAME.index (or variables/NAME.index), FOLDER/NAME of such a checkpoint, or a tar or tar.gz archive. Looks at names and the
/// first bytes of a file only.
bool is_google_source(const std::filesystem::path& path);
/// Checkpoints of Google's ALBERT code and TF-Hub modules: all variables, each under the name of its parameter and verified by its checksum;
/// kernels are transposed in memory. Variables that no rule knows keep their names (in quotes where a parameter might be called so), so that
/// settle() reports them. The class follows from the heads that are there; one output of a classifier is taken for regression (Google's
/// RACE models have the same variables).
ModelSource read_google_source(const std::filesystem::path& path);

/// Says what stands at a path that is none of these, and what to do about it: a file of a model in place of its folder, a pickle, a data
/// file, an archive of another kind.
[[noreturn]] void refuse_source(const std::filesystem::path& path);

}  // namespace albert
