// Checkpoints of Google's code that no golden file has, written byte by byte.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/convert/model_source.h>
#include <albert/model/array_view.h>
#include <io/bundle_builder.h>
#include <temporary_folder.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <map>

namespace albert {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;
using testing::TemporaryFolder;

using Shapes = std::map<std::string, std::vector<uint64_t>>;

/// The encoder of a model whose embeddings are as large as its hidden states, which has no embedding_hidden_mapping_in.
Shapes square_encoder() {
  Shapes shapes{{"bert/embeddings/word_embeddings", {5, 4}},
                {"bert/embeddings/token_type_embeddings", {2, 4}},
                {"bert/embeddings/position_embeddings", {6, 4}},
                {"bert/embeddings/LayerNorm/beta", {4}},
                {"bert/embeddings/LayerNorm/gamma", {4}}};
  const std::string block = "bert/encoder/transformer/group_0/inner_group_0/";
  for (const char* name :
       {"attention_1/self/query", "attention_1/self/key", "attention_1/self/value", "attention_1/output/dense"}) {
    shapes[block + name + "/kernel"] = {4, 4};
    shapes[block + name + "/bias"] = {4};
  }
  shapes[block + "ffn_1/intermediate/dense/kernel"] = {4, 6};
  shapes[block + "ffn_1/intermediate/dense/bias"] = {6};
  shapes[block + "ffn_1/intermediate/output/dense/kernel"] = {6, 4};
  shapes[block + "ffn_1/intermediate/output/dense/bias"] = {4};
  for (const char* name : {"LayerNorm", "LayerNorm_1"}) {
    shapes[block + name + "/beta"] = {4};
    shapes[block + name + "/gamma"] = {4};
  }
  return shapes;
}

/// The checkpoint with tensors of other types (tensorflow::DataType), which must have as many bytes for an element as float32.
void write_with_types(const std::filesystem::path& folder, const Shapes& shapes, const std::map<std::string, uint64_t>& types) {
  testing::TableEntries entries{{"", testing::bundle_header()}};
  std::string data;
  for (const auto& [name, shape] : shapes) {
    uint64_t count = 1;
    for (const uint64_t size : shape) count *= size;
    const std::string bytes(count * sizeof(float), '\0');
    auto entry = testing::bundle_entry(shape, data.size(), bytes);
    if (const auto type = types.find(name); type != types.end()) entry.replace(0, 2, testing::proto_number(1, type->second));
    entries.emplace_back(name, entry);
    data += bytes;
  }
  write_file_atomically(folder / "model.ckpt-best.index", testing::table_of(entries));
  write_file_atomically(folder / "model.ckpt-best.data-00000-of-00001", data);
  write_file_atomically(
      folder / "albert_config.json",
      R"({"vocab_size": 5, "embedding_size": 4, "hidden_size": 4, "num_attention_heads": 2, "intermediate_size": 6,
                            "num_hidden_layers": 2, "max_position_embeddings": 6, "type_vocab_size": 2})");
}

void write_checkpoint(const std::filesystem::path& folder, const Shapes& shapes) { write_with_types(folder, shapes, {}); }

TEST(GoogleSource, OneOutputIsARegressionUnlessAClassIsGiven) {
  const TemporaryFolder folder;
  auto shapes = square_encoder();
  shapes["bert/pooler/dense/kernel"] = {4, 4};
  shapes["bert/pooler/dense/bias"] = {4};
  shapes["output_weights"] = {1, 4};
  shapes["output_bias"] = {1};
  write_checkpoint(folder.path(), shapes);
  auto source = read_model_source(folder.path());
  EXPECT_EQ(source.config.architecture, "AlbertForSequenceClassification");
  EXPECT_EQ(source.config.problem_type, "regression");
  EXPECT_THAT(source.notes.assumed, HasSubstr("a regression, as the classifier has one output"));
  EXPECT_THAT(source.notes.assumed, HasSubstr("--class AlbertForMultipleChoice"));
  take_as(source, "AlbertForMultipleChoice");
  EXPECT_EQ(source.notes.assumed, "");
  EXPECT_EQ(source.config.problem_type, "");
  EXPECT_TRUE(source.config.labels.empty());
  EXPECT_TRUE(settle(source, Strictness::exact).started_anew.empty());
  EXPECT_EQ(source.config.architecture, "AlbertForMultipleChoice");
}

TEST(GoogleSource, TensorsOfTypesThatAreNotReadAreListedWithAllElse) {
  const TemporaryFolder folder;
  auto shapes = square_encoder();
  shapes.erase("bert/embeddings/LayerNorm/beta");
  shapes["what/is/this"] = {1};
  constexpr uint64_t kString = 7;
  constexpr uint64_t kQuantized = 13;
  write_with_types(folder.path(), shapes,
                   {{"bert/embeddings/LayerNorm/gamma", kQuantized},
                    {"bert/embeddings/word_embeddings", kQuantized},
                    {"what/is/this", kString}});
  auto source = read_model_source(folder.path());
  EXPECT_THAT(
      [&] { settle(source, Strictness::exact); },
      ThrowsMessage<IoError>(AllOf(HasSubstr("got missing albert.embeddings.LayerNorm.bias; of a type that is not read "
                                             "albert.embeddings.LayerNorm.weight ("),
                                   HasSubstr("albert.embeddings.word_embeddings.weight ("), HasSubstr("what/is/this (string)"))));
  EXPECT_THAT([&] { require_consistent(source); },
              ThrowsMessage<IoError>(HasSubstr("albert convert --lenient starts anew what cannot be read")));
  const auto done = settle(source, Strictness::lenient);
  EXPECT_THAT(done.started_anew, UnorderedElementsAre("albert.embeddings.LayerNorm.bias", "albert.embeddings.LayerNorm.weight",
                                                      "albert.embeddings.word_embeddings.weight"));
  EXPECT_THAT(done.left_out, ElementsAre("what/is/this"));
}

TEST(GoogleSource, AVariableThatIsCalledAsOneOfOurParametersIsNotIt) {
  const TemporaryFolder folder;
  auto shapes = square_encoder();
  shapes["albert.pooler.weight"] = {4, 4};
  shapes["albert.pooler.bias"] = {4};
  write_checkpoint(folder.path(), shapes);
  auto source = read_model_source(folder.path());
  EXPECT_FALSE(source.arrays.contains("albert.pooler.weight"));
  EXPECT_THAT([&] { settle(source, Strictness::exact); }, ThrowsMessage<IoError>(HasSubstr("\"albert.pooler.weight\"")));
}

TEST(GoogleSource, ASizeThatDoesNotFitIsRefused) {
  const TemporaryFolder folder;
  write_checkpoint(folder.path(), square_encoder());
  write_file_atomically(folder / "albert_config.json", R"({"vocab_size": 9223372036854775813, "hidden_size": 4})");
  EXPECT_THAT([&] { (void)read_model_source(folder.path()); },
              ThrowsMessage<IoError>(AllOf(HasSubstr("vocab_size"), HasSubstr("wanted an integer below 2^63, got 9223372036854775813"))));
}

TEST(GoogleSource, EmbeddingsOfTheHiddenSizeAreMappedByTheIdentity) {
  const TemporaryFolder folder;
  write_checkpoint(folder.path(), square_encoder());
  auto source = read_model_source(folder.path());
  EXPECT_THAT(source.notes.added,
              ElementsAre("albert.encoder.embedding_hidden_mapping_in (the identity, as embedding_size is hidden_size)"));
  EXPECT_TRUE(settle(source, Strictness::exact).started_anew.empty());
  const auto& mapping = source.arrays.at("albert.encoder.embedding_hidden_mapping_in.weight");
  EXPECT_TRUE(tensor_view(mapping).equal(at::eye(4)));
  EXPECT_TRUE(tensor_view(source.arrays.at("albert.encoder.embedding_hidden_mapping_in.bias")).equal(at::zeros(4)));
}

}  // namespace
}  // namespace albert
