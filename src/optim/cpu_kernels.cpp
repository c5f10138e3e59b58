#include "optim/cpu_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace albert::cpu {
namespace {

/// 64 KiB a buffer: four of them stay in the second-level cache, and a base model has some 700 chunks for the threads.
constexpr int64_t kChunkElements = 16'384;

void update_moments(const Chunk& chunk, const Buffers& buffers, const Direction& d) {
  const float* __restrict g = buffers.gradients;
  float* __restrict m = buffers.first_moments;
  float* __restrict v = buffers.second_moments;
  for (int64_t i = chunk.begin; i < chunk.end; ++i) {
    m[i] = d.beta1 * m[i] + d.one_minus_beta1 * g[i];
    v[i] = d.beta2 * v[i] + d.one_minus_beta2 * (g[i] * g[i]);
  }
}

inline float direction_of(float w, float m, float v, const Direction& d, float decay) {
  return m * d.correction1 / (std::sqrt(v) * d.correction2 + d.epsilon) + decay * w;
}

void apply(const Chunk& chunk, const Buffers& buffers, const Direction& d, float decay, float rate) {
  float* __restrict w = buffers.weights;
  const float* __restrict m = buffers.first_moments;
  const float* __restrict v = buffers.second_moments;
  for (int64_t i = chunk.begin; i < chunk.end; ++i) w[i] -= rate * direction_of(w[i], m[i], v[i], d, decay);
}

/// Sums of squares in lanes of their own, so that the compiler may use vector registers without changing the order.
constexpr size_t kLanes = 8;
using Lanes = std::array<double, kLanes>;

double total(const Lanes& lanes) {
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

template <typename Square>
double sum_in_lanes(int64_t begin, int64_t end, const Square& square) {
  Lanes lanes{};
  int64_t i = begin;
  for (; i + static_cast<int64_t>(kLanes) <= end; i += static_cast<int64_t>(kLanes)) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += square(i + static_cast<int64_t>(lane));
  }
  for (size_t lane = 0; i < end; ++i, ++lane) lanes[lane] += square(i);
  return total(lanes);
}

double squared(float value) { return static_cast<double>(value) * static_cast<double>(value); }

SquaredNorms norms_of(const Chunk& chunk, const Buffers& buffers, const Direction& d, float decay) {
  const float* w = buffers.weights;
  const float* m = buffers.first_moments;
  const float* v = buffers.second_moments;
  return {.weights = sum_in_lanes(chunk.begin, chunk.end, [&](int64_t i) { return squared(w[i]); }),
          .direction =
              sum_in_lanes(chunk.begin, chunk.end, [&](int64_t i) { return squared(direction_of(w[i], m[i], v[i], d, decay)); })};
}

template <typename Work>
void for_each_chunk(const std::vector<Chunk>& chunks, const Work& work) {
  at::parallel_for(0, static_cast<int64_t>(chunks.size()), /*grain_size=*/1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) work(static_cast<size_t>(i));
  });
}

}  // namespace

std::vector<Chunk> make_chunks(const std::vector<int64_t>& offsets, const std::vector<int64_t>& sizes) {
  std::vector<Chunk> chunks;
  for (size_t p = 0; p < offsets.size(); ++p) {
    const int64_t end = offsets[p] + sizes[p];
    for (int64_t begin = offsets[p]; begin < end; begin += kChunkElements) {
      chunks.push_back({.begin = begin, .end = std::min(begin + kChunkElements, end), .parameter = static_cast<int64_t>(p)});
    }
  }
  return chunks;
}

void adam_step(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
               const std::vector<float>& decays, const std::vector<float>& rates) {
  for_each_chunk(chunks, [&](size_t i) {
    const auto parameter = static_cast<size_t>(chunks[i].parameter);
    update_moments(chunks[i], buffers, direction);
    apply(chunks[i], buffers, direction, decays[parameter], rates[parameter]);
  });
}

std::vector<SquaredNorms> adam_moments(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
                                       const std::vector<float>& decays) {
  std::vector<SquaredNorms> partial(chunks.size());
  for_each_chunk(chunks, [&](size_t i) {
    update_moments(chunks[i], buffers, direction);
    partial[i] = norms_of(chunks[i], buffers, direction, decays[static_cast<size_t>(chunks[i].parameter)]);
  });
  std::vector<SquaredNorms> norms(decays.size());
  for (size_t i = 0; i < chunks.size(); ++i) {
    SquaredNorms& norm = norms[static_cast<size_t>(chunks[i].parameter)];
    norm.weights += partial[i].weights;
    norm.direction += partial[i].direction;
  }
  return norms;
}

void apply_direction(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
                     const std::vector<float>& decays, const std::vector<float>& rates) {
  for_each_chunk(chunks, [&](size_t i) {
    const auto parameter = static_cast<size_t>(chunks[i].parameter);
    apply(chunks[i], buffers, direction, decays[parameter], rates[parameter]);
  });
}

double sum_of_squares(const float* values, int64_t size) {
  const std::vector<Chunk> chunks = make_chunks({0}, {size});
  std::vector<double> partial(chunks.size());
  for_each_chunk(chunks, [&](size_t i) {
    partial[i] = sum_in_lanes(chunks[i].begin, chunks[i].end, [&](int64_t k) { return squared(values[k]); });
  });
  double sum = 0;
  for (const double value : partial) sum += value;
  return sum;
}

}  // namespace albert::cpu
