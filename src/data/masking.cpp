#include <albert/base/error.h>
#include <albert/data/masking.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace albert {
namespace {

constexpr double kShareTolerance = 1e-9;

bool shares_add_up(const MaskingConfig& config) { return std::abs(config.replace + config.keep + config.random - 1.0) < kShareTolerance; }

/// Python 3's round.
int64_t round_half_to_even(double value) {
  const double below = std::floor(value);
  const double rest = value - below;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2.0) != 0.0);
  return static_cast<int64_t>(below) + (up ? 1 : 0);
}

}  // namespace

void MaskingConfig::validate(config::Issues& issues) const {
  if (!shares_add_up(*this)) {
    issues.add("", fmt::format("replace, keep and random must add up to 1, got {}", replace + keep + random));
  }
}

int64_t masking_budget(const MaskingConfig& config, int64_t length) {
  const int64_t share = std::max<int64_t>(1, round_half_to_even(static_cast<double>(length) * config.probability));
  return config.max_predictions ? std::min(*config.max_predictions, share) : share;
}

Masker::Masker(const MaskingConfig& config, const Vocabulary& vocabulary)
    : config_(config), mask_id_(vocabulary.special.mask), replacements_(vocabulary.replacements), roles_(vocabulary.word_roles) {
  if (!shares_add_up(config)) {
    throw ConfigError(fmt::format("objective.masking: replace, keep and random must add up to 1, got {}", config.replace + config.keep + config.random));
  }
  ALBERT_CHECK(roles_.size() == static_cast<size_t>(vocabulary.size), "word_roles has {} entries", roles_.size());
  for (WordRole& role : roles_) {
    if (!config.whole_word && role != WordRole::separates) role = WordRole::alone;
  }
  const SpecialTokens& special = vocabulary.special;
  for (const int32_t id : {special.pad, special.cls, special.sep, special.mask}) {
    ALBERT_CHECK(id >= 0 && id < vocabulary.size, "special id {} of a vocabulary of {}", id, vocabulary.size);
    roles_[static_cast<size_t>(id)] = WordRole::separates;
  }
  double total = 0;
  for (int64_t n = 1; n <= config.max_ngram; ++n) {
    total += 1.0 / static_cast<double>(config.favor_shorter ? n : config.max_ngram + 1 - n);
    cumulative_.push_back(total);
  }
  for (double& value : cumulative_) value /= total;
}

/// Pairs (begin, end) of the units, in order. In the released code a piece that continues a word after [SEP] (a cut can leave one)
/// joins the last word before it; here it begins a unit of its own.
std::vector<int32_t> Masker::find_units(const std::vector<int32_t>& ids) const {
  std::vector<int32_t> units;
  units.reserve(2 * ids.size());
  bool may_continue = false;
  for (size_t i = 0; i < ids.size(); ++i) {
    // A store that was opened without verifying it may hold anything.
    if (static_cast<size_t>(ids[i]) >= roles_.size()) {
      throw DataError(fmt::format("expected piece ids below {}, got {}; the token store is damaged, or of another tokenizer", roles_.size(), ids[i]));
    }
    const WordRole role = roles_[static_cast<size_t>(ids[i])];
    const auto position = static_cast<int32_t>(i);
    if (role == WordRole::continues && may_continue) {
      units.back() = position + 1;
    } else if (role != WordRole::separates) {
      units.insert(units.end(), {position, position + 1});
    }
    may_continue = role == WordRole::starts || role == WordRole::continues;
  }
  return units;
}

int64_t Masker::draw_length(RandomStream& random) const {
  const double u = random.uniform();
  int64_t n = 1;
  while (n < config_.max_ngram && u >= cumulative_[static_cast<size_t>(n - 1)]) ++n;
  return n;
}

int32_t Masker::draw_input(int32_t id, RandomStream& random) const {
  const double u = random.uniform();
  if (u < config_.replace) return mask_id_;
  if (u < config_.replace + config_.keep) return id;
  if (replacements_.empty()) return static_cast<int32_t>(random.below(roles_.size()));
  return replacements_[random.below(replacements_.size())];
}

MaskedSequence Masker::mask(std::vector<int32_t>& ids, RandomStream& random, const std::optional<double>& probability) const {
  MaskingConfig config = config_;
  config.probability = probability.value_or(config_.probability);
  const std::vector<int32_t> units = find_units(ids);
  const auto num_units = static_cast<int64_t>(units.size() / 2);
  const int64_t budget = masking_budget(config, static_cast<int64_t>(ids.size()));
  std::vector<int32_t> order(static_cast<size_t>(num_units));
  std::iota(order.begin(), order.end(), 0);
  std::vector<uint8_t> is_covered(static_cast<size_t>(num_units));
  std::vector<int32_t> prefix(static_cast<size_t>(num_units) + 1);  // pieces in the units before
  for (size_t u = 0; u < static_cast<size_t>(num_units); ++u) prefix[u + 1] = prefix[u] + units[2 * u + 1] - units[2 * u];

  int64_t num_masked = 0;
  // The shuffle goes only as far as units are needed.
  for (int64_t visited = 0; visited < num_units && num_masked < budget; ++visited) {
    std::swap(order[static_cast<size_t>(visited)],
              order[static_cast<size_t>(visited) + random.below(static_cast<uint64_t>(num_units - visited))]);
    const int64_t unit = order[static_cast<size_t>(visited)];
    const auto pieces = [&](int64_t n) {
      return prefix[static_cast<size_t>(std::min(unit + n, num_units))] - prefix[static_cast<size_t>(unit)];
    };
    int64_t n = draw_length(random);
    while (n > 1 && num_masked + pieces(n) > budget) --n;
    if (num_masked + pieces(n) > budget) continue;
    const auto begin = is_covered.begin() + unit;
    const auto end = is_covered.begin() + std::min(unit + n, num_units);
    if (std::find(begin, end, uint8_t{1}) != end) continue;
    std::fill(begin, end, uint8_t{1});
    num_masked += pieces(n);
  }

  MaskedSequence masked;
  masked.positions.reserve(static_cast<size_t>(num_masked));
  masked.targets.reserve(static_cast<size_t>(num_masked));
  for (size_t u = 0; u < is_covered.size(); ++u) {
    if (is_covered[u] == 0) continue;
    for (int32_t position = units[2 * u]; position < units[2 * u + 1]; ++position) {
      int32_t& id = ids[static_cast<size_t>(position)];
      masked.positions.push_back(position);
      masked.targets.push_back(id);
      id = draw_input(id, random);
    }
  }
  return masked;
}

}  // namespace albert
