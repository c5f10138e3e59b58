#include "token_store_format.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/token_store.h>

#include <algorithm>
#include <cstring>

namespace albert {
namespace {

using namespace store_format;

constexpr std::string_view kCure = "delete the store to have it built again";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& text) {
  throw DataError(fmt::format("{}: {}; {}", path.string(), text, kCure));
}

Header read_header(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  Header header;
  if (bytes.size() < sizeof header) fail(path, fmt::format("expected a token store, got only {} bytes", bytes.size()));
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) fail(path, "expected a token store, got another kind of file");
  if (header.version != kTokenStoreVersion) {
    fail(path, fmt::format("expected format version {}, got {}", kTokenStoreVersion, header.version));
  }
  if (header.header_hash != xxh3_64(bytes.first(offsetof(Header, header_hash)))) fail(path, "damaged header");
  if (header.file_bytes != bytes.size()) {
    fail(path, fmt::format("expected {} bytes, got {}: the file is cut short or longer than it was", header.file_bytes, bytes.size()));
  }
  return header;
}

/// Sections follow each other, aligned, and have the sizes that the counts demand. All of it guards against a hostile header.
void check_layout(const Header& header, const std::filesystem::path& path) {
  constexpr uint64_t kLargest = uint64_t{1} << 48U;
  const bool has_counts = header.num_tokens < kLargest && header.num_sentences < kLargest && header.num_documents < kLargest;
  const bool has_ids = (header.id_bytes == 2 && header.vocab_size <= 65536) || header.id_bytes == 4;
  if (!has_counts || !has_ids || header.vocab_size <= 0 || header.header_bytes != sizeof(Header) ||
      header.block_bytes != kTokenStoreBlockBytes) {
    fail(path, "the header contradicts itself");
  }
  uint64_t expected[kNumSections] = {};
  expected[kIds] = header.num_tokens * header.id_bytes;
  expected[kSentenceOffsets] = (header.num_sentences + 1) * sizeof(uint64_t);
  expected[kDocumentOffsets] = (header.num_documents + 1) * sizeof(uint64_t);
  expected[kDocumentSources] = header.num_documents * sizeof(uint32_t);
  expected[kMetadata] = header.sections[kMetadata].bytes;
  uint64_t offset = kDataBegin;
  for (size_t i = 0; i < kNumSections; ++i) {
    const Section& section = header.sections[i];
    if (i == kBlockChecksums) expected[i] = num_blocks(kBlocksBegin, offset) * sizeof(uint64_t);
    if (section.offset != offset || section.bytes != expected[i] || section.bytes > header.file_bytes) {
      fail(path, "the header contradicts itself");
    }
    offset = i + 1 == kNumSections ? offset + section.bytes : align_up(offset + section.bytes);
  }
  if (offset != header.file_bytes) fail(path, "the header contradicts itself");
}

}  // namespace

TokenStore TokenStore::open(const std::filesystem::path& file, Verification verification) {
  TokenStore store;
  store.path_ = file;
  try {
    store.file_ = MappedFile(file);
  } catch (const IoError& error) {
    throw DataError(error.what());
  }
  const auto bytes = store.file_.bytes();
  const Header header = read_header(bytes, file);
  check_layout(header, file);
  const Section& table = header.sections[kBlockChecksums];
  const auto checksum_bytes = bytes.subspan(table.offset, table.bytes);
  if (xxh3_64(checksum_bytes) != header.checksums_hash) fail(file, "damaged table of checksums");

  store.num_tokens_ = static_cast<int64_t>(header.num_tokens);
  store.num_sentences_ = static_cast<int64_t>(header.num_sentences);
  store.num_documents_ = static_cast<int64_t>(header.num_documents);
  store.vocab_size_ = header.vocab_size;
  store.id_bytes_ = static_cast<int32_t>(header.id_bytes);
  store.special_ = {header.special[0], header.special[1], header.special[2], header.special[3], header.special[4]};
  store.tokenizer_hash_.assign(header.tokenizer_hash, ::strnlen(header.tokenizer_hash, sizeof header.tokenizer_hash));
  store.data_hash_ = to_hex(header.data_hash);
  store.ids_ = bytes.data() + header.sections[kIds].offset;
  store.sentence_offsets_ = reinterpret_cast<const uint64_t*>(bytes.data() + header.sections[kSentenceOffsets].offset);
  store.document_offsets_ = reinterpret_cast<const uint64_t*>(bytes.data() + header.sections[kDocumentOffsets].offset);
  store.document_sources_ = reinterpret_cast<const uint32_t*>(bytes.data() + header.sections[kDocumentSources].offset);
  if (verification == Verification::everything) {
    const auto* checksums = reinterpret_cast<const uint64_t*>(checksum_bytes.data());
    store.verify_blocks({checksums, checksum_bytes.size() / sizeof(uint64_t)}, kBlocksBegin, table.offset);
    store.verify_ranges();
    store.file_.drop_pages(0, bytes.size());
  }
  const Section& metadata = header.sections[kMetadata];
  store.metadata_ = std::string(store.file_.text().substr(metadata.offset, metadata.bytes));
  return store;
}

void TokenStore::verify_blocks(std::span<const uint64_t> checksums, uint64_t data_begin, uint64_t data_end) const {
  for (size_t i = 0; i < checksums.size(); ++i) {
    const uint64_t begin = data_begin + i * kTokenStoreBlockBytes;
    const uint64_t length = std::min(kTokenStoreBlockBytes, data_end - begin);
    if (xxh3_64(file_.bytes().subspan(begin, length)) != checksums[i]) {
      fail(path_, fmt::format("block {} of {} (bytes {} to {}) is damaged", i, checksums.size(), begin, begin + length));
    }
  }
}

void TokenStore::verify_ranges() const {
  const auto is_rising = [](const uint64_t* offsets, int64_t count, int64_t last) {
    if (offsets[0] != 0 || offsets[count] != static_cast<uint64_t>(last)) return false;
    for (int64_t i = 0; i < count; ++i) {
      if (offsets[i + 1] <= offsets[i]) return false;
    }
    return true;
  };
  if (!is_rising(sentence_offsets_, num_sentences_, num_tokens_) || !is_rising(document_offsets_, num_documents_, num_sentences_)) {
    fail(path_, "offsets of sentences or documents do not rise");
  }
  const auto largest = [this](auto* ids) {
    uint32_t value = 0;
    for (int64_t i = 0; i < num_tokens_; ++i) value = std::max<uint32_t>(value, ids[i]);
    return value;
  };
  const uint32_t largest_id =
      id_bytes_ == 2 ? largest(reinterpret_cast<const uint16_t*>(ids_)) : largest(reinterpret_cast<const uint32_t*>(ids_));
  if (num_tokens_ > 0 && largest_id >= static_cast<uint32_t>(vocab_size_)) {
    fail(path_, fmt::format("expected ids below {}, got {}", vocab_size_, largest_id));
  }
}

void TokenStore::append_ids(int64_t begin, int64_t count, std::vector<int32_t>& out) const {
  const size_t old = out.size();
  out.resize(old + static_cast<size_t>(count));
  if (id_bytes_ == 2) {
    const auto* ids = reinterpret_cast<const uint16_t*>(ids_) + begin;
    std::copy(ids, ids + count, out.begin() + static_cast<std::ptrdiff_t>(old));
  } else {
    std::memcpy(out.data() + old, ids_ + begin * 4, static_cast<size_t>(count) * 4);
  }
}

}  // namespace albert
