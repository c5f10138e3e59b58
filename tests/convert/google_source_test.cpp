// Checkpoints that TensorFlow wrote under the names of Google's code (scripts/make_tf1_golden.py).
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/convert/model_source.h>
#include <albert/convert/vocabulary.h>
#include <albert/io/safetensors.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

std::filesystem::path tf1_golden(const std::string& name) {
  return std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1" / name;
}

/// A copy of a golden folder, to be spoilt.
std::filesystem::path copy_of(const std::string& name, const TemporaryFolder& folder) {
  std::filesystem::copy(tf1_golden(name), folder / name, std::filesystem::copy_options::recursive);
  return folder / name;
}

void expect_equal(const io::NamedArrays& found, const io::NamedArrays& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (const auto& [name, array] : wanted) {
    ASSERT_TRUE(found.contains(name)) << name;
    const io::ArrayView& other = found.at(name);
    EXPECT_EQ(other.type, array.type) << name;
    EXPECT_EQ(other.shape, array.shape) << name;
    EXPECT_TRUE(std::ranges::equal(other.bytes, array.bytes)) << name;
  }
}

struct GoogleCase {
  std::string path;
  std::string expected;
  std::string architecture;
  std::string kind = "Google TF1 checkpoint";
};

TEST(GoogleSource, TensorsEqualThoseThatTensorFlowSavedToTheBit) {
  for (const auto& [path, expected, architecture, kind] : std::vector<GoogleCase>{
           {"pretraining", "pretraining", "AlbertForPreTraining"},
           {"pretraining/model.ckpt-best", "pretraining", "AlbertForPreTraining"},
           {"pretraining/model.ckpt-best.index", "pretraining", "AlbertForPreTraining"},
           {"albert_tiny.tar.gz", "pretraining", "AlbertForPreTraining"},
           {"groups_in_shards", "groups_in_shards", "AlbertForMaskedLM"},
           {"hub", "hub", "AlbertForMaskedLM", "TF-Hub module"},
           {"hub/variables", "hub", "AlbertForMaskedLM", "TF-Hub module"},
           {"classifier", "classifier", "AlbertForSequenceClassification"},
           {"squad", "squad", "AlbertForQuestionAnswering"},
           {"squad_beam", "squad_beam", "AlbertForBeamQuestionAnswering"},
           {"float16", "float16", "AlbertModel"},
           {"bfloat16", "bfloat16", "AlbertModel"},
       }) {
    SCOPED_TRACE(path);
    ModelSource source = read_model_source(tf1_golden(path));
    EXPECT_EQ(source.kind, kind);
    const auto file = io::SafetensorsFile::open(tf1_golden(expected) / "expected.safetensors");
    expect_equal(source.arrays, file.arrays());
    const SettledSource settled = settle(source, Strictness::exact);
    EXPECT_THAT(settled.started_anew, IsEmpty());
    EXPECT_EQ(source.config.architecture, architecture);
  }
}

TEST(GoogleSource, TheArchiveBringsConfigurationAndVocabulary) {
  const ModelSource source = read_model_source(tf1_golden("albert_tiny.tar.gz"));
  EXPECT_THAT(source.where, HasSubstr("albert_tiny.tar.gz: albert_tiny/model.ckpt-best.index"));
  EXPECT_EQ(source.texts.at("spiece.model"), read_file(tf1_golden("pretraining/30k-clean.model")));
  EXPECT_EQ(source.config.shape.hidden_act, Activation::gelu_new);
  EXPECT_EQ(source.config.shape.num_hidden_layers, 4);
  EXPECT_EQ(source.config.shape.num_attention_heads, 2);
}

TEST(GoogleSource, ItsVocabularyIsMadeReadyForHuggingFace) {
  ModelSource source = read_model_source(tf1_golden("albert_tiny.tar.gz"));
  EXPECT_THAT(complete_vocabulary(source), ElementsAre("tokenizer.json", "tokenizer_config.json"));
  EXPECT_THAT(source.texts.at("tokenizer.json"), HasSubstr("\"type\":\"Unigram\""));
  EXPECT_THAT(source.texts.at("tokenizer_config.json"), HasSubstr("\"tokenizer_class\": \"PreTrainedTokenizerFast\""));
  EXPECT_THAT(source.texts.at("tokenizer_config.json"), HasSubstr("\"model_max_length\": 10"));
}

TEST(GoogleSource, AVocabularyThatIsNoneIsRefused) {
  const TemporaryFolder folder;
  const auto model = copy_of("pretraining", folder);
  write_file_atomically(model / "30k-clean.model", "stands for a SentencePiece model\n");
  ModelSource source = read_model_source(model);
  EXPECT_THAT([&] { (void)complete_vocabulary(source); }, ThrowsMessage<DataError>(HasSubstr("pretraining/30k-clean.model: ")));
}

TEST(GoogleSource, SlotsOfTheOptimizerAreListedAndLeftOut) {
  const ModelSource source = read_model_source(tf1_golden("pretraining"));
  EXPECT_EQ(source.notes.skipped.size(), 2 * source.arrays.size() + 1);
  EXPECT_THAT(source.notes.skipped, Contains("bert/pooler/dense/kernel/adam_v (slot of the optimizer)"));
  EXPECT_THAT(source.notes.skipped, Contains("global_step (number of the step)"));
  EXPECT_THAT(source.notes.renamed, Contains(Pair("bert/pooler/dense/kernel", "albert.pooler.weight")));
}

TEST(GoogleSource, ConvertsToAFolderThatReadsTheSame) {
  const TemporaryFolder folder;
  ModelSource source = read_model_source(tf1_golden("classifier"));
  settle(source, Strictness::exact);
  write_hugging_face_folder(folder / "out", source);
  const ModelSource converted = read_model_source(folder / "out");
  expect_equal(converted.arrays, source.arrays);
  EXPECT_EQ(converted.config.shape, source.config.shape);
  EXPECT_EQ(converted.config.labels.size(), 3U);
}

TEST(GoogleSource, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  const auto shards = copy_of("groups_in_shards", folder);
  std::filesystem::remove(shards / "model.ckpt-7.data-00001-of-00003");
  EXPECT_THAT([&] { (void)read_model_source(shards); },
              ThrowsMessage<IoError>(
                  HasSubstr("model.ckpt-7.index: wanted 3 data files, got 2; missing: model.ckpt-7.data-00001-of-00003")));
  const auto plain = copy_of("squad", folder);
  std::filesystem::remove(plain / "albert_config.json");
  EXPECT_THAT([&] { (void)read_model_source(plain); },
              ThrowsMessage<IoError>(
                  HasSubstr("wanted albert_config.json beside the checkpoint, got none; put the one of the model there")));
  EXPECT_THAT([&] { (void)read_model_source(tf1_golden("objects")); },
              ThrowsMessage<IoError>(
                  HasSubstr("wanted variables of Google's ALBERT (bert/...), got an object checkpoint of TensorFlow 2")));
}

TEST(GoogleSource, OfSeveralCheckpointsOneMustBeNamed) {
  const TemporaryFolder folder;
  const auto squad = copy_of("squad", folder);
  for (const char* end : {".index", ".data-00000-of-00001"}) {
    std::filesystem::copy(squad / (std::string("model.ckpt-best") + end), squad / (std::string("model.ckpt-5") + end));
  }
  EXPECT_THAT(read_model_source(squad).where, HasSubstr("model.ckpt-best.index")) << "the name that Google gives to the best";
  for (const char* end : {".index", ".data-00000-of-00001"}) {
    std::filesystem::rename(squad / (std::string("model.ckpt-best") + end), squad / (std::string("model.ckpt-9") + end));
  }
  EXPECT_THAT(
      [&] { (void)read_model_source(squad); },
      ThrowsMessage<IoError>(HasSubstr("wanted one checkpoint, got model.ckpt-5, model.ckpt-9; name one as FOLDER/NAME")));
  EXPECT_THAT(read_model_source(squad / "model.ckpt-5").where, HasSubstr("model.ckpt-5.index"));
}

TEST(GoogleSource, DamageOfADataFileIsNoticedAtTheTensor) {
  const TemporaryFolder folder;
  const auto squad = copy_of("squad", folder);
  const auto path = squad / "model.ckpt-best.data-00000-of-00001";
  std::string bytes = read_file(path);
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  write_file_atomically(path, bytes);
  EXPECT_THAT([&] { (void)read_model_source(squad); },
              ThrowsMessage<IoError>(HasSubstr(
                  "tensor \"bert/embeddings/LayerNorm/beta\": wanted the checksum that the index states, got another")));
}

TEST(GoogleSource, ShapesThatDoNotFitAreListed) {
  const TemporaryFolder folder;
  const auto squad = copy_of("squad", folder);
  std::string config = read_file(squad / "albert_config.json");
  config.replace(config.find("\"vocab_size\": 24"), 16, "\"vocab_size\": 25");
  write_file_atomically(squad / "albert_config.json", config);
  ModelSource source = read_model_source(squad);
  EXPECT_THAT([&] { settle(source, Strictness::exact); },
              ThrowsMessage<IoError>(HasSubstr("albert.embeddings.word_embeddings.weight (wanted [25, 3], got [24, 3])")));
}

}  // namespace
}  // namespace albert
