// The files of one checkpoint: names, writing into a folder that nobody reads yet, and sizes.
#pragma once

#include <albert/io/checkpoint_directory.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace albert::io {

/// "step-00000100".
std::string step_name(int64_t step);
/// The step of such a name; nothing for every other name.
std::optional<int64_t> step_of_name(std::string_view name);

/// Bytes that the content will take on disk, about (headers and manifest not counted).
uint64_t content_bytes(const CheckpointContent& content);

/// Makes `folder` and writes the files into it, each fsynced, the manifest last, then fsyncs the folder. Throws IoError.
void write_checkpoint_files(const std::filesystem::path& folder, const CheckpointIdentity& identity,
                            const CheckpointContent& content);

/// Has the kernel read the files of the folder from the disk again, so that what is compared is what the disk has. Best effort.
void fetch_anew(const std::filesystem::path& folder);

/// Reads every byte of a checkpoint and holds it against the manifest, in memory that does not grow with it. Throws IoError as load_checkpoint.
void verify_checkpoint(const std::filesystem::path& path);

}  // namespace albert::io
