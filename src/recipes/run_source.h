// What a run starts from: the folder that model.init_from names and, once it has begun, its own checkpoints. These hold shape, vocabulary
// and weights, so a run that has begun needs the folder no more, wherever it went.
#pragma once

#include <albert/model/albert_config.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/train/checkpointing.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace albert {

/// The checkpoint that a run with this `checkpoints` folder goes on from: the newest that verifies, or the one that --resume names. Nothing
/// for a new run.
std::optional<std::filesystem::path> begun_from(const std::filesystem::path& checkpoints, const ResumeRequest& resume);

/// What the user calls again after a stop: a checkpoint that --resume names would be gone back to.
std::string command_that_goes_on(const ResumeRequest& resume);

/// "init_from" among the hashes of a checkpoint: digest of the weights that the run began with. Empty (not compared) where a run that has
/// begun names a folder without weights. So neither the spelling of the path nor where the folder went matters, but another model is
/// refused. Throws IoError for weights that cannot be read.
std::string source_hash(const std::filesystem::path& source, bool has_begun);

/// The configuration of a run that has begun, with its checkpoint in place of model.init_from and of the vocabulary there.
PretrainConfig going_on_from(PretrainConfig config, const std::filesystem::path& checkpoint);
/// The reverse, for config.yaml: the folder and the vocabulary as the user named them.
PretrainConfig as_named(PretrainConfig config, const PretrainConfig& given);

/// Throws ConfigError where the model that a message calls `model` has fewer positions than the `max_length` of the data.
void require_positions(int64_t max_length, const AlbertConfig& shape, std::string_view model);

}  // namespace albert
