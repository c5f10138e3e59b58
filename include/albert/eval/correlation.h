// Pearson's and Spearman's correlation (STS-B).
#pragma once

#include <span>

namespace albert {

/// Pearson's product-moment correlation, in [-1, 1]. Two passes with scaled deviations, so that neither a large mean nor large
/// values cost digits. NaN, as scipy.stats.pearsonr, where it is undefined: an input whose values are all equal, a value that is
/// not finite; and for fewer than two pairs. Throws InternalError when the lengths differ.
double pearson(std::span<const double> x, std::span<const double> y);

/// Spearman's rank correlation: Pearson's of the ranks, ties sharing the mean of their ranks (scipy.stats.spearmanr). NaN for an
/// input whose values are all equal, with a NaN among the values, and for fewer than two pairs. Throws InternalError when the
/// lengths differ.
double spearman(std::span<const double> x, std::span<const double> y);

}  // namespace albert
