// The token store: all ids of the corpus in one memory-mapped file, with documents and sentences (docs/formats-token-store.md).
#pragma once

#include <albert/base/file.h>
#include <albert/data/vocabulary.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace albert {

inline constexpr uint32_t kTokenStoreVersion = 1;
/// Each block of this many bytes has a checksum.
inline constexpr uint64_t kTokenStoreBlockBytes = uint64_t{1} << 20U;

/// Ids, sentences and documents, read-only; safe to use from many threads.
class TokenStore {
 public:
  enum class Verification {
    header,      ///< structure and header checksum
    everything,  ///< and each block, and that offsets and ids are in range
  };
  /// Throws DataError that names the file and, for damage, the block and its byte offset.
  static TokenStore open(const std::filesystem::path& file, Verification verification = Verification::everything);

  [[nodiscard]] int64_t num_tokens() const { return num_tokens_; }
  [[nodiscard]] int64_t num_sentences() const { return num_sentences_; }
  [[nodiscard]] int64_t num_documents() const { return num_documents_; }
  [[nodiscard]] int32_t vocab_size() const { return vocab_size_; }
  [[nodiscard]] int32_t id_bytes() const { return id_bytes_; }
  [[nodiscard]] const SpecialTokens& special_tokens() const { return special_; }
  [[nodiscard]] const std::string& tokenizer_hash() const { return tokenizer_hash_; }
  /// Identity of the content (ids, offsets, sources, tokenizer), 16 hexadecimal digits; the same for any number of threads.
  [[nodiscard]] const std::string& data_hash() const { return data_hash_; }
  /// JSON that the builder left: where the text came from.
  [[nodiscard]] const std::string& metadata() const { return metadata_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// First token of a sentence; `sentence` in [0, num_sentences], the last is num_tokens.
  [[nodiscard]] int64_t sentence_begin(int64_t sentence) const {
    return static_cast<int64_t>(sentence_offsets_[static_cast<size_t>(sentence)]);
  }
  [[nodiscard]] int64_t sentence_length(int64_t sentence) const { return sentence_begin(sentence + 1) - sentence_begin(sentence); }
  /// First sentence of a document; `document` in [0, num_documents], the last is num_sentences.
  [[nodiscard]] int64_t document_begin(int64_t document) const {
    return static_cast<int64_t>(document_offsets_[static_cast<size_t>(document)]);
  }
  /// Index of the source that a document came from.
  [[nodiscard]] uint32_t document_source(int64_t document) const { return document_sources_[static_cast<size_t>(document)]; }
  /// Appends ids [begin, begin + count) to `out`.
  void append_ids(int64_t begin, int64_t count, std::vector<int32_t>& out) const;

 private:
  TokenStore() = default;
  void verify_blocks(std::span<const uint64_t> checksums, uint64_t data_begin, uint64_t data_end) const;
  void verify_ranges() const;

  std::filesystem::path path_;
  MappedFile file_;
  int64_t num_tokens_ = 0;
  int64_t num_sentences_ = 0;
  int64_t num_documents_ = 0;
  int32_t vocab_size_ = 0;
  int32_t id_bytes_ = 2;
  SpecialTokens special_;
  std::string tokenizer_hash_;
  std::string data_hash_;
  std::string metadata_;
  const std::byte* ids_ = nullptr;
  const uint64_t* sentence_offsets_ = nullptr;
  const uint64_t* document_offsets_ = nullptr;
  const uint32_t* document_sources_ = nullptr;
};

/// Writes a store front to back with bounded memory. Nothing is left under the final name, or at all, unless finish() returned.
class TokenStoreWriter {
 public:
  /// `file` is the final name; temporary files lie beside it. Throws IoError.
  TokenStoreWriter(const std::filesystem::path& file, const Vocabulary& vocabulary);
  TokenStoreWriter(const TokenStoreWriter&) = delete;
  TokenStoreWriter& operator=(const TokenStoreWriter&) = delete;
  ~TokenStoreWriter();

  /// The sentences that follow belong to a new document. A document without sentences is dropped.
  void begin_document(uint32_t source_index);
  /// Throws InternalError for an id outside the vocabulary. Empty sentences are dropped.
  void append_sentence(std::span<const int32_t> ids);
  [[nodiscard]] int64_t num_documents() const;
  [[nodiscard]] int64_t num_sentences() const;
  [[nodiscard]] int64_t num_tokens() const;
  /// Writes the tables and the header, fsyncs and renames.
  void finish(const std::string& metadata);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace albert
