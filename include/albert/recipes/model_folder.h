// A model folder in Hugging Face's layout: model.safetensors, config.json, and the vocabulary where there is one.
#pragma once

#include <albert/convert/vocabulary.h>
#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>
#include <albert/model/pretraining_model.h>
#include <albert/tokenizer/tokenizer.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// What a model folder holds, ready to be written there or into a checkpoint. The arrays view the model's parameters.
struct ModelFolder {
  TensorArrays weights;                      ///< model.safetensors
  std::map<std::string, std::string> texts;  ///< config.json, spiece.model or symbols.txt, tokenizer_config.json, ...
};

/// Key in the metadata of model.safetensors: SHA-256 of the vocabulary's file that its ids belong to.
const char* tokenizer_metadata_key(TokenizerType type);

/// spiece.model or symbols.txt, tokenizer_config.json and tokenizer.json.
std::map<std::string, std::string> tokenizer_files(const Tokenizer& tokenizer, int64_t max_length);

/// `tokenizer` may be null: then the folder has no vocabulary.
ModelFolder model_folder(PretrainingModelImpl& model, const Tokenizer* tokenizer);

/// Writes the folder beside its final name, fsyncs and renames, so that it is there whole or not at all. An existing folder is
/// replaced. Throws IoError.
void write_model_folder(const std::filesystem::path& folder, const ModelFolder& files);

/// Throws IoError where the vocabulary cannot be the one that the folder's ids belong to: another number of pieces than config.json says, or
/// other bytes than those that model.safetensors was written with (tokenizer_metadata_key; folders of others do not say).
void require_own_vocabulary(const std::filesystem::path& folder, const Tokenizer& tokenizer, const AlbertConfig& shape,
                            const io::SafetensorsMetadata& metadata);

/// Throws IoError where one of these files is not in the folder; says where the model is when the folder is that of a run.
void require_model_files(const std::filesystem::path& folder, const std::vector<std::string>& names);

/// The vocabulary of a model folder, of whichever type, with the options that tokenizer_config.json has; nothing where the folder has
/// none. Throws IoError where it has two, DataError for a damaged one.
std::optional<Tokenizer> read_tokenizer(const std::filesystem::path& folder);
/// The same, and IoError where the folder has none, as of require_model_files.
Tokenizer require_tokenizer(const std::filesystem::path& folder);

/// The model that a path names, to be used: what read_model_source() reads, but for the folder of a run. That has several; the error names
/// the last one. Throws IoError, also for a source that has no single value for a parameter.
ModelSource open_model(const std::filesystem::path& path);
/// The vocabulary among its texts, as read_tokenizer().
std::optional<Tokenizer> tokenizer_of(const ModelSource& source);

/// A model read from a folder.
struct LoadedModel {
  PublishedConfig config;
  PretrainingContent content;                ///< a head that it lacks is untrained in `model`
  PretrainingModel model{nullptr};           ///< on the CPU, fp32, in evaluation mode
  std::optional<Tokenizer> tokenizer;
};

/// Reads a folder of ours or of Hugging Face (Albert or Bert for pre-training, masked language model, or the bare encoder; heads of
/// other tasks are left out), its weights in one file or in shards, or what Google's code wrote; a checkpoint is verified. Throws IoError
/// that names the file and lists missing, unexpected and misshapen tensors, or as require_own_vocabulary does.
LoadedModel load_model_folder(const std::filesystem::path& path);

}  // namespace albert
