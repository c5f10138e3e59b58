#include "recipes/inspect_facts.h"

#include <albert/base/error.h>
#include <albert/data/token_store.h>
#include <albert/io/json_text.h>

#include <array>
#include <utility>

namespace albert::inspection {
namespace {

/// Of a file that our own builder wrote: five for each file of the text.
constexpr size_t kMaxMetadataValues = 1'000'000;

/// Keys of a file in the store, and here.
constexpr std::array<std::pair<const char*, const char*>, 4> kFileKeys{
    {{"name", "name"}, {"source", "source"}, {"bytes", "size_bytes"}, {"xxh3_64", "xxh3_64"}}};

/// Files that the text came from: names without folders. Throws DataError for anything that a builder does not write.
Facts source_facts(const Facts& metadata, const std::string& where) {
  const auto refuse = [&] {
    throw DataError(fmt::format(
        "{}: expected a list of source files in the store, got something else; delete the store to have it built again", where));
  };
  if (!metadata.is_object() || !metadata.contains("files") || !metadata["files"].is_array()) refuse();
  Facts files = Facts::array();
  for (const auto& file : metadata["files"]) {
    Facts entry;
    if (!file.is_object()) refuse();
    for (const auto& [key, name] : kFileKeys) {
      if (!file.contains(key)) refuse();
      entry[name] = file[key];
    }
    files.push_back(std::move(entry));
  }
  return files;
}

}  // namespace

Facts store_facts(const std::filesystem::path& file, InspectDepth depth) {
  const bool is_verified = depth == InspectDepth::checksums;
  const auto store =
      TokenStore::open(file, is_verified ? TokenStore::Verification::everything : TokenStore::Verification::header);
  const Facts metadata = io::parse_json(store.metadata(), file.string(), {.values = kMaxMetadataValues});
  return {{"format", "token store"},
          {"version", kTokenStoreVersion},
          {"documents", store.num_documents()},
          {"sentences", store.num_sentences()},
          {"tokens", store.num_tokens()},
          {"pieces", store.vocab_size()},
          {"special_ids", special_facts(store.special_tokens())},
          {"tokenizer_hash", store.tokenizer_hash()},
          {"data_hash", store.data_hash()},
          {"id_width", store.id_bytes()},
          {"file_bytes", std::filesystem::file_size(file)},
          {"checksums", is_verified ? "all verified" : "header verified"},
          {"sources", source_facts(metadata, file.string())},
          {"reading", metadata.value("options", Facts())}};
}

}  // namespace albert::inspection
