#include "task_golden.h"

#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/initialization.h>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace albert::testing {

at::Tensor TaskGolden::packed(const std::string& name) const { return tensors.at(name).flatten(0, 1).index_select(0, real_rows); }

TaskGolden load_task_golden(const std::string& name) {
  const auto path = golden_folder() / ("task_" + name + ".safetensors");
  const auto file = io::SafetensorsFile::open(path);
  TaskGolden result;
  result.config = read_config_json(file.metadata().at("config"), path.string());
  result.head = task_head_of(result.config).value();
  const AlbertConfig& shape = result.config.shape;
  io::NamedArrays weights;
  for (const auto& [key, array] : file.arrays()) {
    if (key.starts_with("weight/")) {
      weights.emplace(key.substr(7), array);
    } else if (key.starts_with("gradient/")) {
      result.gradients.emplace(parameter_name(key.substr(9), shape), tensor_view(array).clone());
    } else {
      result.tensors.emplace(key, tensor_view(array).clone());
    }
  }
  result.model = TaskModel(shape, result.head);
  const ImportRules rules = task_import_rules(result.config, result.head, HeadTransfer::keep, path.string());
  import_arrays(weights, parameters_by_name(*result.model), shape, rules, path.string());
  result.model->parameters_changed();

  const at::Tensor& ids = result.tensors.at("ids");
  const at::Tensor& lengths = result.tensors.at("lengths");
  result.input = pack(ids, result.tensors.at("segments"), lengths);
  result.real_rows = at::arange(ids.size(1)).unsqueeze(0).lt(lengths.unsqueeze(1)).flatten().nonzero().squeeze(1);
  return result;
}

bool is_zero_gradient(const TaskGolden& golden, const std::string& name) {
  if (is_key_bias(name)) return true;
  switch (golden.head.head) {
    case TaskHead::sequence:
    case TaskHead::token:
      return false;
    case TaskHead::multiple_choice:
      return name == "classifier.bias";
    case TaskHead::question_answering: {
      // The last LayerNorm of an unshared encoder shifts all scores alike.
      const int64_t last = golden.config.shape.num_hidden_groups - 1;
      const std::string block = "albert.encoder.albert_layer_groups." + std::to_string(last) + ".albert_layers.0.";
      const bool is_unshared = golden.config.shape.architecture == Architecture::bert;
      return name == "qa_outputs.bias" || (is_unshared && name == block + "full_layer_layer_norm.bias");
    }
    case TaskHead::question_answering_beam:
      return name == "start_logits.dense.bias" || name == "end_logits.dense_1.bias" || name == "end_logits.LayerNorm.bias";
  }
  return false;
}

TaskModel random_task_model(const AlbertConfig& config, const TaskHeadOptions& head, uint64_t seed) {
  TaskModel model(config, head);
  constexpr double kLively = 0.16;
  initialize(parameters_by_name(*model), kLively, seed);
  const at::NoGradGuard no_gradient;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (tensor.dim() == 1) tensor.add_(at::randn(tensor.sizes(), generator), 0.1);
  }
  return model;
}

}  // namespace albert::testing
