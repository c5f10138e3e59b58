#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/token_store.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using testing::make_store;
using testing::TemporaryFolder;
using testing::toy_vocabulary;
using testing::write_text;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string error_of(const std::filesystem::path& file) {
  try {
    TokenStore::open(file);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

void write_small(const std::filesystem::path& file, int32_t vocab_size = 1000) {
  TokenStoreWriter writer(file, toy_vocabulary(vocab_size));
  writer.begin_document(3);  // stays empty: dropped
  writer.begin_document(0);
  writer.append_sentence(std::vector<int32_t>{5, 6, 7});
  writer.append_sentence({});
  writer.append_sentence(std::vector<int32_t>{8});
  writer.begin_document(1);
  writer.append_sentence(std::vector<int32_t>{vocab_size - 1, 9});
  writer.finish("{\"a\": 1}");
}

TEST(TokenStore, GivesBackWhatWasWritten) {
  TemporaryFolder folder;
  for (const int32_t vocab_size : {1000, 65536, 65537, 250000}) {
    write_small(folder / "s", vocab_size);
    const TokenStore store = TokenStore::open(folder / "s");
    EXPECT_EQ(store.id_bytes(), vocab_size <= 65536 ? 2 : 4);
    EXPECT_EQ(store.num_tokens(), 6);
    EXPECT_EQ(store.num_sentences(), 3);
    ASSERT_EQ(store.num_documents(), 2);
    EXPECT_EQ(store.document_begin(1), 2);
    EXPECT_EQ(store.document_source(0), 0U);
    EXPECT_EQ(store.document_source(1), 1U);
    EXPECT_EQ(store.sentence_length(1), 1);
    std::vector<int32_t> ids;
    store.append_ids(0, 6, ids);
    EXPECT_THAT(ids, ElementsAre(5, 6, 7, 8, vocab_size - 1, 9));
    EXPECT_EQ(store.metadata(), "{\"a\": 1}");
    EXPECT_EQ(store.tokenizer_hash(), "toy-" + std::to_string(vocab_size));
    EXPECT_EQ(store.special_tokens(), SpecialTokens());
  }
}

TEST(TokenStore, LeavesNothingBesideTheFileAndNothingWithoutFinish) {
  TemporaryFolder folder;
  write_small(folder / "s");
  { TokenStoreWriter unfinished(folder / "t", toy_vocabulary()); }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ElementsAre("s"));
}

TEST(TokenStore, NoticesEveryFlippedByte) {
  TemporaryFolder folder;
  write_small(folder / "s");
  const std::string good = read_file(folder / "s");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    EXPECT_THAT(error_of(write_text(folder / "bad", bad)), EndsWith("; delete the store to have it built again")) << "byte " << i;
  }
}

TEST(TokenStore, NoticesEveryTruncationAndWhatWasAdded) {
  TemporaryFolder folder;
  write_small(folder / "s");
  const std::string good = read_file(folder / "s");
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(error_of(write_text(folder / "bad", good.substr(0, length))), "no error") << length;
  }
  EXPECT_THAT(error_of(write_text(folder / "bad", good + "x")), HasSubstr("cut short or longer than it was"));
}

TEST(TokenStore, NamesTheDamagedBlock) {
  TemporaryFolder folder;
  make_store(folder / "s", 40, 1000, 60);  // more than two blocks
  std::string bytes = read_file(folder / "s");
  ASSERT_GT(bytes.size(), 2 * kTokenStoreBlockBytes);
  bytes[kTokenStoreBlockBytes + 5000] = static_cast<char>(bytes[kTokenStoreBlockBytes + 5000] ^ 4);
  const auto path = write_text(folder / "bad", bytes);
  EXPECT_THAT(error_of(path), HasSubstr(path.string() + ": block 1 of "));
  EXPECT_THAT(error_of(path), HasSubstr("(bytes 1048848 to 2097424) is damaged"));
}

TEST(TokenStore, NamesAnotherKindOfFileAndAnotherVersion) {
  TemporaryFolder folder;
  const auto path = folder / "s";
  EXPECT_EQ(error_of(write_text(path, "text")),
            path.string() + ": expected a token store, got only 4 bytes; delete the store to have it built again");
  EXPECT_EQ(error_of(write_text(path, std::string(5000, 'x'))),
            path.string() + ": expected a token store, got another kind of file; delete the store to have it built again");
  write_small(path);
  std::string bytes = read_file(path);
  bytes[8] = 2;
  EXPECT_EQ(error_of(write_text(path, bytes)),
            path.string() + ": expected format version 1, got 2; delete the store to have it built again");
  EXPECT_THAT(error_of(folder / "none"), HasSubstr("cannot open"));
  EXPECT_THAT(error_of(folder.path()), HasSubstr("cannot read"));
}

TEST(TokenStore, RefusesAnIdOutsideTheVocabulary) {
  TemporaryFolder folder;
  TokenStoreWriter writer(folder / "s", toy_vocabulary(1000));
  writer.begin_document(0);
  EXPECT_THROW(writer.append_sentence(std::vector<int32_t>{1000}), InternalError);
}

TEST(TokenStore, HasAHashOfItsContent) {
  TemporaryFolder folder;
  const auto a = make_store(folder / "a", 3, 10, 20);
  const auto b = make_store(folder / "b", 3, 10, 20);
  const auto c = make_store(folder / "c", 3, 10, 20, 1000, /*seed=*/8);
  EXPECT_EQ(a.data_hash(), b.data_hash());
  EXPECT_NE(a.data_hash(), c.data_hash());
  EXPECT_EQ(a.data_hash().size(), 16U);
}

}  // namespace
}  // namespace albert
