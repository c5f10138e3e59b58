// A model as it was found, whatever wrote it: what `albert convert` and `model.init_from` read.
//
//   ModelSource source = read_model_source("albert_base_v2");
//   settle(source, Strictness::exact);                          // throws and lists what does not fit
//   write_hugging_face_folder("out", source);
//
// A new format is one function that returns a ModelSource and one line of the table in src/convert/model_source.cpp.
#pragma once

#include <albert/io/safetensors.h>
#include <albert/model/pretrained.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace albert {

/// What a reader did beside taking a tensor as it stands; names are those of the source.
struct SourceNotes {
  std::vector<std::string> skipped{};                         ///< "NAME (why)": buffers, aliases, slots of an optimizer
  std::vector<std::pair<std::string, std::string>> renamed{};  ///< name in the source, name in folders of Hugging Face
  std::string assumed{};                                       ///< what the source does not say and was taken for granted
  std::vector<std::string> changed{};                          ///< "KEY from VALUE to VALUE": of config.json, as it is written
  std::vector<std::string> filled{};                           ///< "KEY VALUE": of config.json, which the source left to its class
  std::vector<std::string> added{};                            ///< "NAME (why)": parameters that the source does without
};

struct ModelSource {
  std::string kind{};   ///< for people: "Hugging Face folder", "Google TF1 checkpoint"
  std::string where{};  ///< begins error texts: the file that holds the tensors
  PublishedConfig config{};
  io::NamedArrays arrays{};  ///< by parameter name (parameter_name()), in the layout of torch (Linear: [out, in])
  std::vector<std::shared_ptr<const void>> owners{};  ///< what the views point into: files in memory, buffers
  std::map<std::string, std::string> texts{};         ///< files that go along: "spiece.model", "tokenizer_config.json", ...
  std::map<std::string, std::string> places{};        ///< of `texts`, for error texts; a text that has none was made here
  io::SafetensorsMetadata metadata{};                 ///< of model.safetensors
  /// Arrays that a parameter has beside its own, with other values: an untied decoder.
  std::vector<std::string> contradictions{};
  /// The masked-token head has a decoder of its own, says the source, and its weights are not there.
  bool lacks_decoder = false;
  /// Parameters whose arrays cannot be read and are not among `arrays`: name, and what they are ("float64").
  std::map<std::string, std::string> unreadable{};
  SourceNotes notes{};

  /// What error texts call one of `texts`.
  [[nodiscard]] std::string place_of(const std::string& name) const {
    const auto found = places.find(name);
    return found == places.end() ? name : found->second;
  }
};

/// Reads what stands at the path, by the first format that recognises it: a folder of Hugging Face (ours are such), a checkpoint
/// (a folder "step-..."), of which every byte is verified, a run, of which the last model is taken, a checkpoint of Google's ALBERT
/// code, its archive or a TF-Hub module. Arrays are views into mapped files, or into memory where kernels had to be transposed.
/// Nothing is compared with the model that config.json describes: see settle(). Throws IoError, which names the file.
ModelSource read_model_source(const std::filesystem::path& path);

/// Whether read_model_source() finds there what Google's code wrote: a checkpoint, its archive or a TF-Hub module. From names and the first
/// bytes of a file.
bool is_google_checkpoint(const std::filesystem::path& path);

enum class Strictness {
  exact,    ///< every tensor of the model and no other, but for what a class may lack or have (a pooler, the heads of pre-training)
  lenient,  ///< what is unexpected or contradicts is left out; what is missing or has another shape or no floating type starts anew
};

/// What was done to make a source fit.
struct SettledSource {
  std::vector<std::string> left_out{};      ///< parameter names
  std::vector<std::string> started_anew{};  ///< parameter names
};

/// Compares the arrays with the model that the configuration describes. `exact` throws one IoError that lists all missing, unexpected,
/// misshapen and unreadable tensors, and refuses a class that is not among known_classes(); `lenient` mends them (new values:
/// initialize() with seed 1), but refuses a source without any tensor of the model. config.architecture is the class that the tensors
/// make afterwards: that of the task which it names; of pre-training models the one whose heads are there, so that
/// AlbertForPreTraining without its sentence-order head becomes AlbertForMaskedLM.
SettledSource settle(ModelSource& source, Strictness strictness);

/// The classes that a model of this shape may have: "AlbertModel", "AlbertForPreTraining", ...
std::vector<std::string> known_classes(const AlbertConfig& shape);

/// Takes the source for a model of one of its known_classes(), whatever its configuration says: heads of pre-training that the class lacks are
/// left out, and the labels are as many as the classifier has outputs. What the tensors say is for settle(). Throws ConfigError ("--class: ...").
void take_as(ModelSource& source, const std::string& architecture);

/// Throws IoError where the source has no single value for a parameter, or one that cannot be read: for those who take the arrays
/// without settle().
void require_consistent(const ModelSource& source);

/// Writes model.safetensors (names and order as transformers writes them, each array in the type that it has), config.json and the texts
/// beside the target's name, fsyncs and renames. Throws IoError, also where the target exists.
void write_hugging_face_folder(const std::filesystem::path& target, const ModelSource& source);

}  // namespace albert
