#include "recipes/predict_common.h"

#include <albert/data/labelled_rows.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <fstream>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PredictInputTest : ::testing::Test {
  testing::TemporaryFolder folder;

  PredictInput input(const std::string& task, const std::string& text, std::vector<std::pair<std::string, std::string>> columns) const {
    const auto path = folder / "in.tsv";
    std::ofstream(path) << text;
    TaskConfig config;
    config.name = task;
    return task_input({.model = "m", .input = path, .columns = std::move(columns), .file = {{"header", "absent"}}}, task_options(config, 128));
  }
};

TEST_F(PredictInputTest, NumberedColumnsDoWithoutTheNamesOfTheTasksOwnFiles) {
  const auto numbered = input("cola", "0\tgood film\n1\tbad film\n", {{"text", "2"}});
  EXPECT_THAT(numbered.file.column_names, IsEmpty());
  const auto rows = read_labelled_rows(numbered.file, {.columns = numbered.columns, .label = LabelKind::none}).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text_a, "good film");
  EXPECT_THAT(input("rte", "a\tb\n", {{"text", "1"}, {"text_pair", "2"}}).file.column_names, IsEmpty());
}

TEST_F(PredictInputTest, NamesStayWhereAColumnIsStillToldByThem) {
  const std::string own = "gj04\t1\t\tgood film\n";
  EXPECT_THAT(input("cola", own, {}).file.column_names, ElementsAre("source", "label", "mark", "sentence"));
  EXPECT_THAT(input("cola", own, {{"id", "1"}}).file.column_names, ElementsAre("source", "label", "mark", "sentence"));
  EXPECT_THAT(input("rte", "a\tb\n", {{"text", "1"}}).file.column_names, ElementsAre("index", "sentence1", "sentence2", "label"));
}

}  // namespace
}  // namespace albert
