// Layer-wise learning-rate decay for shared weights. It is not in the ALBERT paper: the definitions are ours (docs/decisions).
//
// With blocks shared by all layers, "decay by depth" can mean two things, and both are offered:
//   groups        the learning rate of a parameter follows the depth of its block of distinct parameters
//   applications  application l of the N = layers * inner groups applications contributes d^(N-1-l) of its gradient
// Adam and LAMB cancel a constant factor of a gradient, so `applications` changes the mixture of a shared gradient, not the size
// of the step, and `groups` changes the size of the step.
#pragma once

#include <albert/config/fields.h>
#include <albert/model/albert_config.h>

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

namespace albert {

enum class LayerDecayMode { groups, applications, both };
constexpr auto enum_names(config::EnumTag<LayerDecayMode>) {
  return config::names<LayerDecayMode>(
      {{LayerDecayMode::groups, "groups"}, {LayerDecayMode::applications, "applications"}, {LayerDecayMode::both, "both"}});
}

/// The YAML section `optimizer.layer_decay`. Rate 1 changes nothing, to the bit.
struct LayerDecayConfig {
  double rate = 1.0;
  LayerDecayMode mode = LayerDecayMode::both;

  /// What to pass as EncoderOptions::application_decay.
  [[nodiscard]] double application_rate() const { return mode == LayerDecayMode::groups ? 1.0 : rate; }
};

template <config::Self<LayerDecayConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"rate", "factor d per level of depth, from the heads down; 1 is off",
                      config::Range{.minimum = 0.0, .maximum = 1.0, .minimum_open = true}},
        c.rate);
  visit(config::Field{"mode",
                      "groups: learning rate by distinct block; applications: gradient by application of a shared block; both"},
        c.mode);
}

/// Factor of the learning rate for a parameter (named as in parameters_by_name()). With G groups, N applications and rate d:
///   groups        heads and pooler 1; group g d^(G-g); embedding mapping d^(G+1); embeddings d^(G+2)
///   applications  1
///   both          heads and pooler 1; a block the mean of d^(N-1-l) over its applications l; mapping d^N; embeddings d^(N+1)
/// (the last pairs the shrinking steps with the weighted gradients). Where layers share one half of their blocks, the halves
/// count apart: G is the larger number of sets, and in `groups` the shared half has the mean of d^(G-g) over the levels g that use it.
/// Names outside "albert." are heads.
double learning_rate_multiplier(std::string_view parameter, const AlbertConfig& config, const LayerDecayConfig& decay);

/// Identity whose backward multiplies by `factor`; factor 1 returns x itself.
at::Tensor gradient_scale(const at::Tensor& x, double factor);

}  // namespace albert
