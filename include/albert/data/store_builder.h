// Text to token store, in parallel, with the same bytes for any number of threads; and the decision whether a store is still the
// right one.
#pragma once

#include <albert/data/corpus.h>
#include <albert/data/data_config.h>
#include <albert/data/token_store.h>
#include <albert/data/vocabulary.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace albert {

/// Where a build stands.
struct StoreProgress {
  uint64_t bytes_read = 0;
  uint64_t bytes_total = 0;
  int64_t num_documents = 0;
  int64_t num_tokens = 0;
};

/// What a build found.
struct StoreReport {
  bool was_built = false;  ///< false: an existing store was reused, and `text` is empty
  TextStatistics text;
};

struct StoreBuildOptions {
  int64_t num_threads = 1;
  /// Called after each block of text; may throw to give up (nothing is left behind).
  std::function<void(const StoreProgress&)> progress = {};
};

/// The file of a store in its folder (`data.store`).
std::filesystem::path token_store_file(const std::filesystem::path& folder);

/// Tokenises all sources into `config.store`, replacing what is there. Throws DataError for broken text, a source without text,
/// and IoError for the disk.
StoreReport build_token_store(const DataConfig& config, const Vocabulary& vocabulary, const StoreBuildOptions& options);

/// Opens the store at `config.store`, or builds it when there is none. A store of another tokenizer, other text or other reading
/// options is refused with DataError that says which and what to do; it is never overwritten. Files are compared by size and time
/// of change, and by content (XXH3) where the time differs. Without sources the store is taken as it is.
TokenStore open_or_build_token_store(const DataConfig& config, const Vocabulary& vocabulary, const StoreBuildOptions& options,
                                     StoreReport* report = nullptr);

}  // namespace albert
