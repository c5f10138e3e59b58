#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/convert/model_source.h>
#include <albert/convert/vocabulary.h>
#include <albert/model/array_view.h>
#include <albert/model/initialization.h>
#include <albert/tokenizer/tokenizer.h>
#include <albert/tokenizer/tokenizer_json.h>
#include <temporary_folder.h>
#include <tiny_shape.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <functional>

namespace albert {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using testing::TemporaryFolder;

AlbertConfig tiny_albert() { return testing::tiny_shape(50, 32); }

/// A folder of this class with these parameters, each changed or left out (an undefined tensor) by `change`.
void write_folder(const std::filesystem::path& folder, const std::string& architecture, const std::vector<ParameterShape>& parameters,
                  const std::function<at::Tensor(const std::string&, at::Tensor)>& change = {}) {
  TensorArrays arrays;
  for (const auto& [name, shape] : parameters) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    initialize({{name, tensor}}, 0.02, 3);
    if (change) tensor = change(name, tensor);
    if (tensor.defined()) arrays.add(name, tensor);
  }
  std::filesystem::create_directory(folder);
  io::write_safetensors(folder / "model.safetensors", arrays.arrays(), {{"format", "pt"}});
  write_file_atomically(folder / "config.json", write_config_json({.shape = tiny_albert(), .architecture = architecture}));
}

std::vector<ParameterShape> pretraining_parameters() { return parameter_shapes(tiny_albert(), PretrainingHeads::masked_lm_sentence_order); }

auto without(const std::string& prefix) {
  return [prefix](const std::string& name, const at::Tensor& tensor) { return name.starts_with(prefix) ? at::Tensor() : tensor; };
}

/// Three things that are wrong at once.
at::Tensor broken(const std::string& name, const at::Tensor& tensor) {
  if (name == "albert.pooler.bias") return at::zeros({3});
  if (name == "predictions.bias") return tensor.to(at::kLong);
  return name == "predictions.dense.bias" ? at::Tensor() : tensor;
}

TEST(Convert, ListsAllThatIsWrongAtOnce) {
  const TemporaryFolder folder;
  auto parameters = pretraining_parameters();
  parameters.push_back({"qa_outputs.weight", {2, 16}});
  write_folder(folder / "m", "AlbertForPreTraining", parameters, broken);
  auto source = read_model_source(folder / "m");
  EXPECT_THAT([&] { settle(source, Strictness::exact); },
              ThrowsMessage<IoError>(AllOf(HasSubstr("m/model.safetensors: tensors must be those of AlbertForPreTraining, got missing "
                                                     "predictions.dense.bias; unexpected qa_outputs.weight; of another shape "
                                                     "albert.pooler.bias (wanted [16], got [3]); of no floating type predictions.bias (I64); "),
                                           HasSubstr("--lenient leaves out what is unexpected and starts the rest anew"))));
}

TEST(Convert, MendsWhatIsWrongWhenAskedTo) {
  const TemporaryFolder folder;
  auto parameters = pretraining_parameters();
  parameters.push_back({"qa_outputs.weight", {2, 16}});
  write_folder(folder / "m", "AlbertForPreTraining", parameters, broken);
  auto source = read_model_source(folder / "m");
  const auto done = settle(source, Strictness::lenient);
  EXPECT_THAT(done.left_out, ElementsAre("qa_outputs.weight"));
  EXPECT_THAT(done.started_anew, ::testing::UnorderedElementsAre("albert.pooler.bias", "predictions.bias", "predictions.dense.bias"));
  EXPECT_EQ(source.arrays.size(), pretraining_parameters().size());
  write_hugging_face_folder(folder / "out", source);
  auto mended = read_model_source(folder / "out");
  EXPECT_TRUE(settle(mended, Strictness::exact).started_anew.empty());
}

TEST(Convert, RefusesASourceWithoutAnyTensorOfTheModel) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", {{"transformer.wte.weight", {2, 2}}});
  auto source = read_model_source(folder / "m");
  EXPECT_THAT([&] { settle(source, Strictness::lenient); },
              ThrowsMessage<IoError>(HasSubstr("wanted some tensors of AlbertForMaskedLM, got none that fits")));
}

TEST(Convert, NamesTheClassThatTheTensorsMake) {
  const std::map<std::string, std::pair<std::string, std::string>> kCases{
      {"sop_classifier.", {"AlbertForPreTraining", "AlbertForMaskedLM"}},
      {"none", {"AlbertForMaskedLM", "AlbertForPreTraining"}},
      {"nothing", {"", "AlbertForPreTraining"}},
  };
  for (const auto& [lacking, classes] : kCases) {
    const TemporaryFolder folder;
    write_folder(folder / "m", classes.first, pretraining_parameters(), without(lacking));
    auto source = read_model_source(folder / "m");
    settle(source, Strictness::exact);
    EXPECT_EQ(source.config.architecture, classes.second) << lacking;
  }
}

TEST(Convert, ABareEncoderIsWrittenWithoutItsPrefix) {
  const TemporaryFolder folder;
  std::vector<ParameterShape> bare;
  for (auto& parameter : pretraining_parameters()) {
    if (parameter.name.starts_with("albert.")) bare.push_back({parameter.name.substr(7), parameter.shape});
  }
  write_folder(folder / "m", "AlbertModel", bare);
  auto source = read_model_source(folder / "m");
  settle(source, Strictness::exact);
  write_hugging_face_folder(folder / "out", source);
  EXPECT_EQ(read_file(folder / "out/model.safetensors"), read_file(folder / "m/model.safetensors"));
}

TEST(Convert, KeepsTheTypeOfTheWeightsAndSaysIt) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters(),
               [](const std::string&, const at::Tensor& tensor) { return tensor.to(at::kHalf); });
  auto source = read_model_source(folder / "m");
  settle(source, Strictness::exact);
  write_hugging_face_folder(folder / "out", source);
  EXPECT_EQ(read_file(folder / "out/model.safetensors"), read_file(folder / "m/model.safetensors"));
  EXPECT_THAT(read_file(folder / "out/config.json"), HasSubstr("\"dtype\": \"float16\""));
}

TEST(Convert, TwoNamesOfOneParameterMustAgree) {
  const TemporaryFolder folder;
  auto parameters = pretraining_parameters();
  parameters.push_back({"predictions.decoder.bias", {50}});
  write_folder(folder / "same", "AlbertForPreTraining", parameters);
  const auto same = read_model_source(folder / "same");
  EXPECT_TRUE(same.contradictions.empty());
  EXPECT_THAT(same.notes.skipped, Contains("predictions.decoder.bias (a second name of predictions.bias)"));
  write_folder(folder / "other", "AlbertForPreTraining", parameters, [](const std::string& name, const at::Tensor& tensor) {
    return name == "predictions.decoder.bias" ? at::ones({50}) : tensor;
  });
  auto other = read_model_source(folder / "other");
  const auto expected = HasSubstr("given twice predictions.decoder.bias (differs from predictions.bias)");
  EXPECT_THAT([&] { settle(other, Strictness::exact); }, ThrowsMessage<IoError>(expected));
  EXPECT_THAT([&] { require_consistent(other); }, ThrowsMessage<IoError>(expected));
}

TEST(Convert, ATargetThatIsThereStaysAsItIs) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  auto source = read_model_source(folder / "m");
  settle(source, Strictness::exact);
  write_file_atomically(folder / "file", "x");
  for (const auto* target : {"m", "file"}) {
    EXPECT_THAT([&] { write_hugging_face_folder(folder / target, source); },
                ThrowsMessage<IoError>(HasSubstr("wanted a new name for the target, got one that is taken")));
  }
  EXPECT_EQ(read_file(folder / "file"), "x");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2) << "nothing is left over";
}

TEST(Convert, AFolderWithAVocabularyAloneGetsItsTokenizerJson) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  std::filesystem::copy(std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1/pretraining/30k-clean.model", folder / "m/spiece.model");
  write_file_atomically(folder / "m/tokenizer_config.json",
                        R"({"tokenizer_class": "AlbertTokenizer", "do_lower_case": false, "model_max_length": 16})");
  auto source = read_model_source(folder / "m");
  EXPECT_THAT(complete_vocabulary(source), ElementsAre("tokenizer.json", "tokenizer_config.json"));
  EXPECT_EQ(source.texts.at("tokenizer.json"), tokenizer_json(Tokenizer::load(folder / "m/spiece.model", {.lower_case = false})));
  EXPECT_THAT(source.texts.at("tokenizer_config.json"),
              AllOf(HasSubstr("\"PreTrainedTokenizerFast\""), HasSubstr("\"do_lower_case\": false"), HasSubstr("\"model_max_length\": 16")));
  EXPECT_TRUE(complete_vocabulary(source).empty()) << "what is there stays";
}

TEST(Convert, AVocabularyThatIsNoneIsRefusedByItsName) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  for (const char* name : {"spiece.model", "tokenizer.json"}) write_file_atomically(folder / "m" / name, "{}");
  auto source = read_model_source(folder / "m");
  EXPECT_THAT([&] { (void)complete_vocabulary(source); }, ThrowsMessage<DataError>(HasSubstr("m/spiece.model: ")));
}

TEST(Convert, RefusesModelsThatAreNoEncodersOrPlaceTokensOtherwise) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  const std::map<std::string, std::string> kCases{
      {R"("is_decoder": true)", "config.json: is_decoder must be false, got true"},
      {R"("add_cross_attention": true)", "config.json: add_cross_attention must be false, got true"},
      {R"("is_encoder_decoder": true)", "config.json: is_encoder_decoder must be false, got true"},
      {R"("position_embedding_type": "relative_key")", "config.json: position_embedding_type must be absolute, got relative_key"},
  };
  for (const auto& [key, expected] : kCases) {
    write_file_atomically(folder / "m/config.json", R"({"model_type": "albert", )" + key + "}");
    EXPECT_THAT([&] { (void)read_model_source(folder / "m"); }, ThrowsMessage<IoError>(HasSubstr(expected)));
  }
}

TEST(Convert, TheClassMayBeGiven) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  for (const char* architecture : {"AlbertModel", "AlbertForMaskedLM", "AlbertForPreTraining"}) {
    auto source = read_model_source(folder / "m");
    take_as(source, architecture);
    EXPECT_TRUE(settle(source, Strictness::exact).left_out.empty());
    EXPECT_EQ(source.config.architecture, architecture);
  }
  auto source = read_model_source(folder / "m");
  take_as(source, "AlbertForSequenceClassification");
  EXPECT_THAT([&] { settle(source, Strictness::exact); }, ThrowsMessage<IoError>(HasSubstr("missing classifier.weight, classifier.bias")));
  EXPECT_THAT([&] { take_as(source, "BertModel"); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("--class: must be one of AlbertModel, AlbertForPreTraining, "), HasSubstr(", got BertModel"))));
}

TEST(Convert, TellsWhichValuesOfConfigJsonItChangesAndFillsIn) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  EXPECT_TRUE(read_model_source(folder / "m").notes.changed.empty());
  EXPECT_TRUE(read_model_source(folder / "m").notes.filled.empty());
  write_file_atomically(folder / "m/config.json", R"({"model_type": "albert", "architectures": ["AlbertForPreTraining"], "bos_token_id": null,
    "hidden_dropout_prob": 0, "gap_size": 3, "transformers_version": "4.0", "torch_dtype": "float32", "tie_word_embeddings": false})");
  const auto notes = read_model_source(folder / "m").notes;
  EXPECT_THAT(notes.changed, ElementsAre("bos_token_id from null to 2", "tie_word_embeddings from false to true"));
  EXPECT_THAT(notes.filled, AllOf(Contains("hidden_size 4096"), Contains("eos_token_id 3"), Not(Contains(HasSubstr("hidden_dropout")))));
  EXPECT_THAT(notes.skipped, ElementsAre("gap_size of config.json (unknown here)"));
}

/// config.json with one key more.
void add_to_config(const std::filesystem::path& folder, const std::string& member, const std::string& instead_of) {
  std::string text = read_file(folder / "config.json");
  const size_t at = text.find(instead_of);
  ASSERT_NE(at, std::string::npos);
  write_file_atomically(folder / "config.json", text.replace(at, instead_of.size(), member));
}

TEST(Convert, AnUntiedDecoderMustBeThereAndEqual) {
  const TemporaryFolder folder;
  auto parameters = pretraining_parameters();
  const auto table = parameters.front();
  ASSERT_EQ(table.name, "albert.embeddings.word_embeddings.weight");
  write_folder(folder / "none", "AlbertForPreTraining", parameters);
  parameters.push_back({"predictions.decoder.weight", table.shape});
  const auto with_table_and_decoder = [&](float in_table, float in_decoder) {
    return [=](const std::string& name, const at::Tensor& tensor) {
      if (name == table.name) return at::full_like(tensor, in_table);
      return name == "predictions.decoder.weight" ? at::full_like(tensor, in_decoder) : tensor;
    };
  };
  write_folder(folder / "same", "AlbertForPreTraining", parameters, with_table_and_decoder(1, 1));
  write_folder(folder / "other", "AlbertForPreTraining", parameters, with_table_and_decoder(1, 2));
  const std::string told = "tie_word_embeddings from false to true";
  for (const char* name : {"none", "same", "other"}) {
    add_to_config(folder / name, R"("tie_word_embeddings": false)", R"("tie_word_embeddings": true)");
    EXPECT_THAT(read_model_source(folder / name).notes.changed, ElementsAre(told)) << name;
  }
  auto none = read_model_source(folder / "none");
  EXPECT_THAT([&] { settle(none, Strictness::exact); },
              ThrowsMessage<IoError>(HasSubstr("missing predictions.decoder.weight (config.json says tie_word_embeddings false")));
  EXPECT_TRUE(settle(none, Strictness::lenient).started_anew.empty());
  auto bare = read_model_source(folder / "none");
  take_as(bare, "AlbertModel");
  EXPECT_TRUE(settle(bare, Strictness::exact).started_anew.empty()) << "no decoder is wanted";
  auto same = read_model_source(folder / "same");
  EXPECT_TRUE(settle(same, Strictness::exact).left_out.empty());
  auto other = read_model_source(folder / "other");
  EXPECT_THAT([&] { settle(other, Strictness::exact); }, ThrowsMessage<IoError>(HasSubstr("given twice predictions.decoder.weight (differs")));
}

TEST(Convert, TellsOtherNamesOfTheActivationAndOfLabels) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  add_to_config(folder / "m", R"("id2label": {"0": "a"}, "label2id": {"LABEL_0": 0}, "hidden_act": "gelu_pytorch_tanh")",
                R"("hidden_act": "gelu_new")");
  EXPECT_THAT(read_model_source(folder / "m").notes.changed,
              ElementsAre(R"(hidden_act from "gelu_pytorch_tanh" to "gelu_new")", "label2id from another to the inverse of id2label"));
}

TEST(Convert, AClassThatIsNotKnownIsRefusedUnlessAskedOtherwise) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForGeneration", pretraining_parameters());
  auto source = read_model_source(folder / "m");
  EXPECT_THAT([&] { settle(source, Strictness::exact); },
              ThrowsMessage<IoError>(AllOf(HasSubstr("m/model.safetensors: wanted a class among AlbertModel, AlbertForPreTraining, "),
                                           HasSubstr("of config.json, got AlbertForGeneration; --class takes it for one of them"))));
  auto lenient = read_model_source(folder / "m");
  settle(lenient, Strictness::lenient);
  EXPECT_EQ(lenient.config.architecture, "AlbertForPreTraining");
  take_as(source, "AlbertForPreTraining");
  settle(source, Strictness::exact);
  EXPECT_EQ(source.config.architecture, "AlbertForPreTraining");
}

TEST(Convert, ShapesThatNoFileCanHaveAreRefusedAtOnce) {
  const TemporaryFolder folder;
  write_folder(folder / "m", "AlbertForPreTraining", pretraining_parameters());
  write_file_atomically(folder / "m/config.json", R"({"model_type": "albert", "num_hidden_layers": 1000000000, "num_hidden_groups": 1000000000})");
  auto source = read_model_source(folder / "m");
  EXPECT_THAT([&] { settle(source, Strictness::lenient); },
              ThrowsMessage<IoError>(HasSubstr("num_hidden_groups * inner_group_num must be at most 4096, got 1000000000")));
}

}  // namespace
}  // namespace albert
