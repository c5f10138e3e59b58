// Fused loops over flat fp32 buffers. Work is cut into chunks of a fixed size whose partial sums are added in order, so the
// result does not depend on the number of threads.
#pragma once

#include <cstdint>
#include <vector>

namespace albert::cpu {

/// A run of elements of one parameter in the flat buffers.
struct Chunk {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t parameter = 0;
};

/// Cuts [offset, offset + size) of each parameter into chunks; none holds elements of two parameters.
std::vector<Chunk> make_chunks(const std::vector<int64_t>& offsets, const std::vector<int64_t>& sizes);

/// The direction u = (m c1) / (sqrt(v) c2 + epsilon) + decay w after m and v have taken in the gradient; c1 = c2 = 1 without bias
/// correction.
struct Direction {
  float beta1 = 0;
  float one_minus_beta1 = 0;
  float beta2 = 0;
  float one_minus_beta2 = 0;
  float correction1 = 1;
  float correction2 = 1;
  float epsilon = 0;
};

/// The flat buffers of one optimizer.
struct Buffers {
  float* weights = nullptr;
  const float* gradients = nullptr;
  float* first_moments = nullptr;
  float* second_moments = nullptr;
};

/// Sums of squares of one parameter.
struct SquaredNorms {
  double weights = 0;
  double direction = 0;
};

/// Updates the moments and, by `rates[parameter]`, the weights: w -= rate u. `decays[parameter]` is the factor of w in u.
void adam_step(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
               const std::vector<float>& decays, const std::vector<float>& rates);
/// Updates the moments only, and returns the squared norms of w and u of each parameter.
std::vector<SquaredNorms> adam_moments(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
                                       const std::vector<float>& decays);
/// w -= rate u with the moments as they are.
void apply_direction(const std::vector<Chunk>& chunks, const Buffers& buffers, const Direction& direction,
                     const std::vector<float>& decays, const std::vector<float>& rates);

double sum_of_squares(const float* values, int64_t size);

}  // namespace albert::cpu
