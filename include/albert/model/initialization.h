// First values of parameters, as Google's code draws them.
#pragma once

#include <albert/model/encoder_io.h>

#include <cstdint>
#include <vector>

namespace albert {

/// Biases 0, LayerNorm weights 1, all else from a normal distribution of standard deviation `stddev` cut at two deviations (draws
/// outside are drawn again; google-research/albert modeling.py create_initializer). A value is a function of (seed, name of the
/// parameter, index): it depends neither on device, order nor threads.
void initialize(const std::vector<NamedParameter>& parameters, double stddev, uint64_t seed);

}  // namespace albert
