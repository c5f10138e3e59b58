// A run that goes on from an older checkpoint leaves the branch on which the later ones lie. They are set aside, never deleted.
//
// Protocol: the link ".abandon-N" -> step-M is made by one rename: from then on the branch is left. Later steps are renamed into
// "abandoned-N", folders are fsynced, `latest` is pointed at step-M, and the link goes last. Whoever finds the link finishes.
#pragma once

#include <albert/io/checkpoint_directory.h>

#include <cstdint>
#include <filesystem>

namespace albert::io {

/// See CheckpointDirectory::leave_after.
LeftBranch leave_branch(const std::filesystem::path& folder, int64_t step);

/// Finishes what leave_branch() had begun when it was interrupted, if it was.
void finish_leaving(const std::filesystem::path& folder);

}  // namespace albert::io
