#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/model/initialization.h>
#include <albert/model/task_model.h>
#include <albert/recipes/inspect.h>
#include <albert/recipes/model_folder.h>
#include <temporary_folder.h>
#include <tiny_shape.h>
#include <tokenizer/model_builder.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <sstream>

namespace albert {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using testing::TemporaryFolder;

std::string printed(const InspectOptions& options) {
  std::ostringstream out;
  inspect(options, out);
  return out.str();
}

json inspected(const fs::path& path) { return json::parse(printed({.path = path, .format = InspectFormat::json})); }

json compared(const fs::path& a, const fs::path& b) {
  return json::parse(printed({.path = a, .other = b, .format = InspectFormat::json}));
}

AlbertConfig inspected_shape(Architecture architecture = Architecture::albert) { return testing::tiny_shape(15, 32, architecture); }

/// A file of zeros with these arrays, which takes no place on the disk.
void write_sparse(const fs::path& path, const std::vector<ParameterShape>& arrays) {
  json header = json::object();
  int64_t offset = 0;
  for (const auto& array : arrays) {
    const int64_t end = offset + 4 * array.num_elements();
    header[array.name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  const std::string text = header.dump();
  const auto size = static_cast<uint64_t>(text.size());
  write_file_atomically(path, std::string(reinterpret_cast<const char*>(&size), sizeof size) + text);
  fs::resize_file(path, sizeof size + text.size() + static_cast<uint64_t>(offset));
}

void write_config(const fs::path& folder, const PublishedConfig& config) {
  fs::create_directories(folder);
  write_file_atomically(folder / "config.json", write_config_json(config));
}

PublishedConfig published(const AlbertConfig& shape, PretrainingHeads heads = PretrainingHeads::masked_lm_sentence_order) {
  PublishedConfig config;
  config.shape = shape;
  config.architecture = pretraining_architecture(shape, heads);
  return config;
}

/// A pre-trained model without a vocabulary.
void write_model(const fs::path& folder, uint64_t seed = 3, Architecture architecture = Architecture::albert) {
  PretrainingModel model(inspected_shape(architecture), PretrainingHeads::masked_lm_sentence_order);
  initialize(parameters_by_name(*model), 0.02, seed);
  write_model_folder(folder, model_folder(*model, nullptr));
}

/// Replaces tensors of a model folder.
void change_arrays(const fs::path& folder, const std::function<void(std::map<std::string, at::Tensor>&)>& change) {
  std::map<std::string, at::Tensor> tensors;
  {
    const auto file = io::SafetensorsFile::open(folder / "model.safetensors");
    for (const auto& [name, array] : file.arrays()) tensors.emplace(name, tensor_view(array).clone());
  }
  change(tensors);
  TensorArrays arrays;
  for (const auto& [name, tensor] : tensors) arrays.add(name, tensor);
  fs::remove(folder / "model.safetensors");
  io::write_safetensors(folder / "model.safetensors", arrays.arrays());
}

TEST(Inspect, CountsTheParametersOfPublishedShapesFromTheHeaderAlone) {
  // albert_facts 1.2; a file of xxlarge has 893 MB.
  const std::vector<std::pair<const char*, int64_t>> table{{"albert-base-v2", 11'813'810},
                                                           {"albert-large-v2", 17'847'474},
                                                           {"albert-xlarge-v2", 59'021'490},
                                                           {"albert-xxlarge-v2", 223'158'450}};
  for (const auto& [preset, total] : table) {
    const TemporaryFolder folder;
    const auto shape = model_preset(preset);
    write_config(folder.path(), published(shape));
    write_sparse(folder / "model.safetensors", parameter_shapes(shape, PretrainingHeads::masked_lm_sentence_order));
    const auto facts = inspected(folder.path());
    EXPECT_EQ(facts["parameters"]["total"], total) << preset;
    EXPECT_EQ(facts["weights_bytes"], fs::file_size(folder / "model.safetensors"));
    EXPECT_TRUE(facts["tensors"]["missing"].empty() && facts["tensors"]["unknown"].empty());
    const auto hidden = shape.hidden_size;
    EXPECT_EQ(facts["parameters"]["shared_layers"], 12 * hidden * hidden + 13 * hidden);
    EXPECT_EQ(facts["parameters"]["embeddings"], (30000 + 512 + 2) * 128 + 2 * 128);
    EXPECT_EQ(facts["parameters"]["embedding_mapping"], 128 * hidden + hidden);
    EXPECT_EQ(facts["parameters"]["pooler"], hidden * hidden + hidden);
    EXPECT_EQ(facts["parameters"]["sentence_order_head"], 2 * hidden + 2);
    EXPECT_EQ(facts["class"], "AlbertForPreTraining");
    EXPECT_TRUE(facts["tokenizer"].is_null() && facts["task"].is_null());
  }
}

TEST(Inspect, KnowsTheTensorsOfEveryHeadThatTheLoaderKnows) {
  for (const auto architecture : {Architecture::albert, Architecture::bert}) {
    for (const auto& [head, name] : enum_names(config::EnumTag<TaskHead>{})) {
      const TemporaryFolder folder;
      const TaskHeadOptions options{.head = head, .num_labels = 3};
      TaskModel model(inspected_shape(architecture), options);
      ModelFolder files;
      int64_t total = 0;
      for (const auto& [parameter, tensor] : published_tensors(parameters_by_name(*model), model->config())) {
        files.weights.add(parameter, tensor);
        total += tensor.numel();
      }
      const auto config = task_config(model->config(), options);
      files.texts["config.json"] = write_config_json(config);
      write_model_folder(folder / "m", files);
      const auto facts = inspected(folder / "m");
      for (const char* list : {"missing", "unknown", "misshapen", "ignored"})
        EXPECT_TRUE(facts["tensors"][list].empty()) << name << list;
      EXPECT_EQ(facts["parameters"]["total"], total) << name;
      EXPECT_GT(facts["parameters"]["task_head"], 0) << name;
      EXPECT_EQ(facts["class"], config.architecture);
      EXPECT_EQ(facts["task"]["head"], name);
      EXPECT_EQ(facts["task"]["labels"].size(), options.has_labels() ? 3U : 0U);
    }
  }
}

TEST(Inspect, ListsWhatTheLoaderRefuses) {
  for (const auto architecture : {Architecture::albert, Architecture::bert}) {
    const TemporaryFolder folder;
    write_model(folder / "m", 3, architecture);
    const auto sound = inspected(folder / "m")["tensors"];
    for (const char* list : {"missing", "unknown", "misshapen", "ignored"}) EXPECT_TRUE(sound[list].empty()) << list;
    change_arrays(folder / "m", [](auto& tensors) {
      for (auto entry = tensors.begin(); entry != tensors.end();) {
        entry = entry->first.find("query.bias") != std::string::npos ? tensors.erase(entry) : std::next(entry);
      }
      tensors["adapter.weight"] = at::ones({2});
      tensors["classifier.weight"] = at::ones({2, 16});
      for (auto& [name, tensor] : tensors) {
        if (name.ends_with("token_type_embeddings.weight")) tensor = at::ones({3, 8});
      }
    });
    const auto facts = inspected(folder / "m")["tensors"];
    const auto groups = architecture == Architecture::bert ? 2U : 1U;
    ASSERT_EQ(facts["missing"].size(), groups);
    EXPECT_EQ(facts["missing"][0], "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.bias");
    EXPECT_EQ(facts["unknown"], json::parse(R"(["adapter.weight"])"));
    EXPECT_EQ(facts["ignored"], json::parse(R"(["classifier.weight"])"));
    EXPECT_EQ(facts["misshapen"][0]["name"], "albert.embeddings.token_type_embeddings.weight");
    EXPECT_EQ(facts["misshapen"][0]["found"], json::parse("[3, 8]"));
    EXPECT_THAT(
        [&] { (void)load_model_folder(folder / "m"); },
        ThrowsMessage<IoError>(AllOf(HasSubstr("query.bias"), HasSubstr("adapter.weight"), HasSubstr("token_type_embeddings"))));
  }
}

TEST(Inspect, TakesFoldersOfOlderTransformersAsTheLoaderDoes) {
  const TemporaryFolder folder;
  write_model(folder / "m");
  change_arrays(folder / "m", [](auto& tensors) {
    tensors["albert.embeddings.position_ids"] = at::arange(32);
    tensors["predictions.decoder.weight"] = tensors["albert.embeddings.word_embeddings.weight"];
    tensors["predictions.decoder.bias"] = tensors["predictions.bias"];
    tensors.erase("predictions.bias");
  });
  const auto facts = inspected(folder / "m");
  EXPECT_TRUE(facts["tensors"]["missing"].empty() && facts["tensors"]["unknown"].empty());
  EXPECT_EQ(facts["parameters"]["total"], num_parameters(inspected_shape(), PretrainingHeads::masked_lm_sentence_order));
  EXPECT_EQ(facts["tensors"]["types"], json::parse(R"({"F32": 33, "I64": 1})"));
  EXPECT_NO_THROW((void)load_model_folder(folder / "m"));
}

TEST(Inspect, SaysWhetherTheVocabularyBelongsToTheModel) {
  const TemporaryFolder folder;
  const auto tokenizer = Tokenizer::from_bytes(testing::ModelBuilder().bytes(), {}, "x.model");
  PretrainingModel model(inspected_shape(), PretrainingHeads::masked_lm);
  write_model_folder(folder / "m", model_folder(*model, &tokenizer));
  const auto facts = inspected(folder / "m");
  EXPECT_EQ(facts["tokenizer"]["pieces"], 15);
  EXPECT_EQ(facts["tokenizer"]["type"], "unigram");
  EXPECT_EQ(facts["tokenizer"]["hash"], tokenizer.hash());
  EXPECT_EQ(facts["tokenizer"]["sha256"], facts["metadata"][tokenizer_metadata_key(TokenizerType::sentencepiece)]);
  EXPECT_EQ(facts["tokenizer"]["belongs_to_model"], true);
  EXPECT_EQ(inspected(folder / "m/spiece.model")["sha256"], facts["tokenizer"]["sha256"]);
  auto other = testing::ModelBuilder();
  other.pieces.back().score = -2.25;
  write_file_atomically(folder / "m/spiece.model", other.bytes());
  EXPECT_EQ(inspected(folder / "m")["tokenizer"]["belongs_to_model"], false);
  change_arrays(folder / "m", [](auto&) {});  // a file of others says nothing
  EXPECT_TRUE(inspected(folder / "m")["tokenizer"]["belongs_to_model"].is_null());
}

TEST(Inspect, FindsEqualModelsEqualAndNamesWhatDiffers) {
  const TemporaryFolder folder;
  write_model(folder / "a");
  write_model(folder / "b");
  auto difference = compared(folder / "a", folder / "b");
  EXPECT_EQ(difference["equal"], true);
  EXPECT_EQ(difference["tensors"]["compared"], 32);
  EXPECT_EQ(difference["tensors"]["different"], 0);
  EXPECT_EQ(difference["tensors"]["largest_difference"], 0.0);
  EXPECT_TRUE(difference["facts"].empty());

  change_arrays(folder / "b", [](auto& tensors) {
    tensors["albert.pooler.bias"][5] += 0.25;
    tensors["predictions.bias"][14] -= 3.0;
    tensors.erase("sop_classifier.classifier.bias");
    tensors["predictions.dense.bias"] = at::zeros({9});
  });
  difference = compared(folder / "a", folder / "b");
  EXPECT_EQ(difference["equal"], false);
  const auto& tensors = difference["tensors"];
  EXPECT_EQ(tensors["compared"], 30);
  EXPECT_EQ(tensors["different"], 2);
  EXPECT_EQ(tensors["largest_difference"], 3.0);
  EXPECT_EQ(tensors["differing"][0]["name"], "albert.pooler.bias");
  EXPECT_EQ(tensors["differing"][0]["largest_difference"], 0.25);
  EXPECT_EQ(tensors["only_in_a"], json::parse(R"(["sop_classifier.classifier.bias"])"));
  EXPECT_EQ(tensors["misshapen"], json::parse(R"([{"key": "predictions.dense.bias", "a": [8], "b": [9]}])"));
}

TEST(Inspect, ComparesNumbersNotTheirTypes) {
  const TemporaryFolder folder;
  write_model(folder / "a");
  change_arrays(folder / "a", [](auto& tensors) {
    for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kBFloat16);
  });
  fs::copy(folder / "a", folder / "b");
  change_arrays(folder / "b", [](auto& tensors) {
    for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kFloat);
  });
  EXPECT_EQ(compared(folder / "a", folder / "b")["equal"], true);
  const auto files = compared(folder / "a/model.safetensors", folder / "b/model.safetensors");
  EXPECT_EQ(files["equal"], false);  // the types are told
  EXPECT_EQ(files["tensors"]["different"], 0);
  change_arrays(folder / "b", [](auto& tensors) { tensors["albert.pooler.bias"][5] = std::numeric_limits<float>::quiet_NaN(); });
  const auto broken = compared(folder / "a", folder / "b")["tensors"];
  EXPECT_EQ(broken["different"], 1);
  EXPECT_TRUE(broken["largest_difference"].is_null());
}

TEST(Inspect, ComparesShapesKeyByKeyAndNamesOfBothWritings) {
  const TemporaryFolder folder;
  write_model(folder / "a");
  fs::copy(folder / "a", folder / "b");
  auto config = published(inspected_shape());
  config.shape.num_attention_heads = 4;
  write_config(folder / "b", config);
  change_arrays(folder / "b", [](auto& tensors) {
    auto embeddings = tensors.extract("albert.embeddings.LayerNorm.weight");
    embeddings.key() = "embeddings.LayerNorm.gamma";
    tensors.insert(std::move(embeddings));
  });
  const auto difference = compared(folder / "a", folder / "b");
  EXPECT_EQ(difference["facts"], json::parse(R"([{"key": "shape.num_attention_heads", "a": 2, "b": 4}])"));
  EXPECT_EQ(difference["tensors"]["compared"], 32);
  EXPECT_EQ(difference["tensors"]["different"], 0);
  EXPECT_THAT(printed({.path = folder / "a", .other = folder / "b"}), HasSubstr("shape.num_attention_heads: 2 | 4"));
}

TEST(Inspect, SaysWhatItWantedAndWhatItGot) {
  const TemporaryFolder folder;
  const std::string wanted = "wanted a model folder, a run, a checkpoint, a token store, a .safetensors or a .model file, got ";
  const auto error = [&](const fs::path& path) { return [path] { (void)printed({.path = path}); }; };
  EXPECT_THAT(error(folder / "none"),
              ThrowsMessage<IoError>((folder / "none").string() + ": " + wanted + "nothing of that name"));
  EXPECT_THAT(error(folder.path()), ThrowsMessage<IoError>(HasSubstr(wanted + "a folder without config.json")));
  write_file_atomically(folder / "notes.txt", "x");
  EXPECT_THAT(error(folder / "notes.txt"), ThrowsMessage<IoError>(HasSubstr("got a file with another ending")));
  ASSERT_EQ(::mkfifo((folder / "pipe.safetensors").c_str(), 0600), 0);
  EXPECT_THAT(error(folder / "pipe.safetensors"), ThrowsMessage<IoError>(HasSubstr("got neither a file nor a folder")));
  write_model(folder / "m");
  fs::remove(folder / "m/model.safetensors");
  EXPECT_THAT(error(folder / "m"), ThrowsMessage<IoError>(HasSubstr("model.safetensors is missing")));
  ASSERT_EQ(::mkfifo((folder / "m/model.safetensors").c_str(), 0600), 0);
  EXPECT_THAT(error(folder / "m"), ThrowsMessage<IoError>(HasSubstr("model.safetensors: must be a regular file")));
}

TEST(Inspect, RefusesFilesThatWantMoreThanTheyHold) {
  const TemporaryFolder folder;
  write_model(folder / "m");
  const auto error = [&] { return [&] { (void)printed({.path = folder / "m"}); }; };
  auto config = published(inspected_shape());
  config.shape.num_hidden_layers = config.shape.num_hidden_groups = 2'000'000'000;
  write_config(folder / "m", config);
  EXPECT_THAT(error(),
              ThrowsMessage<IoError>(HasSubstr("num_hidden_groups * inner_group_num must be at most 4096, got 2000000000")));
  config = published(inspected_shape());
  config.shape.vocab_size = int64_t{1} << 62U;
  write_config(folder / "m", config);
  EXPECT_THAT(error(), ThrowsMessage<IoError>(HasSubstr("sizes must be at most 2147483647, got 4611686018427387904")));
  write_config(folder / "m", published(inspected_shape()));
  fs::resize_file(folder / "m/model.safetensors", fs::file_size(folder / "m/model.safetensors") - 1);
  EXPECT_THAT(error(), ThrowsMessage<IoError>(HasSubstr("the file is cut short or damaged")));
}

TEST(Inspect, ComparesLikeWithLikeOnly) {
  const TemporaryFolder folder;
  write_model(folder / "m");
  write_file_atomically(folder / "x.model", testing::ModelBuilder().bytes());
  EXPECT_THAT([&] { (void)compared(folder / "m", folder / "x.model"); },
              ThrowsMessage<ConfigError>(
                  AllOf(HasSubstr("--diff: must be of the same kind, got model ("), HasSubstr(") and vocabulary ("))));
  EXPECT_THAT([&] { (void)printed({.path = folder / "m", .depth = InspectDepth::checksums}); },
              ThrowsMessage<ConfigError>(HasSubstr("--verify: must be used with a checkpoint, a run or a token store")));
}

TEST(Inspect, NothingInAFileSteersTheTerminalAndLongListsAreCut) {
  const TemporaryFolder folder;
  write_model(folder / "m");
  change_arrays(folder / "m", [](auto& tensors) {
    tensors["\x1b[31mred\x7f\xc2\x9b"] = at::ones({2});
    for (int i = 0; i < 30; ++i) tensors["more" + std::to_string(i)] = at::ones({1});
  });
  const auto text = printed({.path = folder / "m"});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\x7f")), Not(HasSubstr("\xc2\x9b")), HasSubstr("?[31mred??")));
  EXPECT_THAT(text, HasSubstr("and 11 more"));
  EXPECT_EQ(inspected(folder / "m")["tensors"]["unknown"].size(), 31U);
}

}  // namespace
}  // namespace albert
