// One broken file per rule, with the whole error text.
#include <gmock/gmock.h>

#include <temporary_folder.h>

#include <fstream>
#include <string>
#include <vector>

#include "broken_configs.h"
#include "prototype_reader.h"

namespace albert::prototype {
namespace {

struct Broken {
  std::string name;
  std::string text;
  std::string error;  ///< without "c.yaml:"
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class BrokenConfig : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenConfig, IsRefusedWithThisText) { EXPECT_EQ(error_of(GetParam().text), "c.yaml:" + GetParam().error); }

const std::vector<Broken> kKeys{
    {"UnknownKey", "output: x\noptimizer:\n  learnin_rate: 1\n",
     "3:3: optimizer.learnin_rate: unknown key; did you mean 'optimizer.learning_rate'?"},
    {"UnknownKeyAtTheTop", "output: x\noptimiser: {name: lamb}\n", "2:1: optimiser: unknown key; did you mean 'optimizer'?"},
    {"KeyOfAnotherSection", "output: x\nmodel:\n  learning_rate: 1\n",
     "3:3: model.learning_rate: unknown key; did you mean 'optimizer.learning_rate'?"},
    {"MistypedKeyOfAnotherSection", "output: x\nbatchsize: 3\n",
     "2:1: batchsize: unknown key; did you mean 'training.batch_size'?"},
    {"KeyOfAListEntryAtTheWrongPlace", "output: x\ndata: {weight: 2}\n",
     "2:8: data.weight: unknown key; did you mean 'data.sources[].weight'?"},
    {"MistypedKeyInAListEntry", "output: x\ndata:\n  sources:\n    - {pth: a}\n",
     "4:8: data.sources[0].pth: unknown key; did you mean 'data.sources[0].path'?"},
    {"KeyWithDashes", "output: x\noptimizer: {weight-decay: 0}\n",
     "2:13: optimizer.weight-decay: unknown key; did you mean 'optimizer.weight_decay'?"},
    {"KeyInCamelCase", "output: x\nmodel: {hiddenSize: 8}\n",
     "2:9: model.hiddenSize: unknown key; did you mean 'model.hidden_size'?"},
    {"AbbreviatedKey", "output: x\noptimizer: {lr: 1}\n",
     "2:13: optimizer.lr: unknown key; did you mean 'optimizer.learning_rate'?"},
    {"DottedKey", "output: x\noptimizer.name: lamb\n",
     "2:1: optimizer.name: unknown key; write 'optimizer:' and the rest on a line of its own, indented below it"},
    {"KeyLikeNoOther", "output: x\noptimizer: {zebra: 1}\n",
     "2:13: optimizer.zebra: unknown key; known here: name, learning_rate, weight_decay, layer_decay"},
    {"MistypedRequiredKeyIsReportedOnce", "outptu: x\n", "1:1: outptu: unknown key; did you mean 'output'?"},
    {"DuplicateKey", "output: x\nmodel:\n  dropout: 0\n  dropout: 0.1\n",
     "4:3: model.dropout: given twice, first in line 3; keep one of them"},
    {"DuplicateSection", "output: x\nmodel: {dropout: 0}\ndata: {}\nmodel:\n  dropout: 0.1\n",
     "4:1: model: given twice, first in line 2; keep one of them"},
    {"DuplicateKeyInAListEntry", "output: x\ndata: {sources: [{path: a, path: b}]}\n",
     "2:28: data.sources[0].path: given twice, first in line 2; keep one of them"},
    {"RequiredKeyMissing", "note: x\n", "1:1: output: must be given"},
    {"RequiredKeyEmpty", "note: x\noutput:\n", "2:1: output: must be given, got nothing"},
    {"RequiredKeyNull", "note: x\noutput: ~\n", "2:9: output: must be given, got null"},
    {"RequiredTextEmpty", "output: ''\n", "1:9: output: must be given, got an empty text"},
    {"MergeKey", "output: x\n<<: {a: 1}\n", "2:1: <<: unknown key; known here: output, note, model, data, optimizer, training"},
    {"KeyIsAList", "output: x\n? [a, b]\n: 1\n",
     "2:3: a key must be a word, got a list or a map; write 'key: value', and close every '[' and '{'"},
    {"KeyIsNothing", "output: x\n: 1\n", "2:1: a key must be a word, got nothing, null or an alias; write 'key: value'"},
};

const std::vector<Broken> kValues{
    {"TextForAWholeNumber", "output: x\ntraining: {seed: one}\n", "2:18: training.seed: must be a whole number, got 'one'"},
    {"FractionForAWholeNumber", "output: x\ntraining: {seed: 1.5}\n", "2:18: training.seed: must be a whole number, got '1.5'"},
    {"SmallFractionForAWholeNumber", "output: x\ntraining: {seed: 1e-3}\n",
     "2:18: training.seed: must be a whole number, got '1e-3'"},
    {"HugeWholeNumber", "output: x\ntraining: {seed: 1e19}\n",
     "2:18: training.seed: must be a whole number of 64 bits (below 9.2e18), got '1e19'"},
    {"Underscores", "output: x\ntraining: {seed: 1_000}\n",
     "2:18: training.seed: must be a whole number, got '1_000'; write it as 1000"},
    {"Commas", "output: x\ntraining:\n  seed: 1,000\n",
     "3:9: training.seed: must be a whole number, got '1,000'; write it as 1000"},
    {"Octal", "output: x\ntraining: {seed: 010}\n",
     "2:18: training.seed: must be a whole number, got '010'; write it in decimal without a leading 0"},
    {"NewOctal", "output: x\ntraining: {seed: 0o10}\n",
     "2:18: training.seed: must be a whole number, got '0o10'; write it in decimal without a leading 0"},
    {"Hexadecimal", "output: x\ntraining: {seed: 0x10}\n",
     "2:18: training.seed: must be a whole number, got '0x10'; write it in decimal without a leading 0"},
    {"QuotedNumber", "output: x\ntraining: {seed: '5'}\n",
     "2:18: training.seed: must be a whole number, got the text '5'; remove the quotes"},
    {"NothingForANumber", "output: x\ntraining:\n  seed:\n  shuffle: true\n",
     "3:3: training.seed: must be a whole number, got nothing"},
    {"NothingBeforeAKeyThatBeginsLikeNull", "output: x\ndata:\n  max_length:\nnote: y\n",
     "3:3: data.max_length: must be a whole number, got nothing"},
    {"NullForANumber", "output: x\ntraining: {seed: null}\n", "2:18: training.seed: must be a whole number, got null"},
    {"ListForANumber", "output: x\ntraining: {seed: [1]}\n", "2:18: training.seed: must be a whole number, got a list"},
    {"MapForANumber", "output: x\ntraining:\n  seed:\n    a: 1\n", "4:5: training.seed: must be a whole number, got a map"},
    {"TextForANumber", "output: x\nmodel: {dropout: none}\n", "2:18: model.dropout: must be a number, got 'none'"},
    {"Infinity", "output: x\nmodel: {dropout: .inf}\n", "2:18: model.dropout: must be a number, got '.inf'"},
    {"NotANumber", "output: x\nmodel: {dropout: nan}\n", "2:18: model.dropout: must be a number, got 'nan'"},
    {"OverflowingNumber", "output: x\nmodel: {dropout: 1e999}\n",
     "2:18: model.dropout: must be a number within the range of 64-bit floating point, got '1e999'"},
    {"UnderflowingNumber", "output: x\nmodel: {dropout: 1e-999}\n",
     "2:18: model.dropout: must be a number within the range of 64-bit floating point, got '1e-999'"},
    {"CommentWithoutBlank", "output: x\nmodel:\n  dropout: 0.1#ten\n", "3:12: model.dropout: must be a number, got '0.1#ten'"},
    {"Yes", "output: x\ntraining: {shuffle: yes}\n", "2:21: training.shuffle: must be true or false, got 'yes'; write true"},
    {"Off", "output: x\ntraining: {shuffle: OFF}\n", "2:21: training.shuffle: must be true or false, got 'OFF'; write false"},
    {"Maybe", "output: x\ntraining: {shuffle: maybe}\n", "2:21: training.shuffle: must be true or false, got 'maybe'"},
    {"QuotedTrue", "output: x\ntraining: {shuffle: \"true\"}\n",
     "2:21: training.shuffle: must be true or false, got the text 'true'; remove the quotes"},
    {"UnknownName", "output: x\noptimizer:\n  name: lamp\n",
     "3:9: optimizer.name: must be one of lamb, adamw, got 'lamp'; did you mean 'lamb'?"},
    {"NameInCapitals", "output: x\noptimizer: {name: AdamW}\n",
     "2:19: optimizer.name: must be one of lamb, adamw, got 'AdamW'; did you mean 'adamw'?"},
    {"NameLikeNoOther", "output: x\noptimizer: {name: sgd}\n", "2:19: optimizer.name: must be one of lamb, adamw, got 'sgd'"},
    {"DurationWithoutUnit", "output: x\ntraining:\n  duration: 10000\n",
     "3:13: training.duration: must have a unit, got '10000'; write it as '10000 steps', '3 epochs', '1e9 tokens' or '10 %'"},
    {"DurationOfAnotherUnit", "output: x\ntraining:\n  duration: 3 hours\n",
     "3:13: training.duration: must have one of the units steps, epochs, tokens, %, got '3 hours'; write it as '10000 steps', '3 "
     "epochs', '1e9 "
     "tokens' or '10 %'"},
    {"DurationOfZero", "output: x\ntraining: {duration: 0 steps}\n", "2:22: training.duration: must be more than 0, got 0 steps"},
    {"DurationIsNull", "output: x\ntraining: {duration: null}\n",
     "2:22: training.duration: must be a duration such as '500 steps', got null"},
    {"SizeWithoutUnit", "output: x\ndata: {sample_bytes: 200}\n",
     "2:22: data.sample_bytes: must be a size with a unit, got '200'; write it as '200 MiB', '1.5 GiB', '64 kB' or '4096 B'"},
    {"SizeTooSmall", "output: x\ndata: {sample_bytes: 1 B}\n", "2:22: data.sample_bytes: must be at least 1024, got 1 B"},
    {"TextForAnAutoNumber", "output: x\ntraining: {micro_batch: atuo}\n",
     "2:25: training.micro_batch: must be a whole number or auto, got 'atuo'"},
    {"NullForAText", "output: x\nnote: null\n", "2:7: note: must be a text, got null"},
    {"MapForAText", "output: x\nnote: {a: 1}\n", "2:7: note: must be a text, got a map"},
    {"ListForAnOptionalPath", "output: x\nmodel: {init_from: [a]}\n",
     "2:20: model.init_from: must be a path or null, got a list"},
    {"ScalarForAList", "output: x\ndata: {languages: en}\n",
     "2:19: data.languages: must be a list, got 'en'; write it as [first, second]"},
    {"NullInAList", "output: x\ndata: {languages: [en, null]}\n", "2:24: data.languages[1]: must be a text, got null"},
    {"ScalarForASection", "output: x\nmodel: albert-base-v2\n",
     "2:8: model: must be a section of 'key: value' lines, got 'albert-base-v2'"},
    {"MissingBlankInASection", "output: x\nmodel:\n  dropout:0.1\n",
     "3:3: model: must be a section of 'key: value' lines, got 'dropout:0.1'; put a blank after the ':'"},
    {"ListForASection", "output: x\nmodel:\n  - dropout: 1\n", "3:3: model: must be a section of 'key: value' lines, got a list"},
    {"ScalarForAListEntry", "output: x\ndata: {sources: [a.txt]}\n",
     "2:18: data.sources[0]: must be a section of 'key: value' lines, got 'a.txt'"},
    {"NulInAText", "output: \"a\\0b\"\n", "1:9: output: must not hold a NUL character, got 'a\\x00b'"},
    {"ValueAfterManyBytes", "output: x\nmodel: {dropout: " + std::string(80, 'z') + "}\n",
     "2:18: model.dropout: must be a number, got '" + std::string(60, 'z') + "...'"},
    {"ColumnsCountCharacters", "output: x\nmodel: {init_from: \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\", dropout: z}\n",
     "2:36: model.dropout: must be a number, got 'z'"},
};

const std::vector<Broken> kRanges{
    {"BelowAClosedRange", "output: x\noptimizer: {weight_decay: -0.5}\n",
     "2:27: optimizer.weight_decay: must be in [0, 1], got -0.5"},
    {"AboveAClosedRange", "output: x\noptimizer: {weight_decay: 2}\n", "2:27: optimizer.weight_decay: must be in [0, 1], got 2"},
    {"AtAnOpenEnd", "output: x\nmodel: {dropout: 1.0}\n", "2:18: model.dropout: must be in [0, 1), got 1.0"},
    {"AtAnOpenStart", "output: x\noptimizer:\n  layer_decay: {rate: 0}\n",
     "3:23: optimizer.layer_decay.rate: must be in (0, 1], got 0"},
    {"BelowAMinimum", "output: x\ntraining: {batch_size: 0}\n", "2:24: training.batch_size: must be at least 1, got 0"},
    {"AtAnOpenMinimum", "output: x\noptimizer: {learning_rate: 0}\n",
     "2:28: optimizer.learning_rate: must be more than 0, got 0"},
    {"WholeNumberAboveARange", "output: x\ndata: {max_length: 1e3}\n", "2:20: data.max_length: must be in [8, 512], got 1e3"},
    {"InsideAnAuto", "output: x\ntraining: {micro_batch: 0}\n", "2:25: training.micro_batch: must be at least 1 or auto, got 0"},
    {"InsideAnOptionalSection", "output: x\ntraining:\n  early_stopping: {patience: 0}\n",
     "3:30: training.early_stopping.patience: must be at least 1, got 0"},
    {"InsideAListEntry", "output: x\ndata: {sources: [{path: a}, {path: b, weight: 0}]}\n",
     "2:47: data.sources[1].weight: must be more than 0, got 0"},
    {"RuleInsideASection", "output: x\nmodel:\n  hidden_size: 10\n  num_attention_heads: 3\n",
     "4:24: model.num_attention_heads: must divide hidden_size (10), got 3"},
    {"RuleAcrossSections", "output: x\nmodel: {hidden_size: 12}\ndata: {max_length: 300}\n",
     "3:20: data.max_length: must be at most 256 for model.hidden_size below 64, got 300"},
};

const std::vector<Broken> kSyntax{
    {"Tab", "output: x\nmodel:\n\tdropout: 0\n", "3:1: must be indented with blanks, got a tab; replace it by two blanks"},
    {"TabAfterBlanks", "output: x\nmodel:\n  \tdropout: 0\n",
     "3:3: must be indented with blanks, got a tab; replace it by two blanks"},
    {"OpenList", "output: x\ndata: {languages: [en, de}\n",
     "2:26: not valid YAML: this bracket closes nothing, or a bracket of the other kind"},
    {"OpenMap", "output: x\nmodel: {dropout: 0\n", "3:1: not valid YAML: the map that began with '{' has no closing '}'"},
    {"OpenQuote", "output: x\nnote: \"abc\nmodel: {}\n", "2:7: not valid YAML: the text that begins here has no closing \""},
    {"OpenSingleQuote", "output: x\nnote: 'it''s\n", "2:7: not valid YAML: the text that begins here has no closing '"},
    {"TextAfterQuote", "output: x\nnote: 'a' b\n",
     "2:11: not valid YAML: a 'key: value' line is expected here; check the indentation and the quotes"},
    {"TwoKeysOnALine", "output: x\nnote: a: b\n",
     "2:8: not valid YAML: no ': ' is expected here; check the indentation of this line and the ': ' of the line before"},
    {"MissingBlank", "output: x\nmodel:\n  hidden_size:8\n  dropout: 0\n",
     "4:10: not valid YAML: no ': ' is expected here; check the indentation of this line and the ': ' of the line before"},
    {"MissingColon", "output: x\nmodel\n", "2:1: not valid YAML: 'model' has no ': ' after its key; write 'key: value'"},
    {"MissingBlankBeforeAList", "output: x\ndata:\n  languages:[en]\n",
     "3:3: data: must be a section of 'key: value' lines, got 'languages:[en]'; put a blank after the ':'"},
    {"MissingBlankBeforeAListAfterAKey", "output: x\ndata:\n  max_length: 9\n  languages:[en]\n",
     "4:3: not valid YAML: 'languages:[en]' has no ': ' after its key; write 'key: value'"},
    {"LineThatIsNoKey", "output: x\nmodel:\n  dropout: 0\nand more\n words\n",
     "4:1: not valid YAML: 'and more words' has no ': ' after its key; write 'key: value'"},
    {"LineThatBeginsLikeNull", "output: x\nnote:|\n  text\n",
     "2:1: not valid YAML: 'note:| text' has no ': ' after its key; write 'key: value'"},
    {"QuotedKeyWithoutColon", "output: x\nmodel: {'dropout'}\n",
     "2:9: not valid YAML: 'dropout' has no ': ' after its key; write 'key: value'"},
    {"KeysOnlyInAFlowMap", "output: x\nmodel: {dropout}\n",
     "2:9: not valid YAML: 'dropout' has no ': ' after its key; write 'key: value'"},
    {"ListOnTheLineOfTheKey", "output: - x\n", "1:9: not valid YAML: no '- ' is expected here; begin the list on the next line"},
    {"ReservedCharacter", "output: @x\n", "1:9: not valid YAML: a value cannot begin with this character; put it into quotes"},
    {"StarAtTheStart", "output: *.txt\n",
     "1:9: not valid YAML: an alias ('*name') is not allowed; put a text that begins with '*' into quotes"},
    {"UnknownEscape", "output: \"a\\qb\"\n", "1:13: not valid YAML: unknown escape character: q"},
    {"Anchor", "output: &a x\n", "1:9: output: must not have an anchor ('&name'); write the value out where it is needed"},
    {"Tag", "output: !!str x\n", "1:9: output: must not have a tag, got 'tag:yaml.org,2002:str'; remove it"},
    {"Directive", "%YAML 1.2\n---\noutput: x\n", "1:1: a line must not begin with '%': YAML directives are not allowed"},
    {"DirectiveAtTheEnd", "output: x\n%note: y\n", "2:1: a line must not begin with '%': YAML directives are not allowed"},
    {"TwoDocuments", "output: x\n---\noutput: y\n",
     "2:1: must be one YAML document, got a second one; remove the line '---' and what follows it"},
    {"ListAtTheTop", "- output: x\n", "1:1: must be 'key: value' lines at the top level, got a list"},
    {"WordAtTheTop", "output:x\n", "1:1: must be 'key: value' lines at the top level, got 'output:x'; put a blank after the ':'"},
    {"ControlCharacter", "output: x\nnote: a\x04\n", "2:8: must be text, got the control character 0x04; remove it"},
    {"InvalidUtf8", "output: x\nnote: caf\xE9\n", "2:10: must be UTF-8, got the byte 0xE9; save the file as UTF-8"},
    {"Surrogate", "output: x\nnote: \xED\xA0\x80\n", "2:7: must be UTF-8, got the byte 0xED; save the file as UTF-8"},
    {"Utf16", "\xFF\xFEo", "1:1: must be UTF-8, got UTF-16; save the file as UTF-8"},
    {"NulByte", std::string("output: x\0y\n", 12), "1:10: must be text, got the control character 0x00; remove it"},
    {"Empty", "", "1:1: output: must be given"},
    {"OnlyComments", "# nothing\n\n", "1:1: output: must be given"},
};

TEST(BrokenConfigFolder, ComparesTheErrorsThatTheFilesTell) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "a.yaml") << "# error: 3:1: nte: unknown key; did you mean 'note'?\noutput: x\nnte: y\n";
  std::ofstream(folder / "b.yaml")
      << "# error: 1:1: output: must be given\n# error: 3:18: model.dropout: must be in [0, 1), got 2\nmodel: {dropout: 2}\n";
  std::ofstream(folder / "other.txt") << "not a configuration";
  EXPECT_EQ(testing::expect_broken_configs<Prototype>(folder.path()), 2U);
}

std::string case_name(const ::testing::TestParamInfo<Broken>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Keys, BrokenConfig, ::testing::ValuesIn(kKeys), case_name);
INSTANTIATE_TEST_SUITE_P(Values, BrokenConfig, ::testing::ValuesIn(kValues), case_name);
INSTANTIATE_TEST_SUITE_P(Ranges, BrokenConfig, ::testing::ValuesIn(kRanges), case_name);
INSTANTIATE_TEST_SUITE_P(Syntax, BrokenConfig, ::testing::ValuesIn(kSyntax), case_name);

}  // namespace
}  // namespace albert::prototype
