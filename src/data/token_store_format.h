// Byte layout of a token store, version 1 (docs/formats-token-store.md). Little-endian.
#pragma once

#include <albert/data/token_store.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace albert::store_format {

static_assert(std::endian::native == std::endian::little, "the store is mapped as it lies on disk");

inline constexpr char kMagic[8] = {'A', 'L', 'B', 'T', 'O', 'K', 'E', 'N'};
inline constexpr uint64_t kAlignment = 64;

struct Section {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

enum SectionIndex : size_t { kIds, kSentenceOffsets, kDocumentOffsets, kDocumentSources, kMetadata, kBlockChecksums, kNumSections };

struct Header {
  char magic[8] = {};
  uint32_t version = 0;
  uint32_t header_bytes = 0;
  uint32_t id_bytes = 0;
  int32_t vocab_size = 0;
  int32_t special[5] = {};   // pad, unknown, cls, sep, mask
  uint32_t reserved = 0;
  uint64_t num_tokens = 0;
  uint64_t num_sentences = 0;
  uint64_t num_documents = 0;
  uint64_t block_bytes = 0;
  uint64_t file_bytes = 0;
  Section sections[kNumSections] = {};
  char tokenizer_hash[64] = {};  // padded with zeros
  uint64_t data_hash = 0;
  uint64_t checksums_hash = 0;   // XXH3-64 of the section of block checksums
  uint64_t header_hash = 0;      // XXH3-64 of all bytes before it
};
static_assert(std::is_trivially_copyable_v<Header> && std::has_unique_object_representations_v<Header>);
static_assert(sizeof(Header) == 272 && offsetof(Header, header_hash) == 264);
/// Data begins here; the bytes between are zero and belong to the first block.
inline constexpr uint64_t kDataBegin = 320;
static_assert(kDataBegin % kAlignment == 0 && kDataBegin >= sizeof(Header));

/// Blocks cover [sizeof(Header), checksums.offset) without a gap.
inline constexpr uint64_t kBlocksBegin = sizeof(Header);

constexpr uint64_t align_up(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }
constexpr uint64_t num_blocks(uint64_t begin, uint64_t end) { return (end - begin + kTokenStoreBlockBytes - 1) / kTokenStoreBlockBytes; }

}  // namespace albert::store_format
