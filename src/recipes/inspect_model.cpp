#include "recipes/inspect_facts.h"
#include "recipes/run_common.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/task_folder.h>
#include <albert/tokenizer/model_check.h>

#include <utility>

namespace albert::inspection {
namespace {

namespace fs = std::filesystem;

Facts shape_facts(const AlbertConfig& shape) {
  return {{"architecture", config::enum_name(shape.architecture)},
          {"vocab_size", shape.vocab_size},
          {"embedding_size", shape.embedding_size},
          {"hidden_size", shape.hidden_size},
          {"num_hidden_layers", shape.num_hidden_layers},
          {"num_hidden_groups", shape.num_hidden_groups},
          {"inner_group_num", shape.inner_group_num},
          {"sharing", config::enum_name(shape.sharing())},
          {"num_attention_heads", shape.num_attention_heads},
          {"intermediate_size", shape.intermediate_size},
          {"max_position_embeddings", shape.max_position_embeddings},
          {"type_vocab_size", shape.type_vocab_size},
          {"hidden_act", config::enum_name(shape.hidden_act)},
          {"hidden_dropout_prob", shape.hidden_dropout_prob},
          {"attention_probs_dropout_prob", shape.attention_probs_dropout_prob},
          {"classifier_dropout_prob", shape.classifier_dropout_prob},
          {"layer_norm_eps", shape.layer_norm_eps},
          {"feed_forward_dropout", shape.feed_forward_dropout},
          {"sentence_order_dropout", shape.sentence_order_dropout}};
}

/// Whether it is the vocabulary of the ids that the model was trained with; null where no file says it.
Facts belongs(const Tokenizer& tokenizer, const AlbertConfig& shape, const io::SafetensorsMetadata& metadata) {
  if (tokenizer.vocab_size() != shape.vocab_size) return false;
  const auto written = metadata.find(tokenizer_metadata_key(tokenizer.type()));
  return written == metadata.end() ? Facts() : Facts(written->second == sha256_hex(tokenizer.vocabulary_bytes()));
}

Facts tokenizer_facts(const fs::path& folder, const AlbertConfig& shape, const io::SafetensorsMetadata& metadata) {
  const auto tokenizer = read_tokenizer(folder);
  if (!tokenizer) return {};
  const bool is_symbols = tokenizer->type() == TokenizerType::symbols;
  Facts facts{{"type", is_symbols ? "symbols" : "unigram"},  // the check of a spiece.model refuses others
              {"pieces", tokenizer->vocab_size()},
              {"special_ids", special_facts(tokenizer->special_tokens())}};
  if (is_symbols) {
    const auto or_null = [](const std::optional<std::string>& text) { return text ? Facts(*text) : Facts(); };
    facts["word_separator"] = or_null(tokenizer->symbol_options().word_separator);
    facts["symbol_separator"] = or_null(tokenizer->symbol_options().symbol_separator);
    facts["punctuation"] = tokenizer->symbol_options().punctuation;
  } else {
    facts["lower_case"] = tokenizer->options().lower_case;
    facts["keep_accents"] = tokenizer->options().keep_accents;
  }
  facts["sha256"] = sha256_hex(tokenizer->vocabulary_bytes());
  facts["hash"] = tokenizer->hash();
  facts["belongs_to_model"] = belongs(*tokenizer, shape, metadata);
  return facts;
}

/// What a fine-tuned model does; null for others.
Facts task_facts(const fs::path& folder, const PublishedConfig& config) {
  const auto head = task_head_of(config);
  if (!head) return {};
  Facts facts{{"head", config::enum_name(head->head)}};
  const auto path = folder / "task.yaml";
  if (fs::exists(path)) {
    const auto file = config::parse_config<TaskFile>(read_file(path, kConfigLimitBytes), path.string());
    facts["name"] = file.task.name ? Facts(*file.task.name) : Facts();
    facts["type"] = file.task.kind() ? Facts(config::enum_name(*file.task.kind())) : Facts();
    facts["max_length"] = file.max_length;
  }
  if (!config.problem_type.empty()) facts["problem_type"] = config.problem_type;
  facts["labels"] = config.labels;
  return facts;
}

}  // namespace

Facts special_facts(const SpecialTokens& special) {
  return {{"pad", special.pad}, {"unknown", special.unknown}, {"cls", special.cls}, {"sep", special.sep}, {"mask", special.mask}};
}

PublishedConfig read_model_config(const fs::path& folder) {
  const auto path = folder / "config.json";
  return read_config_json(read_file(path, kConfigLimitBytes), path.string());
}

Facts check_parameters(const PublishedConfig& config, const ArraysByParameter& parameters, const std::string& where) {
  require_possible_shape(config.shape, where);
  const auto head = task_head_of(config);
  const auto content = pretraining_content(parameters);
  const auto plan = head ? plan_import(parameters, parameter_shapes(config.shape, *head), own_task_rules(*head))
                         : plan_import(parameters, parameter_shapes(config.shape, content.heads()), content.rules());
  Facts misshapen = Facts::array();
  for (const auto& [name, wanted, found] : plan.misshapen) {
    misshapen.push_back({{"name", name}, {"wanted", wanted}, {"found", found}});
  }
  return {{"missing", plan.missing}, {"unknown", plan.unexpected}, {"misshapen", misshapen}, {"mistyped", plan.mistyped}, {"ignored", plan.report.ignored}};
}

Facts model_facts(const fs::path& folder) {
  require_model_files(folder, {"config.json"});
  const auto config = read_model_config(folder);
  const auto file = io::WeightFiles::of_folder(folder);
  const auto parameters = arrays_by_parameter(file.arrays(), config.shape);
  Facts tensors{{"count", file.arrays().size()}, {"types", count_types(file.arrays())}};
  tensors.update(check_parameters(config, parameters, (folder / "config.json").string()));
  return {{"format", "Hugging Face folder"},
          {"class", config.architecture.empty() ? Facts() : Facts(config.architecture)},
          {"shape", shape_facts(config.shape)},
          {"parameters", count_parameters(parameters)},
          {"tensors", std::move(tensors)},
          {"weights_bytes", file.size_bytes()},
          {"tokenizer", tokenizer_facts(folder, config.shape, file.metadata())},
          {"task", task_facts(folder, config)},
          {"metadata", file.metadata()}};
}

Facts vocabulary_facts(const fs::path& path) {
  const auto bytes = read_file(path, kMaxModelBytes);
  const auto summary = check_model(bytes, path.string());
  return {{"format", "SentencePiece"},
          {"type", "unigram"},
          {"pieces", summary.num_pieces},
          {"special_ids", special_facts(summary.special_tokens)},
          {"file_bytes", bytes.size()},
          {"sha256", sha256_hex(bytes)}};
}

Facts tensor_file_facts(const fs::path& path) {
  const auto file = io::WeightFiles::of_file(path);
  AlbertConfig shape;
  if (file.arrays().lower_bound("bert.") != file.arrays().end() &&
      file.arrays().lower_bound("bert.")->first.starts_with("bert.")) {
    shape.architecture = Architecture::bert;
  }
  Facts list = Facts::array();
  for (const auto& [name, array] : file.arrays()) {
    list.push_back({{"name", name}, {"type", io::name(array.type)}, {"shape", array.shape}});
  }
  return {{"format", "safetensors"},
          {"file_bytes", file.size_bytes()},
          {"parameters", count_parameters(arrays_by_parameter(file.arrays(), shape))},
          {"tensors", {{"count", file.arrays().size()}, {"types", count_types(file.arrays())}, {"list", std::move(list)}}},
          {"metadata", file.metadata()}};
}

}  // namespace albert::inspection
