#include "recipes/run_common.h"

#include <albert/base/error.h>
#include <albert/data/corpus.h>
#include <albert/data/store_builder.h>
#include <albert/model/device.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/prepare.h>
#include <albert/recipes/pretrain.h>
#include <albert/tokenizer/tokenizer_training.h>

#include <array>
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
  out << fmt::format("model: {} layers of {} distinct block(s), hidden {}, {} heads, vocabulary {}\n", shape.num_hidden_layers * shape.inner_group_num,
                     shape.num_hidden_groups * shape.inner_group_num, shape.hidden_size, shape.num_attention_heads, shape.vocab_size);
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (counts[i] > 0) out << fmt::format("  {:<28}{:>14}\n", kParts[i].second, counts[i]);
  }
  out << fmt::format("  {:<28}{:>14}\n\n", "parameters", num_parameters(shape, heads));
}

/// Bytes of text that a dry run reads to find what the run would refuse: seconds, not hours.
constexpr uint64_t kReadThroughBytes = uint64_t{1} << 30U;

/// Throws for text that is not what the configuration says, as the run would. Returns its bytes.
int64_t read_through(const DataConfig& data, uint64_t bytes, std::ostream& out) {
  CorpusReader reader(data);
  Paragraph paragraph;
  int64_t documents = 0;
  int64_t text_bytes = 0;
  while (reader.bytes_read() < kReadThroughBytes && reader.next(paragraph)) {
    documents += paragraph.starts_document ? 1 : 0;
    text_bytes += static_cast<int64_t>(paragraph.text.size());
  }
  const bool is_whole = bytes <= kReadThroughBytes;
  out << fmt::format("\nread {}: {} documents, {} lines\n", is_whole ? "to the end" : "the first GiB", documents, reader.statistics().lines);
  report_text(reader.statistics());
  return text_bytes;
}

int64_t describe_documents(const DataConfig& data, std::ostream& out) {
  const auto files = list_source_files(data);
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.size_bytes;
  out << fmt::format("text: {} file(s), {:.1f} MB; the first documents, a sentence a line:\n", files.size(), static_cast<double>(bytes) / 1e6);
  size_t number = 0;
  const auto documents = preview_documents(data, kDocuments, kSentences);
  if (documents.empty()) throw DataError("data.sources: must hold text, got files without any document");
  for (const auto& document : documents) {
    out << fmt::format("\ndocument {} ({})\n", ++number, document.file);
    for (const auto& sentence : document.sentences) out << "  " << sentence << '\n';
    if (document.is_cut) out << "  ...\n";
  }
  return read_through(data, bytes, out);
}

bool has_tokenizer(const PretrainConfig& config) {
  return config.tokenizer.model || std::filesystem::exists(trained_tokenizer_folder(config) / "spiece.model");
}

int64_t vocabulary_size(const PretrainConfig& config) {
  return has_tokenizer(config) ? open_or_train_tokenizer(config).vocab_size() : config.tokenizer.vocab_size;
}

}  // namespace

void describe_pretraining(const PretrainConfig& config, std::ostream& out) {
  const auto device = resolve_device(config.training.device);
  require_same_run(config);
  require_usable_folder(config.output);
  const auto heads = heads_of(config);
  const int64_t vocabulary = vocabulary_size(config);
  const auto shape = config.model.init_from ? config.model.resolve(load_model_folder(*config.model.init_from).config.shape, vocabulary)
                                            : config.model.resolve(vocabulary);
  out << fmt::format("device: {}\n", describe_device(device));
  describe_parameters(shape, heads, out);
  // A store of another tokenizer or text is refused here as by the run itself; a vocabulary that is still to be trained is not made.
  if (std::filesystem::exists(token_store_file(config.data.store)) && has_tokenizer(config)) {
    const auto vocabulary_in_use = vocabulary_of(open_or_train_tokenizer(config));
    (void)open_or_build_token_store(config.data, vocabulary_in_use, {.num_threads = config.data.num_threads(), .progress = {}});
  }
  if (!config.data.sources.empty()) {
    warn_of_empty_files(config.data);
    warn_of_wrapped_lines(config.data);
    const int64_t text_bytes = describe_documents(config.data, out);
    if (!has_tokenizer(config)) {
      require_enough_text(text_bytes);
      out << fmt::format("not known before the run trains it: whether this text has {} pieces\n", vocabulary);
    }
  } else if (!std::filesystem::exists(token_store_file(config.data.store))) {
    throw ConfigError(fmt::format("data.sources: must name at least one text, because there is no token store in {}", config.data.store.string()));
  }
}

}  // namespace albert
