#include <albert/base/error.h>
#include <albert/model/albert_config.h>
#include <albert/model/model_config.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace albert {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> issues_of(const AlbertConfig& config) {
  config::Issues issues;
  config.validate(issues);
  std::vector<std::string> texts;
  for (const auto& issue : issues.all()) texts.push_back(issue.key + ": " + issue.text);
  return texts;
}

/// Parameters whose name starts with a prefix that `keep` accepts.
int64_t count_if(const AlbertConfig& config, const std::function<bool(const std::string&)>& keep) {
  int64_t total = 0;
  for (const auto& parameter : parameter_shapes(config, PretrainingHeads::masked_lm_sentence_order)) {
    if (keep(parameter.name)) total += parameter.num_elements();
  }
  return total;
}

struct ExpectedCounts {
  const char* preset;
  int64_t without_pooler;
  int64_t encoder;
  int64_t masked_lm;
  int64_t pretraining;
};

class ParameterCounts : public ::testing::TestWithParam<ExpectedCounts> {};

TEST_P(ParameterCounts, EqualThePublishedModelsToTheUnit) {
  const ExpectedCounts& expected = GetParam();
  const AlbertConfig config = model_preset(expected.preset);
  const auto in_albert = [](const std::string& name) { return name.starts_with("albert."); };
  const auto below_pooler = [&](const std::string& name) { return in_albert(name) && !name.starts_with("albert.pooler."); };
  EXPECT_EQ(count_if(config, below_pooler), expected.without_pooler);
  EXPECT_EQ(count_if(config, in_albert), expected.encoder);
  EXPECT_EQ(num_parameters(config, PretrainingHeads::masked_lm), expected.masked_lm);
  EXPECT_EQ(num_parameters(config, PretrainingHeads::masked_lm_sentence_order), expected.pretraining);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ParameterCounts,
                         ::testing::Values(ExpectedCounts{"albert-base-v2", 11092992, 11683584, 11221680, 11813810},
                                           ExpectedCounts{"albert-large-v2", 16634368, 17683968, 16795824, 17847474},
                                           ExpectedCounts{"albert-xlarge-v2", 54528512, 58724864, 54821040, 59021490},
                                           ExpectedCounts{"albert-xxlarge-v2", 205814272, 222595584, 206368944, 223158450},
                                           ExpectedCounts{"albert-base-v1", 11092992, 11683584, 11221680, 11813810},
                                           ExpectedCounts{"albert-large-v1", 16634368, 17683968, 16795824, 17847474},
                                           ExpectedCounts{"albert-xlarge-v1", 54528512, 58724864, 54821040, 59021490},
                                           ExpectedCounts{"albert-xxlarge-v1", 205814272, 222595584, 206368944, 223158450}));

struct SharingCounts {
  Sharing sharing;
  int64_t encoder;      // embeddings, mapping and layers
  int64_t with_pooler;
};

// Table 4 of the ALBERT paper, base with E = 128: 12M, 64M and 38M are with the pooler, the 89M of "not shared" without.
TEST(ParameterCount, OfEachSharingIsThatOfThePapersTable) {
  constexpr int64_t kMillion = 1'000'000;
  for (const auto& expected :
       {SharingCounts{Sharing::all, 11092992, 11683584}, SharingCounts{Sharing::attention, 63056640, 63647232},
        SharingCounts{Sharing::feed_forward, 37095936, 37686528}, SharingCounts{Sharing::none, 89059584, 89650176}}) {
    ModelConfig options;
    options.sharing = expected.sharing;
    const AlbertConfig config = options.resolve(30000);
    EXPECT_THAT(issues_of(config), ::testing::IsEmpty());
    EXPECT_EQ(config.sharing(), expected.sharing);
    const auto in_albert = [](const std::string& name) { return name.starts_with("albert."); };
    const auto in_encoder = [&](const std::string& name) { return in_albert(name) && !name.starts_with("albert.pooler."); };
    EXPECT_EQ(count_if(config, in_encoder), expected.encoder);
    EXPECT_EQ(count_if(config, in_albert), expected.with_pooler);
  }
  const auto rounded = [](int64_t count) { return (count + kMillion / 2) / kMillion; };
  EXPECT_EQ(rounded(11683584), 12);
  EXPECT_EQ(rounded(63647232), 64);
  EXPECT_EQ(rounded(37686528), 38);
  EXPECT_EQ(rounded(89059584), 89);
}

TEST(ParameterCount, OfBertIsThatOfBertForPreTraining) {
  AlbertConfig config = model_preset("bert-base");
  config.vocab_size = 30000;
  EXPECT_EQ(num_parameters(config, PretrainingHeads::masked_lm_sentence_order), 109705010);
}

TEST(ModelPreset, HasThePublishedDropoutAndActivation) {
  EXPECT_EQ(model_preset("albert-base-v1").hidden_dropout_prob, 0.1);
  EXPECT_EQ(model_preset("albert-base-v1").hidden_act, Activation::gelu);
  EXPECT_EQ(model_preset("albert-xxlarge-v1").hidden_dropout_prob, 0.0);
  EXPECT_EQ(model_preset("albert-base-v2").attention_probs_dropout_prob, 0.0);
  EXPECT_EQ(model_preset("albert-base-v2").hidden_act, Activation::gelu_new);
}

TEST(ModelPreset, AreAllValid) {
  for (const auto name : model_preset_names()) EXPECT_THAT(issues_of(model_preset(name)), ::testing::IsEmpty()) << name;
}

TEST(ModelPreset, RefusesAnUnknownNameWithTheKnownOnes) {
  try {
    model_preset("albert-huge");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("model.preset: must be one of albert-base-v1, "));
    EXPECT_THAT(error.what(), HasSubstr("got albert-huge"));
  }
}

TEST(AlbertConfig, NamesEachBrokenRule) {
  AlbertConfig config;
  config.num_attention_heads = 5;
  config.num_hidden_groups = 7;
  config.vocab_size = 0;
  config.hidden_dropout_prob = 1.0;
  EXPECT_THAT(issues_of(config), ::testing::UnorderedElementsAre("num_attention_heads: must divide hidden_size 768, got 5",
                                                                 "num_hidden_groups: must divide num_hidden_layers 12, got 7",
                                                                 "vocab_size: must be at least 1, got 0",
                                                                 "hidden_dropout_prob: must be in [0, 1), got 1"));
}

TEST(AlbertConfig, RefusesASharedBert) {
  AlbertConfig config;
  config.architecture = Architecture::bert;
  EXPECT_THAT(issues_of(config),
              ::testing::UnorderedElementsAre(
                  "embedding_size: must equal hidden_size 768 for architecture bert, got 128",
                  "num_hidden_groups: must equal num_hidden_layers 12 for architecture bert (nothing is shared), got 1"));
}

TEST(AlbertConfig, FindsGroupsByIntegerArithmetic) {
  AlbertConfig config;
  config.num_hidden_layers = 36;
  for (int64_t layer = 0; layer < 36; ++layer) EXPECT_EQ(config.set_of_layer(layer, 12), layer / 3);
}

TEST(ModelConfig, DerivesHeadsAndIntermediateFromAnOverriddenHiddenSize) {
  ModelConfig options;
  options.hidden_size = 256;
  options.num_hidden_layers = 6;
  const AlbertConfig config = options.resolve(8000);
  EXPECT_EQ(config.num_attention_heads, 4);
  EXPECT_EQ(config.intermediate_size, 1024);
  EXPECT_EQ(config.num_hidden_layers, 6);
  EXPECT_EQ(config.vocab_size, 8000);
  EXPECT_EQ(config.embedding_size, 128);
}

TEST(ModelConfig, KeepsWhatIsGivenBesideTheHiddenSize) {
  ModelConfig options;
  options.hidden_size = 256;
  options.num_attention_heads = 8;
  options.intermediate_size = 512;
  const AlbertConfig config = options.resolve(8000);
  EXPECT_EQ(config.num_attention_heads, 8);
  EXPECT_EQ(config.intermediate_size, 512);
}

TEST(ModelConfig, MakesAnUnsharedBertOfTheArchitectureAlone) {
  ModelConfig options;
  options.architecture = Architecture::bert;
  options.num_hidden_layers = 4;
  const AlbertConfig config = options.resolve(8000);
  EXPECT_EQ(config.embedding_size, 768);
  EXPECT_EQ(config.num_hidden_groups, 4);
  EXPECT_THAT(issues_of(config), ::testing::IsEmpty());
}

std::vector<std::string> option_issues(const ModelConfig& options) {
  config::Issues issues;
  options.validate(issues);
  std::vector<std::string> texts;
  for (const auto& issue : issues.all()) texts.push_back(issue.key + ": " + issue.text);
  return texts;
}

TEST(ModelConfig, TurnsSharingIntoGroupsAndParts) {
  ModelConfig options;
  options.num_hidden_layers = 4;
  const auto resolved = [&](Sharing sharing) {
    options.sharing = sharing;
    EXPECT_THAT(option_issues(options), ::testing::IsEmpty());
    return options.resolve(8000);
  };
  EXPECT_EQ(resolved(Sharing::none).num_hidden_groups, 4);
  EXPECT_FALSE(resolved(Sharing::none).is_partly_shared());
  EXPECT_EQ(resolved(Sharing::all).num_hidden_groups, 1);
  EXPECT_FALSE(resolved(Sharing::all).is_partly_shared());
  const AlbertConfig attention = resolved(Sharing::attention);
  EXPECT_EQ(attention.attention_sets(), 1);
  EXPECT_EQ(attention.feed_forward_sets(), 4);
  options.num_hidden_groups = 2;
  const AlbertConfig feed_forward = resolved(Sharing::feed_forward);
  EXPECT_EQ(feed_forward.attention_sets(), 4);
  EXPECT_EQ(feed_forward.feed_forward_sets(), 2);
}

TEST(ModelConfig, SharesAgainWhatTheSourceDoesNot) {
  AlbertConfig source = model_preset("albert-base-v2");
  source.num_hidden_groups = source.num_hidden_layers;
  ModelConfig options;
  EXPECT_EQ(options.resolve(source, 8000).sharing(), Sharing::none);
  options.sharing = Sharing::all;
  EXPECT_EQ(options.resolve(source, 8000).num_hidden_groups, 1);
}

TEST(ModelConfig, RefusesSharingThatContradictsOtherOptions) {
  ModelConfig groups;
  groups.num_hidden_groups = 3;
  groups.sharing = Sharing::none;
  EXPECT_THAT(option_issues(groups),
              ::testing::ElementsAre("num_hidden_groups: must equal num_hidden_layers 12 for sharing none, got 3"));
  groups.num_hidden_groups = 12;
  groups.sharing = Sharing::attention;
  EXPECT_THAT(option_issues(groups), ::testing::ElementsAre(
                                         "num_hidden_groups: must be less than num_hidden_layers 12 for sharing attention, got 12"));
  for (const auto sharing : {Sharing::all, Sharing::attention}) {
    ModelConfig bert;
    bert.architecture = Architecture::bert;
    bert.sharing = sharing;
    const auto expected = std::string("sharing: must be none for architecture bert, got ").append(config::enum_name(sharing));
    EXPECT_THAT(option_issues(bert), ::testing::ElementsAre(expected));
  }
}

TEST(ModelConfig, LetsXlargeHaveThePapersHeads) {
  ModelConfig options;
  options.preset = "albert-xlarge-v2";
  EXPECT_EQ(options.resolve(30000).num_attention_heads, 16);
  options.num_attention_heads = 32;
  EXPECT_EQ(options.resolve(30000).num_attention_heads, 32);
}

TEST(ModelConfig, SetsBothDropoutsByOneOption) {
  ModelConfig options;
  options.dropout = 0.2;
  EXPECT_EQ(options.resolve(100).hidden_dropout_prob, 0.2);
  EXPECT_EQ(options.resolve(100).attention_probs_dropout_prob, 0.2);
  options.hidden_dropout_prob = 0.1;
  config::Issues issues;
  options.validate(issues);
  ASSERT_EQ(issues.all().size(), 1U);
  EXPECT_EQ(issues.all().front().key, "dropout");
}

TEST(ModelConfig, ReportsAnUnknownPresetAndBrokenSizes) {
  ModelConfig options;
  options.preset = "albert-huge";
  config::Issues unknown;
  options.validate(unknown);
  ASSERT_EQ(unknown.all().size(), 1U);
  EXPECT_EQ(unknown.all().front().key, "preset");
  options = {};
  options.num_hidden_groups = 5;
  config::Issues broken;
  options.validate(broken);
  ASSERT_EQ(broken.all().size(), 1U);
  EXPECT_EQ(broken.all().front().text, "must divide num_hidden_layers 12, got 5");
}

TEST(ModelConfig, ListsEveryFieldOnce) {
  ModelConfig options;
  std::vector<std::string> names;
  visit_fields(options, [&](const config::Field& field, auto&) { names.emplace_back(field.name); });
  EXPECT_EQ(names.size(), 22U);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace albert
