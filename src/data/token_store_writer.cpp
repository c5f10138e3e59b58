#include "token_store_format.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/token_store.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace albert {
namespace {

using namespace store_format;

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

/// The final file: everything that is written after the header is hashed in blocks.
class BlockFile {
 public:
  explicit BlockFile(const std::filesystem::path& path) : file_(path) {
    const Header empty;
    file_.write(bytes_of(empty));
    pad_to(kDataBegin);
  }

  void write(std::span<const std::byte> bytes) {
    file_.write(bytes);
    while (!bytes.empty()) {
      const size_t length = std::min<size_t>(bytes.size(), kTokenStoreBlockBytes - in_block_);
      block_->update(bytes.first(length));
      bytes = bytes.subspan(length);
      in_block_ += length;
      if (in_block_ == kTokenStoreBlockBytes) close_block();
    }
  }
  void pad_to(uint64_t offset) {
    constexpr std::byte kZeros[kAlignment] = {};
    write(std::span(kZeros).first(offset - file_.size_bytes()));
  }
  /// Writes the table; no block follows.
  uint64_t finish_blocks() {
    if (in_block_ > 0) close_block();
    const auto table = std::as_bytes(std::span(checksums_));
    file_.write(table);
    return xxh3_64(table);
  }
  FileWriter& file() { return file_; }

 private:
  void close_block() {
    checksums_.push_back(block_->digest());
    block_.emplace();
    in_block_ = 0;
  }

  FileWriter file_;
  std::optional<Xxh3Stream> block_{std::in_place};
  uint64_t in_block_ = 0;
  std::vector<uint64_t> checksums_;
};

/// A table that is known only while the ids are written: kept on disk until then. It is never read after a crash, so it is not
/// synced, and its buffer is small, so that memory soon stops growing with the text.
class SpillFile {
 public:
  explicit SpillFile(std::filesystem::path path) : path_(std::move(path)) {
    const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    file_ = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
    if (file_ == nullptr) fail("create");
    (void)std::setvbuf(file_, nullptr, _IOFBF, kBufferBytes);
  }
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  ~SpillFile() {
    (void)std::fclose(file_);
    ::unlink(path_.c_str());
  }
  template <typename T>
  void append(T value) {
    if (std::fwrite(&value, sizeof value, 1, file_) != 1) fail("write");
    hash_.update(bytes_of(value));
  }
  /// Copies all of it to `target`; returns its hash.
  uint64_t copy_to(BlockFile& target) {
    if (std::fflush(file_) != 0) fail("write");
    const MappedFile content(path_);
    target.write(content.bytes());
    return hash_.digest();
  }

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 16U;
  [[noreturn]] void fail(std::string_view action) const {
    const int code = errno;
    throw IoError(fmt::format("{}: cannot {}: {}", path_.string(), action, std::strerror(code)));
  }

  std::filesystem::path path_;
  std::FILE* file_ = nullptr;
  Xxh3Stream hash_;
};

std::filesystem::path with_suffix(std::filesystem::path path, const std::string& suffix) {
  path += suffix;
  return path;
}

}  // namespace

struct TokenStoreWriter::Impl {
  Impl(const std::filesystem::path& final_path, const Vocabulary& v)
      : path(final_path),
        temporary(with_suffix(final_path, fmt::format(".tmp-{}", ::getpid()))),
        vocab_size(v.size),
        special(v.special),
        tokenizer_hash(v.tokenizer_hash),
        file(std::in_place, temporary),
        sentences(with_suffix(temporary, "-sentences")),
        documents(with_suffix(temporary, "-documents")),
        sources(with_suffix(temporary, "-sources")) {}

  void write_ids(std::span<const int32_t> ids);
  void write_tables(Header& header, uint64_t& data_hash, const std::string& metadata);

  std::filesystem::path path;
  std::filesystem::path temporary;
  int32_t vocab_size;
  SpecialTokens special;
  std::string tokenizer_hash;
  std::optional<BlockFile> file;
  SpillFile sentences;
  SpillFile documents;
  SpillFile sources;
  Xxh3Stream ids_hash;
  int64_t num_tokens = 0;
  int64_t num_sentences = 0;
  int64_t num_documents = 0;
  std::optional<uint32_t> new_document;  // begun, but without a sentence yet
  std::vector<uint16_t> narrow;
};

TokenStoreWriter::TokenStoreWriter(const std::filesystem::path& file, const Vocabulary& vocabulary) {
  ALBERT_CHECK(vocabulary.size > 0, "a store needs a vocabulary");
  ALBERT_CHECK(vocabulary.tokenizer_hash.size() <= sizeof Header::tokenizer_hash, "hash of {} characters", vocabulary.tokenizer_hash.size());
  impl_ = std::make_unique<Impl>(file, vocabulary);
}

TokenStoreWriter::~TokenStoreWriter() = default;
int64_t TokenStoreWriter::num_documents() const { return impl_->num_documents; }
int64_t TokenStoreWriter::num_sentences() const { return impl_->num_sentences; }
int64_t TokenStoreWriter::num_tokens() const { return impl_->num_tokens; }

void TokenStoreWriter::begin_document(uint32_t source_index) { impl_->new_document = source_index; }

void TokenStoreWriter::Impl::write_ids(std::span<const int32_t> ids) {
  for (const int32_t id : ids) {
    ALBERT_CHECK(id >= 0 && id < vocab_size, "the tokenizer gave id {} of a vocabulary of {}", id, vocab_size);
  }
  auto bytes = std::as_bytes(ids);
  if (vocab_size <= 65536) {
    narrow.assign(ids.begin(), ids.end());
    bytes = std::as_bytes(std::span(narrow));
  }
  file->write(bytes);
  ids_hash.update(bytes);
}

void TokenStoreWriter::append_sentence(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  Impl& s = *impl_;
  ALBERT_CHECK(s.num_documents > 0 || s.new_document, "a sentence before the first document");
  if (s.new_document) {
    s.documents.append(static_cast<uint64_t>(s.num_sentences));
    s.sources.append(*s.new_document);
    s.new_document.reset();
    ++s.num_documents;
  }
  s.sentences.append(static_cast<uint64_t>(s.num_tokens));
  s.write_ids(ids);
  ++s.num_sentences;
  s.num_tokens += static_cast<int64_t>(ids.size());
}

void TokenStoreWriter::Impl::write_tables(Header& header, uint64_t& data_hash, const std::string& metadata) {
  sentences.append(static_cast<uint64_t>(num_tokens));
  documents.append(static_cast<uint64_t>(num_sentences));
  uint64_t hashes[kMetadata] = {ids_hash.digest()};
  const auto begin_section = [&](SectionIndex index) {
    file->pad_to(align_up(file->file().size_bytes()));
    header.sections[index].offset = file->file().size_bytes();
  };
  const auto end_section = [&](SectionIndex index) {
    header.sections[index].bytes = file->file().size_bytes() - header.sections[index].offset;
  };
  header.sections[kIds].offset = kDataBegin;
  end_section(kIds);
  const std::pair<SectionIndex, SpillFile*> spills[] = {
      {kSentenceOffsets, &sentences}, {kDocumentOffsets, &documents}, {kDocumentSources, &sources}};
  for (const auto& [index, spill] : spills) {
    begin_section(index);
    hashes[index] = spill->copy_to(*file);
    end_section(index);
  }
  begin_section(kMetadata);
  file->write(std::as_bytes(std::span(metadata)));
  end_section(kMetadata);
  begin_section(kBlockChecksums);
  header.checksums_hash = file->finish_blocks();
  end_section(kBlockChecksums);
  const std::string identity = fmt::format("{} {} {} {} {} {} {}", hashes[kIds], hashes[kSentenceOffsets], hashes[kDocumentOffsets],
                                           hashes[kDocumentSources], vocab_size, header.id_bytes, tokenizer_hash);
  data_hash = xxh3_64(identity);
}

void TokenStoreWriter::finish(const std::string& metadata) {
  Impl& s = *impl_;
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kTokenStoreVersion;
  header.header_bytes = sizeof(Header);
  header.id_bytes = s.vocab_size <= 65536 ? 2 : 4;
  header.vocab_size = s.vocab_size;
  const int32_t special[5] = {s.special.pad, s.special.unknown, s.special.cls, s.special.sep, s.special.mask};
  std::memcpy(header.special, special, sizeof special);
  header.num_tokens = static_cast<uint64_t>(s.num_tokens);
  header.num_sentences = static_cast<uint64_t>(s.num_sentences);
  header.num_documents = static_cast<uint64_t>(s.num_documents);
  header.block_bytes = kTokenStoreBlockBytes;
  std::memcpy(header.tokenizer_hash, s.tokenizer_hash.data(), s.tokenizer_hash.size());
  s.write_tables(header, header.data_hash, metadata);
  header.file_bytes = s.file->file().size_bytes();
  header.header_hash = xxh3_64(bytes_of(header).first(offsetof(Header, header_hash)));
  s.file->file().write_at(0, bytes_of(header));
  s.file->file().commit();
  if (::rename(s.temporary.c_str(), s.path.c_str()) != 0) {
    const int code = errno;
    ::unlink(s.temporary.c_str());
    throw IoError(fmt::format("{}: cannot rename into place: {}", s.path.string(), std::strerror(code)));
  }
  sync_directory(s.path.has_parent_path() ? s.path.parent_path() : std::filesystem::path("."));
}

}  // namespace albert
