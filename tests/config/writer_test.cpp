#include <albert/config/writer.h>

#include <albert/base/random.h>
#include <gmock/gmock.h>

#include <bit>
#include <cmath>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

TEST(ConfigWriter, WritesEveryOptionReadably) {
  Prototype config{.output = "runs/small", .note = "two words"};
  config.data.sources = {{"text/*.txt", TextFormat::wrapped, 0.5}, {"b", TextFormat::jsonl, 1}};
  config.training.early_stopping = EarlyStopping{3};
  EXPECT_EQ(config::to_yaml(config), R"(output: runs/small
note: "two words"

model:
  hidden_size: 768
  num_attention_heads: 12
  dropout: 0
  init_from: null

data:
  sources:
    - path: text/*.txt
      format: wrapped
      weight: 0.5
    - path: b
      format: jsonl
      weight: 1
  max_length: 128
  sample_bytes: 200 MiB
  languages: [en]

optimizer:
  name: lamb
  learning_rate: 0.00176
  weight_decay: 0.01
  layer_decay:
    rate: 1

training:
  duration: 10000 steps
  warmup: 500 steps
  batch_size: 256
  micro_batch: auto
  device: auto
  shuffle: true
  seed: 1
  early_stopping:
    patience: 3
)");
  EXPECT_EQ(read(config::to_yaml(config)), config);
}

TEST(ConfigWriter, QuotesTextsThatAReaderOfYamlWouldTakeForSomethingElse) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"runs/small", "runs/small"},
      {"../a-b_c.txt", "../a-b_c.txt"},
      {"text/*.gz", "text/*.gz"},
      {"", "\"\""},
      {"null", "\"null\""},
      {"~", "\"~\""},
      {"1e3", "\"1e3\""},
      {"yes", "\"yes\""},
      {"True", "\"True\""},
      {".5", "\".5\""},
      {".inf", "\".inf\""},
      {"a: b", "\"a: b\""},
      {" a", "\" a\""},
      {"a\n\tb", "\"a\\n\\tb\""},
      {"*a", "\"*a\""},
      {"a\"\\", "\"a\\\"\\\\\""},
      {"\xC3\xA4", "\"\xC3\xA4\""},
      {"\xE2\x80\xA8", "\"\\u2028\""},
      {"\x04", "\"\\u0004\""},
      {"-", "\"-\""},
  };
  for (const auto& [text, yaml] : cases) EXPECT_EQ(config::quote_yaml(text), yaml);
}

TEST(ConfigWriter, RefusesATextThatIsNotUtf8) {
  EXPECT_THAT([] { (void)config::quote_yaml("a\xFF"); },
              ::testing::ThrowsMessage<ConfigError>("'a\\xFF': must be UTF-8 to be written as YAML"));
}

TEST(ConfigWriter, TextsReadBackAsTheyWere) {
  std::vector<std::string> texts{"null",
                                 "Null",
                                 "~",
                                 "1e3",
                                 "yes",
                                 "no",
                                 "",
                                 " ",
                                 " a ",
                                 "a\n",
                                 "\n\na\n b",
                                 "#",
                                 "a #b",
                                 "a: b",
                                 "{a",
                                 "[",
                                 "%a",
                                 "@",
                                 "'",
                                 "\"",
                                 "''",
                                 "\\n",
                                 "- a",
                                 "-",
                                 "---",
                                 "...",
                                 "|",
                                 ">",
                                 "!a",
                                 "&a",
                                 "*a",
                                 "?",
                                 ": ",
                                 "a,b",
                                 "0x1",
                                 "010",
                                 "auto",
                                 "\t",
                                 "\r\n",
                                 "\x01\x04\x7F",
                                 "\xC2\x85",
                                 "\xEF\xBB\xBF",
                                 "\xE2\x80\xA8",
                                 "\xEF\xBF\xBF",
                                 "\xF0\x9F\x98\x80",
                                 "\xF4\x8F\xBF\xBF"};
  RandomStream random(3, "texts");
  const std::string alphabet = " \t\n:#-[]{},&*!|>'\"%@`\\~?=<abn10.e/";
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (auto length = random.below(12); length > 0; --length) text += alphabet[random.below(alphabet.size())];
    texts.push_back(text);
  }
  Prototype config{.output = "x"};
  config.data.languages = texts;
  EXPECT_EQ(read(config::to_yaml(config)).data.languages, texts);
  for (const auto& text : texts) {
    config::Overrides overrides;
    overrides.add_text("note", text, "--note");
    EXPECT_EQ(read("output: x", overrides).note, text);
  }
}

TEST(ConfigWriter, NumbersReadBackToTheBit) {
  RandomStream random(4, "numbers");
  std::vector<double> numbers{5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1e-3, 1e21, 1e22, 1.0 / 3};
  while (numbers.size() < 400) {
    const auto number = std::abs(std::bit_cast<double>(random.next()));
    if (std::isfinite(number) && number > 0) numbers.push_back(number);
  }
  Prototype config{.output = "x"};
  for (size_t i = 0; i < numbers.size(); ++i) {
    config.optimizer.learning_rate = numbers[i];
    config.training.seed = 14 + static_cast<int64_t>(random.next() >> (2 + random.below(62)));
    config.training.warmup = {numbers[i], static_cast<DurationUnit>(i % 4)};
    config.data.sample_bytes.bytes = 1024 + (random.next() >> (11 + random.below(53)));
    const auto back = read(config::to_yaml(config));
    ASSERT_EQ(std::bit_cast<uint64_t>(back.optimizer.learning_rate), std::bit_cast<uint64_t>(numbers[i]));
    ASSERT_EQ(back, config) << config::to_yaml(config);
  }
  config.model.dropout = -0.0;
  EXPECT_TRUE(std::signbit(read(config::to_yaml(config)).model.dropout));
}

TEST(ConfigWriter, RandomConfigurationsReadBackTheSame) {
  RandomStream random(5, "configurations");
  for (int i = 0; i < 100; ++i) {
    Prototype config{.output = fmt::format("runs/{}", random.below(100)), .note = std::string(random.below(4), ' ')};
    if (random.below(2) == 0) config.model.init_from = "other model";
    for (auto n = random.below(4); n > 0; --n)
      config.data.sources.push_back({"a b", static_cast<TextFormat>(random.below(4)), random.uniform() + 0.1});
    config.data.languages.assign(random.below(3), "de");
    config.optimizer.name = static_cast<Algorithm>(random.below(2));
    if (random.below(2) == 0) config.training.micro_batch.value = random.between(1, 256);
    if (random.below(2) == 0) config.training.device.value = "cuda:0";
    if (random.below(2) == 0) config.training.early_stopping = EarlyStopping{random.between(1, 9)};
    config.training.shuffle = random.below(2) == 0;
    config.training.seed = random.between(14, 99);
    const auto yaml = config::to_yaml(config);
    ASSERT_EQ(read(yaml), config) << yaml;
    ASSERT_EQ(config::to_yaml(read(yaml)), yaml);
  }
}

TEST(ConfigWriter, ListsWhatDiffers) {
  Prototype a{.output = "x"};
  EXPECT_TRUE(config::diff_configs(a, a).empty());
  auto b = a;
  b.model.hidden_size = 24;
  b.model.init_from = "m";
  b.data.sources = {{"p", TextFormat::wrapped, 1}};
  b.training.early_stopping = EarlyStopping{2};
  b.training.micro_batch.value = 8;
  b.optimizer.layer_decay.rate = 0.5;
  const std::vector<config::Difference> expected{{"model.hidden_size", "768", "24"},
                                                 {"model.init_from", "null", "m"},
                                                 {"data.sources[0]", "(absent)", "{path: p, format: wrapped, weight: 1}"},
                                                 {"optimizer.layer_decay.rate", "1", "0.5"},
                                                 {"training.micro_batch", "auto", "8"},
                                                 {"training.early_stopping", "null", "{patience: 2}"}};
  EXPECT_EQ(config::diff_configs(a, b), expected);
  a.data.sources = {{"q", TextFormat::wrapped, 1}, {"r", TextFormat::jsonl, 2}};
  a.training.early_stopping = EarlyStopping{4};
  const auto differences = config::diff_configs(a, b);
  EXPECT_THAT(differences, ::testing::Contains(config::Difference{"data.sources[0].path", "q", "p"}));
  EXPECT_THAT(differences,
              ::testing::Contains(config::Difference{"data.sources[1]", "{path: r, format: jsonl, weight: 2}", "(absent)"}));
  EXPECT_THAT(differences, ::testing::Contains(config::Difference{"training.early_stopping.patience", "4", "2"}));
}

TEST(ReferenceTable, ListsEveryOptionWithTypeDefaultBoundsAndMeaning) {
  const auto table = config::reference_table<Prototype>();
  EXPECT_THAT(table, ::testing::StartsWith("| key | type | default | bounds | meaning |\n|---|---|---|---|---|\n"
                                           "| `output` | path | required |  | folder of the run |\n"
                                           "| `note` | text | `\"\"` |  | a remark for the report |\n"
                                           "\n## model\n\nShape of the encoder.\n\n"));
  for (const char* line :
       {"| `model.dropout` | number | `0` | [0, 1) | probability |\n",
        "| `model.init_from` | path, or `null` | `null` |  | folder of a model to start from |\n",
        "| `data.sources` | list of sections | `[]` |  | text files |\n",
        "| `data.sources[].path` | path | required |  | file or pattern |\n",
        "| `data.sources[].format` | `sentences`, `paragraphs`, `wrapped`, `jsonl` | `sentences` |  | how documents are told "
        "apart |\n",
        "| `data.sample_bytes` | size (`200 MiB`) | `200 MiB` | >= 1024 | text that the vocabulary is trained on |\n",
        "| `data.languages` | list of: text | `[en]` |  | of the text |\n",
        "| `optimizer.layer_decay` | section | | | layer-wise decay of the learning rate |\n",
        "| `optimizer.layer_decay.rate` | number | `1` | (0, 1] | factor per layer |\n",
        "| `training.device` | text, or `auto` | `auto` |  | cpu \\| cuda \\| cuda:N |\n",
        "| `training.shuffle` | `true` or `false` | `true` |  | draw examples in a random order |\n",
        "| `training.early_stopping.patience` | whole number | `5` | >= 1 | evaluations without a better one |\n"}) {
    EXPECT_THAT(table, ::testing::HasSubstr(line));
  }
}

}  // namespace
}  // namespace albert::prototype
