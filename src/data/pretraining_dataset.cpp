#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/pretraining_dataset.h>

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <utility>

namespace albert {

KeyedPermutation::KeyedPermutation(uint64_t size, uint64_t key) : size_(size) {
  constexpr uint64_t kRounds = 6;
  const auto bits = static_cast<unsigned>(std::bit_width(std::max<uint64_t>(size, 2) - 1));
  half_bits_ = (bits + 1) / 2;
  for (uint64_t i = 0; i < kRounds; ++i) keys_.push_back(mix_seed(key, "permutation", i));
}

uint64_t KeyedPermutation::round_trip(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_;
  uint64_t right = value & mask;
  for (const uint64_t key : keys_) {
    uint64_t mixed = (right + key) * 0x9E3779B97F4A7C15ULL;  // the multiplication and shifts of SplitMix64
    mixed = (mixed ^ (mixed >> 32U)) * 0xBF58476D1CE4E5B9ULL;
    mixed ^= mixed >> 29U;
    left = std::exchange(right, left ^ (mixed & mask));
  }
  return (left << half_bits_) | right;
}

uint64_t KeyedPermutation::operator()(uint64_t index) const {
  ALBERT_CHECK(index < size_, "index {} of {}", index, size_);
  uint64_t value = round_trip(index);
  while (value >= size_) value = round_trip(value);  // at most four times on average
  return value;
}

struct PretrainingDataset::Impl {
  struct Epoch {
    int64_t number = 0;
    std::vector<Chunk> chunks;
    std::optional<KeyedPermutation> order;
  };

  Impl(std::shared_ptr<const TokenStore> s, SpanList list, Masker m, const SpecialTokens& tokens, Options o)
      : store(std::move(s)), spans(std::move(list)), options(std::move(o)), masker(std::move(m)), special(tokens) {}

  std::shared_ptr<const Epoch> epoch(int64_t number);
  void require_examples();

  std::shared_ptr<const TokenStore> store;
  SpanList spans;
  Options options;
  Masker masker;
  SpecialTokens special;
  std::mutex mutex;
  std::vector<std::shared_ptr<const Epoch>> recent;  // at most two, the last used at the back
  std::map<int64_t, int64_t> counts;                 // examples by epoch
};

std::shared_ptr<const PretrainingDataset::Impl::Epoch> PretrainingDataset::Impl::epoch(int64_t number) {
  const std::scoped_lock lock(mutex);
  const auto found = std::find_if(recent.begin(), recent.end(), [&](const auto& e) { return e->number == number; });
  if (found != recent.end()) {
    std::rotate(found, found + 1, recent.end());
    return recent.back();
  }
  if (recent.size() == 2) recent.erase(recent.begin());
  auto made = std::make_shared<Epoch>();
  made->number = number;
  const auto key = static_cast<uint64_t>(number);
  made->chunks = draw_chunks(*store, spans, options.segments, options.visits, options.seed, key);
  made->order.emplace(made->chunks.size(), mix_seed(options.seed, "order", key));
  counts[number] = static_cast<int64_t>(made->chunks.size());
  recent.push_back(std::move(made));
  return recent.back();
}

/// Whether an objective has anything to learn from is decided by the text, not by chance: by its spans.
void PretrainingDataset::Impl::require_examples() {
  int64_t longest = 0;
  for (size_t i = 0; i < spans.size(); ++i) longest = std::max(longest, spans[i].num_sentences);
  const int64_t needed = options.segments.order == SentenceOrder::sop ? 2 : 1;
  if (longest < needed) {
    throw DataError(fmt::format("{}: no document is long enough: objective.sentence_order {} needs one of at least {} sentences, the longest "
                                "has {}; check format and document_boundary of data.sources", store->path().string(),
                                config::enum_name(options.segments.order), needed, longest));
  }
}

PretrainingDataset::PretrainingDataset(std::shared_ptr<const TokenStore> store, SpanList spans, const Vocabulary& vocabulary, Options options)
    : impl_(std::make_unique<Impl>(std::move(store), std::move(spans), Masker(options.masking, vocabulary), vocabulary.special, options)) {
  ALBERT_CHECK(impl_->store->vocab_size() == vocabulary.size, "a store of {} pieces and a vocabulary of {}", impl_->store->vocab_size(),
               vocabulary.size);
  impl_->require_examples();
}
PretrainingDataset::PretrainingDataset(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PretrainingDataset::PretrainingDataset(PretrainingDataset&&) noexcept = default;
PretrainingDataset& PretrainingDataset::operator=(PretrainingDataset&&) noexcept = default;
PretrainingDataset::~PretrainingDataset() = default;

int64_t PretrainingDataset::examples_per_epoch(int64_t epoch) const {
  {
    const std::scoped_lock lock(impl_->mutex);
    if (const auto found = impl_->counts.find(epoch); found != impl_->counts.end()) return found->second;
  }
  const Impl& s = *impl_;
  const int64_t count = count_chunks(*s.store, s.spans, s.options.segments, s.options.visits, s.options.seed, static_cast<uint64_t>(epoch));
  const std::scoped_lock lock(impl_->mutex);
  impl_->counts[epoch] = count;
  return count;
}

PretrainingDataset::Place PretrainingDataset::place(int64_t cursor) const {
  Place place{0, cursor};
  for (;; ++place.epoch) {
    const int64_t count = examples_per_epoch(place.epoch);
    if (place.index < count) return place;
    place.index -= count;
  }
}

PretrainingExample PretrainingDataset::example(int64_t epoch, int64_t index, const std::optional<double>& masking_probability) const {
  const std::shared_ptr<const Impl::Epoch> drawn = impl_->epoch(epoch);
  const Chunk& chunk = drawn->chunks[(*drawn->order)(static_cast<uint64_t>(index))];
  RandomStream random(impl_->options.seed, "example", static_cast<uint64_t>(epoch), static_cast<uint64_t>(index));
  const SegmentPair pair = draw_segments(*impl_->store, impl_->spans, chunk, impl_->options.segments, random);
  PretrainingExample example;
  example.ids.reserve(pair.first.size() + pair.second.size() + 3);
  example.ids.push_back(impl_->special.cls);
  example.ids.insert(example.ids.end(), pair.first.begin(), pair.first.end());
  example.ids.push_back(impl_->special.sep);
  example.first_length = static_cast<int32_t>(example.ids.size());
  if (!pair.second.empty()) {
    example.ids.insert(example.ids.end(), pair.second.begin(), pair.second.end());
    example.ids.push_back(impl_->special.sep);
  }
  example.order_label = pair.order_label;
  example.masked = impl_->masker.mask(example.ids, random, masking_probability);
  return example;
}

PretrainingDataset PretrainingDataset::with_length(int64_t max_length) const {
  Options options = impl_->options;
  options.segments.max_length = max_length;
  return PretrainingDataset(std::make_unique<Impl>(impl_->store, impl_->spans, impl_->masker, impl_->special, std::move(options)));
}

const TokenStore& PretrainingDataset::store() const { return *impl_->store; }
uint64_t PretrainingDataset::seed() const { return impl_->options.seed; }
int64_t PretrainingDataset::max_length() const { return impl_->options.segments.max_length; }

PretrainingData make_pretraining_data(std::shared_ptr<const TokenStore> store, const Vocabulary& vocabulary, const DataConfig& data,
                                      const ObjectiveConfig& objective, uint64_t seed) {
  PretrainingDataset::Options options;
  options.segments = {data.max_length, data.short_sequence_probability, objective.sentence_order};
  options.masking = objective.masking;
  options.seed = seed;
  const bool is_weighted = std::any_of(data.sources.begin(), data.sources.end(), [](const auto& source) { return source.weight != 1.0; });
  if (is_weighted) {
    for (const DataSourceConfig& source : data.sources) options.visits.push_back(source.weight);
  }
  const auto validation_seed = static_cast<uint64_t>(data.validation_seed);
  CorpusSplit split = split_corpus(*store, data.validation_fraction, data.max_length, validation_seed);
  PretrainingData result{PretrainingDataset(store, std::move(split.train), vocabulary, options), std::nullopt, split.rule};
  if (split.rule != SplitRule::nothing_held_out) {
    options.visits.clear();
    options.masking.probability = objective.masking.end_probability.value_or(objective.masking.probability);
    options.seed = mix_seed(validation_seed, "validation examples");
    try {
      result.validation.emplace(store, std::move(split.validation), vocabulary, options);
    } catch (const DataError& error) {
      throw DataError(fmt::format("{}; this is the part that is held out: raise data.validation_fraction, now {}", error.what(), data.validation_fraction));
    }
  }
  return result;
}

}  // namespace albert
