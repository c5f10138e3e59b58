#include "recipes/run_common.h"
#include "recipes/symbol_text.h"
#include "recipes/trial.h"

#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/data/corpus.h>
#include <albert/data/store_builder.h>
#include <albert/model/device.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/prepare.h>
#include <albert/recipes/pretrain.h>
#include <albert/tokenizer/tokenizer_training.h>
#include <albert/train/matmul_rate.h>

#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <ostream>

namespace albert {
namespace {

constexpr size_t kDocuments = 3;
constexpr size_t kSentences = 8;

/// Name of the part that a parameter belongs to, in the order of printing.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kParts{{
    {"albert.embeddings.", "embeddings"},
    {"albert.encoder.embedding_hidden_mapping_in.", "embedding mapping"},
    {"albert.encoder.", "shared layers"},
    {"albert.pooler.", "pooler"},
    {"predictions.", "masked-language-model head"},
    {"sop_classifier.", "sentence-order head"},
    {"", "other"},
}};

void describe_parameters(const AlbertConfig& shape, PretrainingHeads heads, std::ostream& out) {
  std::array<int64_t, kParts.size()> counts{};
  for (const auto& parameter : parameter_shapes(shape, heads)) {
    for (size_t i = 0; i < kParts.size(); ++i) {
      if (!parameter.name.starts_with(kParts[i].first)) continue;
      counts[i] += parameter.num_elements();
      break;
    }
  }
  const int64_t inner = shape.inner_group_num;
  const auto blocks = shape.is_partly_shared()
                          ? fmt::format("{} attention and {} feed-forward part(s)", shape.attention_sets() * inner, shape.feed_forward_sets() * inner)
                          : fmt::format("{} distinct block(s)", shape.num_hidden_groups * inner);
  out << fmt::format("model: {} layers of {}, hidden {}, {} heads, vocabulary {}\n", shape.num_applications(), blocks, shape.hidden_size,
                     shape.num_attention_heads, shape.vocab_size);
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (counts[i] > 0) out << fmt::format("  {:<28}{:>14}\n", kParts[i].second, counts[i]);
  }
  out << fmt::format("  {:<28}{:>14}\n\n", "parameters", num_parameters(shape, heads));
}

/// Bytes of text that a dry run reads to find what the run would refuse: seconds, not hours.
constexpr uint64_t kReadThroughBytes = uint64_t{1} << 30U;

/// Throws for text that is not what the configuration says, as the run would. Returns its bytes; of longer text, what they come to.
uint64_t read_through(const DataConfig& data, uint64_t bytes, std::ostream& out) {
  CorpusReader reader(data);
  Paragraph paragraph;
  int64_t documents = 0;
  uint64_t text_bytes = 0;
  while (reader.bytes_read() < kReadThroughBytes && reader.next(paragraph)) {
    documents += paragraph.starts_document ? 1 : 0;
    text_bytes += paragraph.text.size();
  }
  const bool is_whole = bytes <= kReadThroughBytes;
  out << fmt::format("\nread {}: {} documents, {} lines\n", is_whole ? "to the end" : "the first GiB", documents, reader.statistics().lines);
  report_text(reader.statistics());
  if (is_whole) return text_bytes;
  return static_cast<uint64_t>(static_cast<double>(text_bytes) * static_cast<double>(bytes) / static_cast<double>(reader.bytes_read()));
}

/// The first documents of each source.
uint64_t describe_documents(const DataConfig& data, std::ostream& out) {
  const auto files = list_source_files(data);
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.size_bytes;
  out << fmt::format("text: {} file(s), {:.1f} MB; the first documents, a sentence a line:\n", files.size(), static_cast<double>(bytes) / 1e6);
  size_t number = 0;
  for (const auto& source : data.sources) {
    DataConfig one = data;
    one.sources = {source};
    const size_t count = std::max<size_t>(1, kDocuments / data.sources.size());
    for (const auto& document : preview_documents(one, count, kSentences)) {
      out << fmt::format("\ndocument {} ({})\n", ++number, document.file);
      for (const auto& sentence : document.sentences) out << "  " << sentence << '\n';
      if (document.is_cut) out << "  ...\n";
    }
  }
  if (number == 0) throw DataError("data.sources: must hold text, got files without any document");
  return read_through(data, bytes, out);
}

/// A vocabulary of symbols is made here as the run would make it, but not written.
std::optional<Tokenizer> known_tokenizer(const PretrainConfig& config) {
  if (has_tokenizer(config)) return open_or_train_tokenizer(config);
  if (config.tokenizer.type == TokenizerType::sentencepiece || config.data.sources.empty()) return std::nullopt;
  return Tokenizer::from_symbols(collect_symbols(config.data, config.tokenizer), config.tokenizer.symbol_options(), "the symbols of the text");
}

/// The first symbols of the text as they are cut, all of them counted, and those that the vocabulary lacks. Throws as the run would. Returns
/// their number.
double describe_symbols(const PretrainConfig& config, const Tokenizer& tokenizer, std::ostream& out) {
  const auto census = count_symbols(config.data, tokenizer);
  out << fmt::format("symbols: {} in {} words, {:.1f} a word; {} ({:.4g} %) are not in the vocabulary\n", census.num_symbols, census.num_words,
                     census.mean_word(), census.num_unknown, 100 * census.unknown_share());
  for (const auto& line : describe_unknown(census)) out << "  " << line << '\n';
  const auto documents = preview_documents(config.data, 1, 1);
  if (!documents.empty() && !documents.front().sentences.empty()) {
    out << "the first sentence in symbols: " << fmt::format("{}\n", fmt::join(tokenizer.encode_as_pieces(documents.front().sentences.front()), " "));
  }
  require_symbols(census, config.tokenizer, config.objective.masking, config.data.max_length);
  return static_cast<double>(census.num_symbols);
}

/// Nearest folder above (or at) `path` that exists.
std::filesystem::path existing_folder(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  while (!std::filesystem::exists(path) && path.has_relative_path()) path = path.parent_path();
  return path;
}

void describe_disk(const PretrainConfig& config, const RunFiles& files, std::ostream& out) {
  out << fmt::format("disk          {}: {} checkpoints of {} at most, the model {}", format_bytes(files.total_bytes()), files.checkpoints,
                     format_bytes(files.checkpoint_bytes), format_bytes(files.final_bytes));
  if (files.store_bytes > 0) out << fmt::format(", the token store about {}", format_bytes(files.store_bytes));
  std::error_code error;
  const auto space = std::filesystem::space(existing_folder(config.output), error);
  out << (error ? std::string("\n") : fmt::format("; {} are free\n", format_bytes(space.available)));
  if (!error && space.available < files.total_bytes()) {
    spdlog::warn("output: the run needs about {} on disk, {} are free; free some, or lower checkpoint.keep_last", format_bytes(files.total_bytes()),
                 format_bytes(space.available));
  }
}

/// Times some steps, in the memory that the run would have.
void describe_costs(const PretrainConfig& given, const RunOutlook& outlook, std::ostream& out) {
  if (resolve_device(given.training.device).is_cpu()) keep_freed_memory();
  const auto config = with_micro_batch(given, outlook.vocab_size);
  const auto device = resolve_device(config.training.device);
  // As a run does: its matrices count.
  (void)measure_matmul_rate(device, compute_type(resolve_precision(chosen_precision(config.training.precision), device)));
  const auto foresight = foresee(config, outlook);
  out << '\n';
  print_estimate(foresight.estimate, foresight.times, foresight.work, out);
  describe_disk(config, foresight.files, out);
  if (outlook.data == nullptr) {
    out << fmt::format("not counted: making vocabulary and store. Assumed until there is a store: {:.3g} M pieces of text\n", outlook.num_pieces / 1e6);
  }
}

}  // namespace

void describe_pretraining(const PretrainConfig& config, std::ostream& out) {
  const auto device = resolve_device(config.training.device);
  require_same_run(config, config.output / "checkpoints");
  require_usable_folder(config.output);
  const auto heads = heads_of(config);
  const auto tokenizer = known_tokenizer(config);
  const int64_t vocabulary = tokenizer ? tokenizer->vocab_size() : config.tokenizer.vocab_size;
  const auto shape = config.model.init_from ? config.model.resolve(load_model_folder(*config.model.init_from).config.shape, vocabulary)
                                            : config.model.resolve(vocabulary);
  out << fmt::format("device: {}\n", describe_device(device));
  describe_parameters(shape, heads, out);
  // A store of another tokenizer or text is refused here as by the run itself; a vocabulary that is still to be trained is not made.
  std::optional<PretrainingData> data;
  if (std::filesystem::exists(token_store_file(config.data.store)) && has_tokenizer(config)) {
    const auto vocabulary_in_use = vocabulary_of(*tokenizer);
    const auto store = std::make_shared<const TokenStore>(
        open_or_build_token_store(config.data, vocabulary_in_use, {.num_threads = config.data.num_threads(), .progress = {}}));
    data = make_pretraining_data(store, vocabulary_in_use, config.data, config.objective, static_cast<uint64_t>(config.training.seed));
  }
  double num_pieces = 0;
  if (!config.data.sources.empty()) {
    warn_of_empty_files(config.data);
    warn_of_wrapped_lines(config.data);
    const uint64_t text_bytes = describe_documents(config.data, out);
    num_pieces = static_cast<double>(text_bytes) / kBytesPerPiece;
    if (config.tokenizer.type == TokenizerType::symbols) {
      num_pieces = describe_symbols(config, *tokenizer, out);
    } else if (!tokenizer) {
      require_enough_text(static_cast<int64_t>(text_bytes));
      out << fmt::format("not known before the run trains it: whether this text has {} pieces\n", vocabulary);
    }
  } else if (!std::filesystem::exists(token_store_file(config.data.store))) {
    throw ConfigError(fmt::format("data.sources: must name at least one text, because there is no token store in {}", config.data.store.string()));
  }
  describe_costs(config, {.data = data ? &*data : nullptr, .num_pieces = num_pieces, .vocab_size = vocabulary}, out);
}

}  // namespace albert
