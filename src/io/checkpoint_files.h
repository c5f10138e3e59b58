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

/// Asks the kernel to forget its copy of the folder's files, so that reading them back reads the disk. Best effort.
void forget_cached_pages(const std::filesystem::path& folder);

}  // namespace albert::io
