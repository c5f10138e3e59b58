// Model folders in Hugging Face's layout: names of tensors, config.json and tokenizer_config.json, in both directions.
//
// Inside, all parameters have ALBERT's published names (parameters_by_name). A BERT configuration is renamed at this border only.
#pragma once

#include <albert/io/named_tensors.h>
#include <albert/model/albert_config.h>
#include <albert/model/encoder_io.h>
#include <albert/model/task_head_options.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert {

/// Name of a parameter in a model folder ("bert.encoder.layer.0.attention.self.query.weight" for architecture bert).
std::string published_name(std::string_view parameter, const AlbertConfig& config);
/// The inverse, tolerant of what is found in the wild: a missing "albert." / "bert." prefix and gamma/beta for weight/bias.
std::string parameter_name(std::string_view published, const AlbertConfig& config);

/// The tensors of `model.safetensors` as save_pretrained of transformers 5 writes them: every parameter once, no decoder aliases.
std::vector<NamedParameter> published_tensors(const std::vector<NamedParameter>& parameters, const AlbertConfig& config);

/// Arrays of a file by the parameter that they are.
using ArraysByParameter = std::map<std::string, const io::ArrayView*>;
/// The arrays of a file as parameters, and what became of their names.
struct FoundParameters {
  /// Two names of one parameter: of the tied decoder and its embeddings, with and without the prefix.
  struct Double {
    std::string name;       ///< in the file, left aside
    std::string parameter;  ///< whose array stands under another name
    const io::ArrayView* array = nullptr;
  };
  ArraysByParameter arrays{};
  std::vector<std::string> buffers{};                           ///< in the file: position_ids, token_type_ids
  std::vector<std::pair<std::string, std::string>> renamed{};  ///< name in the file, parameter; not the names of published_name()
  std::vector<Double> doubles{};
};
/// An alias of the tied decoder stands in where its origin is absent. Reads no array.
FoundParameters find_parameters(const io::NamedArrays& arrays, const AlbertConfig& config);
/// Those of the doubles whose arrays differ, so that the file has no single value for the parameter: an untied decoder.
std::vector<std::string> contradictions(const FoundParameters& found);
/// FoundParameters::arrays.
ArraysByParameter arrays_by_parameter(const io::NamedArrays& arrays, const AlbertConfig& config);

/// Which differences between a file and a model are expected. Prefixes of parameter names.
struct ImportRules {
  std::vector<std::string> may_be_missing{};  ///< keep their initial values when the file lacks them: a pooler
  std::vector<std::string> may_be_ignored{};  ///< in the file only: the heads of pre-training
  std::vector<std::string> start_anew{};      ///< keep their initial values whatever the file holds of that name: a new head
};
/// Parameter names that a rule covered.
struct ImportReport {
  std::vector<std::string> missing;  ///< of the model: keep their initial values
  std::vector<std::string> ignored;  ///< of the file: left out
};

/// How the arrays of a file meet the parameters of a model, before any is copied.
struct ImportPlan {
  struct Misshapen {
    std::string name;
    std::vector<int64_t> wanted;
    std::vector<int64_t> found;
  };
  /// What no rule covers.
  std::vector<std::string> missing{};
  std::vector<std::string> unexpected{};
  std::vector<Misshapen> misshapen{};
  std::vector<std::string> mistyped{};       ///< "NAME (I64)": no floating type
  std::vector<std::string> contradictory{};  ///< contradictions(); the caller adds them
  ImportReport report{};

  [[nodiscard]] bool is_possible() const {
    return missing.empty() && unexpected.empty() && misshapen.empty() && mistyped.empty() && contradictory.empty();
  }
  /// All that no rule covers, in one line: "missing a, b; unexpected c; of another shape d (wanted [2], got [3])".
  [[nodiscard]] std::string differences() const;
};
ImportPlan plan_import(const ArraysByParameter& arrays, const std::vector<ParameterShape>& parameters, const ImportRules& rules);

/// Copies arrays into parameters (any floating type, converted), left-overs apart. All missing, unexpected and misshapen tensors are
/// listed in one IoError that starts with `where`; nothing is changed then.
ImportReport import_arrays(const io::NamedArrays& arrays, const std::vector<NamedParameter>& parameters,
                           const AlbertConfig& config, const ImportRules& rules, const std::string& where);

/// Special ids that config.json carries.
struct SpecialIds {
  int64_t pad = 0;
  int64_t cls = 2;
  int64_t sep = 3;
};

/// What config.json says beside the shape.
struct PublishedConfig {
  AlbertConfig shape{};
  SpecialIds special_ids{};
  std::string architecture{};         ///< class of transformers: "AlbertForPreTraining", ...; empty when absent
  std::vector<std::string> labels{};  ///< id2label in order of ids; empty for none
  std::string problem_type{};         ///< "regression", "single_label_classification", ...; empty for none
  std::string dtype = "float32";      ///< of the weights, as torch calls it; transformers 5 loads them in it
  bool is_tied = true;  ///< tie_word_embeddings of a file that was read; a folder that is written is tied whatever stands here
};

/// LABEL_0, LABEL_1, ...: the names that transformers gives.
std::vector<std::string> default_labels(int64_t count);
/// "AlbertForSequenceClassification", ... The beam head, which transformers lacks, names our own class:
/// "AlbertForBeamQuestionAnswering".
std::string task_architecture(const AlbertConfig& config, const TaskHeadOptions& head);
/// The head that config.json names; none for pre-training models, bare encoders and unknown classes. The number of labels is that
/// of id2label, 2 without one (the default of transformers).
std::optional<TaskHeadOptions> task_head_of(const PublishedConfig& config);
/// config.json of a task model. For a head with labels, none given means LABEL_0, LABEL_1, ... (as regression has). Throws
/// ConfigError, which starts with "task.labels", for a number of labels that is not the head's, equal labels, or fewer than two
/// with problem type single_label_classification (transformers refuses that).
PublishedConfig task_config(const AlbertConfig& shape, const TaskHeadOptions& head, std::vector<std::string> labels = {},
                            std::string_view problem_type = {});

/// What becomes of the head that a source model has.
enum class HeadTransfer {
  keep,     ///< load it; a source without a head gets a new one, a source with another head is an error
  replace,  ///< a new one in any case
};
constexpr auto enum_names(config::EnumTag<HeadTransfer>) {
  return config::names<HeadTransfer>({{HeadTransfer::keep, "keep"}, {HeadTransfer::replace, "replace"}});
}
/// How to import the folder that `source` describes into a model with head `target`. Heads of pre-training are left out, and the
/// pooler too where the target has none; a pooler may start anew where the source's class has none (masked language model, token
/// classification, question answering). Throws ConfigError, which starts with `where`, when the head should be kept and is
/// another.
ImportRules task_import_rules(const PublishedConfig& source, const TaskHeadOptions& target, HeadTransfer transfer,
                              const std::string& where);

/// What a file holds of a model of pre-training, for a folder that is loaded as such a model whatever it was made for.
struct PretrainingContent {
  bool has_pooler = false;
  bool has_mlm_head = false;
  bool has_order_head = false;

  /// The model to load it into: with a pooler where the file has one. Heads that the file lacks stay untrained.
  [[nodiscard]] PretrainingHeads heads() const;
  [[nodiscard]] ImportRules rules() const;
};
PretrainingContent pretraining_content(const ArraysByParameter& arrays);
/// How a folder of a task is loaded with its own head. Older transformers saved a pooler also where nothing reads it.
ImportRules own_task_rules(const TaskHeadOptions& head);

/// First part of the class names: "Albert"; "Bert" for architecture bert; "PartlySharedAlbert", which is ours alone, where layers
/// share one half of their blocks: transformers has no such model.
std::string_view architecture_family(const AlbertConfig& config);
/// The family with "ForPreTraining" or "ForMaskedLM".
std::string pretraining_architecture(const AlbertConfig& config, PretrainingHeads heads);
/// Text of config.json with the keys that transformers 5 writes. Our two dropout switches are two keys more, which it keeps.
/// Where layers share one half of their blocks, model_type is "partly_shared_albert", which transformers refuses, and the key
/// `sharing` names the half.
std::string write_config_json(const PublishedConfig& config);
/// Reads config.json of ours or of Hugging Face; absent keys take the defaults of transformers (for ALBERT those of xxlarge; a
/// classification model without id2label has the labels LABEL_0 and LABEL_1; BERT's classifier_dropout is hidden_dropout_prob).
/// Throws IoError that starts with `where` and names the key, also where label2id contradicts id2label and neither is LABEL_0, ...
PublishedConfig read_config_json(std::string_view text, const std::string& where);

/// Throws IoError that starts with `where` for sizes that no file can have, whose parameters could not even be listed.
void require_possible_shape(const AlbertConfig& shape, const std::string& where);

/// Text of tokenizer_config.json for a SentencePiece vocabulary of ALBERT.
struct TokenizerDescription {
  bool lower_case = true;
  bool keep_accents = false;
  int64_t max_length = 512;
};
std::string write_tokenizer_config_json(const TokenizerDescription& tokenizer);

}  // namespace albert
