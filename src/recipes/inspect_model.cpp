#include "recipes/inspect_facts.h"
#include "recipes/run_common.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/task_folder.h>
#include <albert/tokenizer/model_check.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

namespace albert::inspection {
namespace {

namespace fs = std::filesystem;

/// Shapes beyond these are nobody's, and listing their parameters would cost what the file does not.
constexpr int64_t kMaxSize = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxBlocks = 4096;

Facts shape_facts(const AlbertConfig& shape) {
  return {{"architecture", config::enum_name(shape.architecture)},
          {"vocab_size", shape.vocab_size},
          {"embedding_size", shape.embedding_size},
          {"hidden_size", shape.hidden_size},
          {"num_hidden_layers", shape.num_hidden_layers},
          {"num_hidden_groups", shape.num_hidden_groups},
          {"inner_group_num", shape.inner_group_num},
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

void require_possible(const AlbertConfig& shape, const std::string& where) {
  const auto largest =
      std::max({shape.vocab_size, shape.embedding_size, shape.hidden_size, shape.intermediate_size, shape.max_position_embeddings,
                shape.type_vocab_size, shape.num_hidden_layers, shape.inner_group_num});
  if (largest > kMaxSize) throw IoError(fmt::format("{}: sizes must be at most {}, got {}", where, kMaxSize, largest));
  const int64_t blocks = shape.num_hidden_groups * shape.inner_group_num;
  if (blocks > kMaxBlocks) {
    throw IoError(fmt::format("{}: num_hidden_groups * inner_group_num must be at most {}, got {}", where, kMaxBlocks, blocks));
  }
}

/// Names as TaskModel has them; model/task_heads.h.
std::vector<ParameterShape> head_shapes(const TaskHeadOptions& head, int64_t hidden) {
  const auto linear = [](const std::string& name, int64_t in, int64_t out) {
    return std::vector<ParameterShape>{{name + ".weight", {out, in}}, {name + ".bias", {out}}};
  };
  if (head.head == TaskHead::question_answering) return linear("qa_outputs", hidden, head.num_outputs());
  if (head.head != TaskHead::question_answering_beam) return linear("classifier", hidden, head.num_outputs());
  std::vector<ParameterShape> shapes{{"answer_class.dense_1.weight", {1, hidden}},
                                     {"end_logits.LayerNorm.weight", {hidden}},
                                     {"end_logits.LayerNorm.bias", {hidden}}};
  const std::array<std::tuple<const char*, int64_t, int64_t>, 4> layers{{{"start_logits.dense", hidden, 1},
                                                                         {"end_logits.dense_0", 2 * hidden, hidden},
                                                                         {"end_logits.dense_1", hidden, 1},
                                                                         {"answer_class.dense_0", 2 * hidden, hidden}}};
  for (const auto& [name, in, out] : layers) {
    for (auto& parameter : linear(name, in, out)) shapes.push_back(std::move(parameter));
  }
  return shapes;
}

bool any_starts_with(const Parameters& parameters, const std::string& prefix) {
  const auto found = parameters.lower_bound(prefix);
  return found != parameters.end() && found->first.starts_with(prefix);
}

/// What the loaders of model_folder.h and task_folder.h ask for, and what they leave out.
struct Expectation {
  std::vector<ParameterShape> parameters;
  std::vector<std::string> may_be_ignored;
};

Expectation expected_of_task(const AlbertConfig& shape, const TaskHeadOptions& head) {
  Expectation expected;
  const std::string pooler = "albert.pooler.";
  for (auto& parameter : parameter_shapes(shape, PretrainingHeads::masked_lm_sentence_order)) {
    const bool is_pooler = parameter.name.starts_with(pooler);
    if (parameter.name.starts_with("albert.") && (!is_pooler || head.has_pooler()))
      expected.parameters.push_back(std::move(parameter));
  }
  for (auto& parameter : head_shapes(head, shape.hidden_size)) expected.parameters.push_back(std::move(parameter));
  if (!head.has_pooler()) expected.may_be_ignored.push_back(pooler);
  return expected;
}

Expectation expected_of_pretraining(const AlbertConfig& shape, const Parameters& parameters) {
  const bool has_pooler = any_starts_with(parameters, "albert.pooler.");
  Expectation expected;
  for (auto& parameter :
       parameter_shapes(shape, has_pooler ? PretrainingHeads::masked_lm_sentence_order : PretrainingHeads::masked_lm)) {
    const bool is_optional = (parameter.name.starts_with("predictions.") && !any_starts_with(parameters, "predictions.")) ||
                             (parameter.name.starts_with("sop_classifier.") && !any_starts_with(parameters, "sop_classifier."));
    if (!is_optional) expected.parameters.push_back(std::move(parameter));
  }
  expected.may_be_ignored = {"dropout."};
  if (!has_pooler) expected.may_be_ignored.emplace_back("sop_classifier.");
  for (const auto& [head, name] : enum_names(config::EnumTag<TaskHead>{})) {
    for (auto& prefix : head_prefixes(head)) expected.may_be_ignored.push_back(std::move(prefix));
  }
  return expected;
}

/// Whether spiece.model is the vocabulary of the ids that the model was trained with; null where no file says it.
Facts belongs(const Tokenizer& tokenizer, const AlbertConfig& shape, const io::SafetensorsMetadata& metadata) {
  if (tokenizer.vocab_size() != shape.vocab_size) return false;
  const auto written = metadata.find(kTokenizerMetadata);
  return written == metadata.end() ? Facts() : Facts(written->second == sha256_hex(tokenizer.model_bytes()));
}

Facts tokenizer_facts(const fs::path& folder, const AlbertConfig& shape, const io::SafetensorsMetadata& metadata) {
  const auto path = folder / "spiece.model";
  if (!fs::exists(path)) return {};
  const auto tokenizer = Tokenizer::load(path, read_tokenizer_options(folder));
  return {{"type", "unigram"},  // the check of the file refuses others
          {"pieces", tokenizer.vocab_size()},
          {"special_ids", special_facts(tokenizer.special_tokens())},
          {"lower_case", tokenizer.options().lower_case},
          {"keep_accents", tokenizer.options().keep_accents},
          {"sha256", sha256_hex(tokenizer.model_bytes())},
          {"hash", tokenizer.hash()},
          {"belongs_to_model", belongs(tokenizer, shape, metadata)}};
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

Facts check_parameters(const PublishedConfig& config, const Parameters& parameters, const std::string& where) {
  require_possible(config.shape, where);
  const auto head = task_head_of(config);
  const auto expected = head ? expected_of_task(config.shape, *head) : expected_of_pretraining(config.shape, parameters);
  Facts missing = Facts::array();
  Facts misshapen = Facts::array();
  Facts unknown = Facts::array();
  Facts ignored = Facts::array();
  std::map<std::string_view, const ParameterShape*> wanted;
  for (const auto& parameter : expected.parameters) {
    wanted.emplace(parameter.name, &parameter);
    const auto found = parameters.find(parameter.name);
    if (found == parameters.end()) missing.push_back(parameter.name);
    else if (found->second->shape != parameter.shape) {
      misshapen.push_back({{"name", parameter.name}, {"wanted", parameter.shape}, {"found", found->second->shape}});
    }
  }
  for (const auto& [name, array] : parameters) {
    if (wanted.contains(name)) continue;
    const auto& prefixes = expected.may_be_ignored;
    const bool is_ignored =
        std::any_of(prefixes.begin(), prefixes.end(), [&n = name](const auto& prefix) { return n.starts_with(prefix); });
    (is_ignored ? ignored : unknown).push_back(name);
  }
  return {{"missing", missing}, {"unknown", unknown}, {"misshapen", misshapen}, {"ignored", ignored}};
}

Facts model_facts(const fs::path& folder) {
  require_model_files(folder, {"config.json", "model.safetensors"});
  const auto config = read_model_config(folder);
  const TensorFile file(folder / "model.safetensors");
  const auto parameters = parameters_of(file.arrays(), config.shape);
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
  const TensorFile file(path);
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
          {"parameters", count_parameters(parameters_of(file.arrays(), shape))},
          {"tensors", {{"count", file.arrays().size()}, {"types", count_types(file.arrays())}, {"list", std::move(list)}}},
          {"metadata", file.metadata()}};
}

}  // namespace albert::inspection
