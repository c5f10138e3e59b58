// Changes to the folder of checkpoints, each done whole or not at all. All throw IoError that names path and reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

/// Begin of the names of left-overs.
inline constexpr std::string_view kTemporary = ".tmp-";
inline constexpr std::string_view kReplaced = ".old-";

inline constexpr std::string_view kLatest = "latest";
inline constexpr std::string_view kBest = "best";

void rename_to(const std::filesystem::path& from, const std::filesystem::path& to);

/// A file, a link, or a folder with all that is in it; nothing happens where it is not there.
void remove_tree(const std::filesystem::path& path);

/// A link is there wherever it points.
bool is_there(const std::filesystem::path& path);

/// Sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// Makes `link` point at `target` in one step: readers see the old or the new target, never none.
void point_link(const std::filesystem::path& folder, std::string_view link, const std::string& target);

/// The step that a link points at; nothing where it is no link, or points elsewhere.
std::optional<int64_t> link_target(const std::filesystem::path& link);

}  // namespace albert::io
