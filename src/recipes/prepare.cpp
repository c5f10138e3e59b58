#include "recipes/run_common.h"
#include "recipes/symbol_files.h"
#include "recipes/symbol_text.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/log.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/convert/model_source.h>
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

constexpr const char* kOptionsName = "options.yaml";
constexpr const char* kPieces = "spiece.model";
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
  auto used = config::parse_config<TokenizerConfig>(read_file(path, kOptionsLimitBytes), path.string());
  used.max_unknown = wanted.max_unknown;  // says nothing of the vocabulary
  std::string differences;
  for (const auto& [key, a, b] : config::diff_configs(used, wanted)) {
    differences += fmt::format("{}tokenizer.{} was {} and is {}", differences.empty() ? "" : ", ", key, a, b);
  }
  if (differences.empty()) return;
  throw ConfigError(fmt::format("{}: the vocabulary of this run was trained with other options: {}; set them back, delete the folder, "
                                "or choose another output", folder.string(), differences));
}

Tokenizer train_pieces(const PretrainConfig& config) {
  spdlog::info("training a vocabulary of {} pieces", config.tokenizer.vocab_size);
  // The seed of the split, not of the run: runs of several seeds then share a vocabulary.
  CorpusSentences sentences(config.data);
  const auto trained = train_tokenizer(config.tokenizer, std::ref(sentences), static_cast<uint64_t>(config.data.validation_seed));
  spdlog::info("vocabulary: trained on {} of {} sentences ({})", trained.num_sampled, trained.num_sentences,
               to_string(ByteSize{static_cast<uint64_t>(trained.sampled_bytes)}));
  return Tokenizer::from_bytes(trained.model_bytes, config.tokenizer.options(), "spiece.model");
}

Tokenizer make_new_tokenizer(const PretrainConfig& config) {
  if (config.tokenizer.type == TokenizerType::sentencepiece) return train_pieces(config);
  return Tokenizer::from_symbols(collect_symbols(config.data, config.tokenizer), config.tokenizer.symbol_options(), "the symbols of the text");
}

std::filesystem::path made_vocabulary(const PretrainConfig& config) {
  return trained_tokenizer_folder(config) / vocabulary_file_name(config.tokenizer.type);
}

/// The one that the configuration names.
std::optional<std::filesystem::path> named_vocabulary(const TokenizerConfig& config) {
  return config.type == TokenizerType::symbols ? config.vocabulary : config.model;
}

/// Whether the model comes with its vocabulary in one source, which may be an archive, so that no option can name it.
bool starts_from_google(const PretrainConfig& config) { return config.model.init_from && is_google_checkpoint(*config.model.init_from); }

Tokenizer google_tokenizer(const PretrainConfig& config) {
  const auto source = read_model_source(*config.model.init_from);
  const auto pieces = source.texts.find(kPieces);
  if (pieces == source.texts.end()) {
    throw ConfigError(fmt::format("tokenizer.model: must name the vocabulary of model.init_from ({}), which has none beside it",
                                  config.model.init_from->string()));
  }
  return Tokenizer::from_bytes(pieces->second, config.tokenizer.options(), source.place_of(kPieces));
}

Tokenizer load_tokenizer(const std::filesystem::path& vocabulary, const TokenizerConfig& config) {
  return config.type == TokenizerType::symbols ? Tokenizer::load_symbols(vocabulary, config.symbol_options())
                                               : Tokenizer::load(vocabulary, config.options());
}

/// Symbols that the vocabulary lacks are counted, and refused where they are many. The log names no file of the text: --dry-run does.
void check_symbols(const PretrainConfig& config, const Tokenizer& tokenizer) {
  const auto census = count_symbols(config.data, tokenizer);
  require_symbols(census, config.tokenizer, config.objective.masking, config.data.max_length);
  spdlog::info("text: {} symbols in {} words", census.num_symbols, census.num_words);
  if (census.num_unknown == 0) return;
  spdlog::warn("text: {} symbols ({:.4g} %) are not in the vocabulary; --dry-run lists them with their places", census.num_unknown,
               100 * census.unknown_share());
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

bool has_tokenizer(const PretrainConfig& config) {
  return named_vocabulary(config.tokenizer) || starts_from_google(config) || std::filesystem::exists(made_vocabulary(config));
}

Tokenizer open_or_train_tokenizer(const PretrainConfig& config) {
  if (const auto named = named_vocabulary(config.tokenizer)) return load_tokenizer(*named, config.tokenizer);
  if (starts_from_google(config)) return google_tokenizer(config);
  const auto made = made_vocabulary(config);
  if (std::filesystem::exists(made)) {
    require_same_options(config.tokenizer, made.parent_path());
    return load_tokenizer(made, config.tokenizer);
  }
  auto tokenizer = make_new_tokenizer(config);
  make_directories(made.parent_path());
  write_file_atomically(made.parent_path() / kOptionsName, config::to_yaml(config.tokenizer));
  write_file_atomically(made, tokenizer.vocabulary_bytes());
  return tokenizer;
}

namespace {

void inherit_symbols(TokenizerConfig& config, const std::filesystem::path& folder) {
  const auto options = read_symbol_options(folder);
  const auto vocabulary = folder / vocabulary_file_name(TokenizerType::symbols);
  const bool names_another = config.vocabulary && read_file(*config.vocabulary) != read_file(vocabulary);
  if (config.type == TokenizerType::symbols && (names_another || config.symbol_options() != options)) {
    throw ConfigError(fmt::format("tokenizer: must be that of model.init_from ({}), got another vocabulary, separator or punctuation; leave the section out",
                                  vocabulary.string()));
  }
  if (config.model) {
    throw ConfigError(fmt::format("tokenizer.model: must be the vocabulary that model.init_from was trained with ({}), got {}", vocabulary.string(),
                                  config.model->string()));
  }
  const double max_unknown = config.max_unknown;
  config = TokenizerConfig{};
  config.type = TokenizerType::symbols;
  config.vocabulary = vocabulary;
  config.word_separator = options.word_separator;
  config.symbol_separator = options.symbol_separator;
  config.punctuation = options.punctuation;
  config.max_unknown = max_unknown;
}

[[noreturn]] void refuse_symbols(const std::filesystem::path& source) {
  throw ConfigError(fmt::format("tokenizer.type: must be sentencepiece, as that of model.init_from ({}), got symbols", source.string()));
}

[[noreturn]] void refuse_vocabulary(const std::string& wanted, const std::filesystem::path& given) {
  throw ConfigError(
      fmt::format("tokenizer.model: must be the vocabulary that model.init_from was trained with ({}), got {}", wanted, given.string()));
}

void check_google_vocabulary(const PretrainConfig& config) {
  if (config.tokenizer.type == TokenizerType::symbols) refuse_symbols(*config.model.init_from);
  if (!config.tokenizer.model) return;
  const auto source = read_model_source(*config.model.init_from);
  const auto pieces = source.texts.find(kPieces);
  const bool is_another = pieces != source.texts.end() && pieces->second != read_file(*config.tokenizer.model);
  if (is_another) refuse_vocabulary(source.place_of(kPieces), *config.tokenizer.model);
}

}  // namespace

PretrainConfig with_inherited_vocabulary(PretrainConfig config) {
  if (!config.model.init_from) return config;
  if (starts_from_google(config)) {
    check_google_vocabulary(config);
    return config;
  }
  const auto vocabulary = *config.model.init_from / vocabulary_file_name(TokenizerType::sentencepiece);
  const bool has_pieces = std::filesystem::exists(vocabulary);
  if (!has_pieces && std::filesystem::exists(*config.model.init_from / vocabulary_file_name(TokenizerType::symbols))) {
    inherit_symbols(config.tokenizer, *config.model.init_from);
    return config;
  }
  if (config.tokenizer.type == TokenizerType::symbols) refuse_symbols(*config.model.init_from);
  if (!config.tokenizer.model) config.tokenizer.model = vocabulary;
  if (has_pieces && read_file(vocabulary) != read_file(*config.tokenizer.model)) refuse_vocabulary(vocabulary.string(), *config.tokenizer.model);
  return config;
}

PreparedText prepare_text(const PretrainConfig& config) {
  if (!config.data.sources.empty() && !std::filesystem::exists(token_store_file(config.data.store))) warn_of_wrapped_lines(config.data);
  const bool has_old_vocabulary =
      !named_vocabulary(config.tokenizer) && !starts_from_google(config) && std::filesystem::exists(made_vocabulary(config));
  PreparedText prepared;
  prepared.tokenizer = std::make_unique<const Tokenizer>(open_or_train_tokenizer(config));
  prepared.vocabulary = vocabulary_of(*prepared.tokenizer);
  warn_of_empty_files(config.data);
  const bool has_store = std::filesystem::exists(token_store_file(config.data.store));
  if (config.tokenizer.type == TokenizerType::symbols && !has_store && !config.data.sources.empty()) check_symbols(config, *prepared.tokenizer);
  BuildLog log;
  StoreReport report;
  prepared.store = std::make_shared<const TokenStore>(open_or_build_token_store(
      config.data, prepared.vocabulary, {.num_threads = config.data.num_threads(), .progress = std::ref(log)}, &report));
  report_text(report.text);
  if (has_old_vocabulary && report.was_built) {
    spdlog::warn("the store is new, the vocabulary is that of an earlier session; if that had other text, delete {} to make it of this one",
                 printed_path(config.output, trained_tokenizer_folder(config).filename()));
  }
  spdlog::info("token store: {} documents, {} sentences, {} tokens ({})", prepared.store->num_documents(), prepared.store->num_sentences(),
               prepared.store->num_tokens(), report.was_built ? "new" : "as it was");
  return prepared;
}

}  // namespace albert
