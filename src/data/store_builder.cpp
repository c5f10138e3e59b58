#include "ordered_workers.h"
#include "store_fingerprint.h"
#include "utf8.h"

#include <albert/base/error.h>
#include <albert/data/sentences.h>
#include <albert/data/store_builder.h>

#include <csignal>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

namespace albert {
namespace {

namespace fs = std::filesystem;

/// Text that one thread tokenises at once, and how much of it is under way per thread: together they bound the memory.
constexpr size_t kBlockBytes = size_t{1} << 17U;
constexpr size_t kBlocksPerThread = 3;
/// Longest text that the tokenizer sees at once; more is cut at blanks and the ids are joined.
constexpr size_t kMaximumEncodeBytes = size_t{1} << 16U;
constexpr std::string_view kStoreName = "tokens.store";

struct TextBlock {
  std::vector<Paragraph> paragraphs;
  size_t bytes = 0;
};

struct EncodedBlock {
  struct Sentence {
    size_t end = 0;                      // into ids
    std::optional<uint32_t> document;    // source of the document that it begins
  };
  std::vector<int32_t> ids;
  std::vector<Sentence> sentences;
  std::optional<uint32_t> open_document;  // begun by a paragraph that gave no ids, and still without a sentence
};

void encode_bounded(const Vocabulary& vocabulary, std::string_view text, std::vector<int32_t>& ids) {
  while (!text.empty()) {
    const size_t length = text.size() <= kMaximumEncodeBytes ? text.size() : cut_at_blank(text, kMaximumEncodeBytes);
    const std::vector<int32_t> part = vocabulary.encode(text.substr(0, length));
    ids.insert(ids.end(), part.begin(), part.end());
    text.remove_prefix(length);
  }
}

EncodedBlock encode_block(const TextBlock& block, const Vocabulary& vocabulary, SentenceSplitter splitter) {
  EncodedBlock encoded;
  std::vector<std::string_view> sentences;
  for (const Paragraph& paragraph : block.paragraphs) {
    if (paragraph.starts_document) encoded.open_document = static_cast<uint32_t>(paragraph.source_index);
    if (paragraph.is_sentence) sentences.assign(1, paragraph.text);
    else splitter.split(paragraph.text, sentences);
    for (const std::string_view sentence : sentences) {
      const size_t before = encoded.ids.size();
      encode_bounded(vocabulary, sentence, encoded.ids);
      if (encoded.ids.size() == before) continue;
      encoded.sentences.push_back({encoded.ids.size(), std::exchange(encoded.open_document, std::nullopt)});
    }
  }
  return encoded;
}

void append_block(const EncodedBlock& block, TokenStoreWriter& writer) {
  size_t begin = 0;
  for (const EncodedBlock::Sentence& sentence : block.sentences) {
    if (sentence.document) writer.begin_document(*sentence.document);
    writer.append_sentence(std::span(block.ids).subspan(begin, sentence.end - begin));
    begin = sentence.end;
  }
  if (block.open_document) writer.begin_document(*block.open_document);
}

/// A process that was killed leaves its temporary files; they go when it is certain that no process owns them.
void remove_leftovers(const fs::path& folder) {
  const std::string prefix = std::string(kStoreName) + ".tmp-";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    int process = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), process);
    std::error_code ignored;
    if (process > 0 && ::kill(process, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
  }
}

uint64_t total_bytes(const std::vector<SourceFile>& files) {
  uint64_t total = 0;
  for (const SourceFile& file : files) total += file.size_bytes;
  return total;
}

/// Reads, encodes on threads, and writes in the order of the text.
class StoreBuild {
 public:
  StoreBuild(const DataConfig& config, const Vocabulary& vocabulary, const StoreBuildOptions& options, TokenStoreWriter& writer)
      : vocabulary_(vocabulary),
        options_(options),
        writer_(writer),
        splitter_(config.language),
        reader_(config),
        bytes_total_(total_bytes(reader_.files())),
        has_text_(config.sources.size()),
        workers_(options.num_threads) {}

  TextStatistics run() {
    auto block = std::make_shared<TextBlock>();
    Paragraph paragraph;
    while (reader_.next(paragraph)) {
      has_text_[paragraph.source_index] = true;
      block->bytes += paragraph.text.size();
      block->paragraphs.push_back(std::move(paragraph));
      if (block->bytes >= kBlockBytes) submit(std::exchange(block, std::make_shared<TextBlock>()));
    }
    if (block->bytes > 0) submit(std::move(block));
    while (workers_.num_pending() > 0) write_oldest();
    check_sources();
    return reader_.statistics();
  }

 private:
  void submit(std::shared_ptr<TextBlock> block) {
    while (workers_.num_pending() >= kBlocksPerThread * static_cast<size_t>(options_.num_threads)) write_oldest();
    workers_.push([this, block = std::move(block)] { return encode_block(*block, vocabulary_, splitter_); });
  }
  void write_oldest() {
    append_block(workers_.pop(), writer_);
    if (options_.progress) options_.progress({reader_.bytes_read(), bytes_total_, writer_.num_documents(), writer_.num_tokens()});
  }
  void check_sources() const {
    for (size_t i = 0; i < has_text_.size(); ++i) {
      if (!has_text_[i]) throw DataError(fmt::format("data.sources[{}]: expected text, got none in its files; check path and format", i));
    }
    if (writer_.num_tokens() == 0) throw DataError("data.sources: expected text, got none that the tokenizer gives ids for; check path and format");
  }

  const Vocabulary& vocabulary_;
  const StoreBuildOptions& options_;
  TokenStoreWriter& writer_;
  const SentenceSplitter splitter_;
  CorpusReader reader_;
  uint64_t bytes_total_;
  std::vector<bool> has_text_;
  OrderedWorkers<EncodedBlock> workers_;  // last: stopped before what they use is destroyed
};

std::string short_hash(const std::string& hash) { return hash.substr(0, 12); }

void check_matches(const TokenStore& store, const DataConfig& config, const Vocabulary& vocabulary) {
  const std::string name = config.store.string();
  if (store.tokenizer_hash() != vocabulary.tokenizer_hash || store.vocab_size() != vocabulary.size ||
      store.special_tokens() != vocabulary.special) {
    throw DataError(fmt::format("{}: expected a store of tokenizer {} ({} pieces), got one of tokenizer {} ({} pieces); set data.store to "
                                "another folder, or delete this one where no run needs it", name, short_hash(vocabulary.tokenizer_hash),
                                vocabulary.size, short_hash(store.tokenizer_hash()), store.vocab_size()));
  }
  if (config.sources.empty()) return;
  const StoreFingerprint made_from = fingerprint_from_json(store.metadata(), name);
  const std::string changed = difference(made_from, fingerprint_of(config), list_source_files(config));
  if (!changed.empty()) {
    throw DataError(fmt::format("{}: expected a store of the configured text, got one of other text: {}; put the text back or give another "
                                "output; a store that no run needs may be deleted", name, changed));
  }
}

}  // namespace

fs::path token_store_file(const fs::path& folder) { return folder / kStoreName; }

StoreReport build_token_store(const DataConfig& config, const Vocabulary& vocabulary, const StoreBuildOptions& options) {
  if (config.sources.empty()) {
    throw DataError(fmt::format("data.sources: expected at least one source, got none, and there is no store at {}", config.store.string()));
  }
  StoreFingerprint fingerprint = fingerprint_of(config);
  make_directories(config.store);
  remove_leftovers(config.store);
  TokenStoreWriter writer(token_store_file(config.store), vocabulary);
  StoreReport report{true, StoreBuild(config, vocabulary, options, writer).run()};
  const std::vector<SourceFile> files = list_source_files(config);
  for (size_t i = 0; i < fingerprint.files.size() && i < files.size(); ++i) fingerprint.files[i].content = content_hash(files[i].path);
  // Only text that stood still has a fingerprint.
  const std::string changed = difference(fingerprint, fingerprint_of(config), files);
  if (!changed.empty()) throw DataError(fmt::format("data.sources: {} while it was read; start again", changed));
  writer.finish(to_json(fingerprint));
  return report;
}

TokenStore open_or_build_token_store(const DataConfig& config, const Vocabulary& vocabulary, const StoreBuildOptions& options,
                                     StoreReport* report) {
  const fs::path file = token_store_file(config.store);
  StoreReport made;
  if (!fs::exists(file)) made = build_token_store(config, vocabulary, options);
  if (report != nullptr) *report = made;
  TokenStore store = TokenStore::open(file);
  check_matches(store, config, vocabulary);
  return store;
}

}  // namespace albert
