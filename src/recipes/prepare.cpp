#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/log.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/data/corpus.h>
#include <albert/data/sentences.h>
#include <albert/data/store_builder.h>
#include <albert/recipes/prepare.h>
#include <albert/tokenizer/tokenizer_training.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

namespace albert {
namespace {

constexpr const char* kModelName = "spiece.model";
constexpr const char* kOptionsName = "options.yaml";
constexpr uint64_t kOptionsLimitBytes = 1U << 16U;

/// Sentences of the whole corpus, one by one.
class CorpusSentences {
 public:
  explicit CorpusSentences(const DataConfig& config) : reader_(config), splitter_(config.language) {}

  bool operator()(std::string& sentence) {
    while (next_ == sentences_.size()) {
      if (!reader_.next(paragraph_)) return false;
      sentences_.clear();
      next_ = 0;
      if (paragraph_.is_sentence) {
        sentences_.emplace_back(paragraph_.text);
      } else {
        splitter_.split(paragraph_.text, sentences_);
      }
    }
    sentence = sentences_[next_++];
    return true;
  }

 private:
  CorpusReader reader_;
  SentenceSplitter splitter_;
  Paragraph paragraph_;
  std::vector<std::string_view> sentences_;
  size_t next_ = 0;
};

void require_same_options(const TokenizerConfig& wanted, const std::filesystem::path& folder) {
  const auto path = folder / kOptionsName;
  const auto used = config::parse_config<TokenizerConfig>(read_file(path, kOptionsLimitBytes), path.string());
  std::string differences;
  for (const auto& [key, a, b] : config::diff_configs(used, wanted)) {
    differences += fmt::format("{}tokenizer.{} was {} and is {}", differences.empty() ? "" : ", ", key, a, b);
  }
  if (differences.empty()) return;
  throw ConfigError(fmt::format("{}: the vocabulary of this run was trained with other options: {}; set them back, delete the folder, "
                                "or choose another output", folder.string(), differences));
}

Tokenizer train_new_tokenizer(const PretrainConfig& config, const std::filesystem::path& folder) {
  spdlog::info("training a vocabulary of {} pieces", config.tokenizer.vocab_size);
  // The seed of the split, not of the run: runs of several seeds then share a vocabulary.
  CorpusSentences sentences(config.data);
  const auto trained = train_tokenizer(config.tokenizer, std::ref(sentences), static_cast<uint64_t>(config.data.validation_seed));
  auto tokenizer = Tokenizer::from_bytes(trained.model_bytes, config.tokenizer.options(), kModelName);
  make_directories(folder);
  write_file_atomically(folder / kOptionsName, config::to_yaml(config.tokenizer));
  write_file_atomically(folder / kModelName, trained.model_bytes);
  spdlog::info("vocabulary: trained on {} of {} sentences ({})", trained.num_sampled, trained.num_sentences,
               to_string(ByteSize{static_cast<uint64_t>(trained.sampled_bytes)}));
  return tokenizer;
}

/// A line every few seconds while a store is built.
class BuildLog {
 public:
  void operator()(const StoreProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(5)) return;
    last_ = now;
    const double share = progress.bytes_total > 0 ? static_cast<double>(progress.bytes_read) / static_cast<double>(progress.bytes_total) : 1;
    spdlog::info("token store: {:.0f} % of the text, {} documents, {} tokens", 100 * share, progress.num_documents, progress.num_tokens);
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

void report_text(const TextStatistics& text) {
  if (text.replaced_parts > 0) spdlog::warn("text: {} parts that are not UTF-8 were replaced", text.replaced_parts);
  if (text.skipped_lines > 0) spdlog::warn("text: {} lines that are not UTF-8 were left out", text.skipped_lines);
  if (text.cut_lines > 0) spdlog::warn("text: {} lines of over {} bytes were cut", text.cut_lines, kMaximumParagraphBytes);
}

void warn_of_empty_files(const DataConfig& config) {
  if (config.sources.empty()) return;
  const auto files = list_source_files(config);
  const auto empty = std::count_if(files.begin(), files.end(), [](const SourceFile& file) { return file.size_bytes == 0; });
  if (empty > 0) spdlog::warn("text: {} of {} files are empty", empty, files.size());
}

namespace {

/// Whether a line ends as sentences, headings and quotations do.
bool ends_a_sentence(std::string_view line) {
  constexpr std::string_view kEnds = ".!?:;\"')]";
  constexpr std::array<std::string_view, 3> kLongEnds{"\u201d", "\u2019", "\u2026"};
  return kEnds.find(line.back()) != std::string_view::npos ||
         std::any_of(kLongEnds.begin(), kLongEnds.end(), [&](std::string_view end) { return line.ends_with(end); });
}

}  // namespace

void warn_of_wrapped_lines(const DataConfig& config) {
  constexpr int64_t kSample = 2000;
  constexpr int64_t kFewest = 100;
  constexpr size_t kNarrow = 45;
  constexpr size_t kWide = 100;
  CorpusReader reader(config);
  Paragraph paragraph;
  int64_t lines = 0;
  int64_t broken = 0;
  while (lines < kSample && reader.next(paragraph)) {
    const auto format = config.sources[paragraph.source_index].format;
    if (format != TextFormat::paragraphs && format != TextFormat::sentences) continue;
    ++lines;
    const auto width = paragraph.text.size();
    broken += width >= kNarrow && width <= kWide && !ends_a_sentence(paragraph.text) ? 1 : 0;
  }
  if (lines < kFewest || 2 * broken < lines) return;
  spdlog::warn("text: {} of the first {} lines end inside a sentence; if the text is hard-wrapped, set format: wrapped in data.sources", broken, lines);
}

std::filesystem::path trained_tokenizer_folder(const PretrainConfig& config) { return config.output / "tokenizer"; }

Tokenizer open_or_train_tokenizer(const PretrainConfig& config) {
  if (config.tokenizer.model) return Tokenizer::load(*config.tokenizer.model, config.tokenizer.options());
  const auto folder = trained_tokenizer_folder(config);
  if (!std::filesystem::exists(folder / kModelName)) return train_new_tokenizer(config, folder);
  require_same_options(config.tokenizer, folder);
  return Tokenizer::load(folder / kModelName, config.tokenizer.options());
}

PreparedText prepare_text(const PretrainConfig& config) {
  if (!config.data.sources.empty() && !std::filesystem::exists(token_store_file(config.data.store))) warn_of_wrapped_lines(config.data);
  const bool has_old_vocabulary = !config.tokenizer.model && std::filesystem::exists(trained_tokenizer_folder(config) / kModelName);
  PreparedText prepared;
  prepared.tokenizer = std::make_unique<const Tokenizer>(open_or_train_tokenizer(config));
  prepared.vocabulary = vocabulary_of(*prepared.tokenizer);
  warn_of_empty_files(config.data);
  BuildLog log;
  StoreReport report;
  prepared.store = std::make_shared<const TokenStore>(open_or_build_token_store(
      config.data, prepared.vocabulary, {.num_threads = config.data.num_threads(), .progress = std::ref(log)}, &report));
  report_text(report.text);
  if (has_old_vocabulary && report.was_built) {
    spdlog::warn("the store is new, the vocabulary is that of an earlier session; if that had other text, delete {} to train it on this one",
                 trained_tokenizer_folder(config).string());
  }
  spdlog::info("token store: {} documents, {} sentences, {} tokens ({})", prepared.store->num_documents(), prepared.store->num_sentences(),
               prepared.store->num_tokens(), report.was_built ? "new" : "as it was");
  return prepared;
}

}  // namespace albert
