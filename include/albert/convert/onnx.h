// A model as an ONNX file (opset 17), for runtimes that know neither LibTorch nor us.
//
//   write_onnx("model.onnx", {.shape = config.shape, .head = onnx_head_of(config.architecture, where), .where = where}, arrays);
//
// Inputs: input_ids, attention_mask, token_type_ids, int64 [batch_size, sequence_length], both dynamic; of multiple choice
// [batch_size, num_choices, sequence_length]. Outputs are named as the exporter of Hugging Face's `optimum` does, fp32.
#pragma once

#include <albert/io/named_tensors.h>
#include <albert/model/albert_config.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace albert {

/// What the file computes.
enum class OnnxHead {
  encoder,             ///< last_hidden_state [batch, sequence, hidden], and pooler_output [batch, hidden] where there is a pooler
  pretraining,         ///< prediction_logits [batch, sequence, vocab]; sop_logits [batch, 2] (BERT: seq_relationship_logits)
  masked_lm,           ///< logits [batch, sequence, vocab]
  sequence,            ///< logits [batch, labels]: classes, labels or regressed values
  token,               ///< logits [batch, sequence, labels]
  question_answering,  ///< start_logits, end_logits [batch, sequence]
  question_answering_beam,  ///< the five best starts, the five best ends of each, whether there is no answer (docs/formats.md)
  multiple_choice,     ///< logits [batch, choices]
};

/// The head of a class that config.json names; the bare encoder where it names none. Throws ConfigError, which begins with
/// `where`, for an unknown class.
OnnxHead onnx_head_of(std::string_view architecture, std::string_view where);

struct OnnxModel {
  AlbertConfig shape{};
  OnnxHead head = OnnxHead::encoder;
  std::string where{};  ///< begins error texts: what holds the weights
};

/// Writes the file in one go, and renames it into place when it is whole. `weights`: by parameter name (parameter_name()), linear
/// layers [out, in], any floating type; they become fp32. Each parameter stands once in the file, however many layers use it;
/// what the head does not read is left out. Dropout is that of use: none. Needs memory for one parameter beside `weights`. Throws
/// IoError for a parameter that is missing, of another shape or type, and for a model of more than 2 GiB, which is all that an
/// ONNX file can hold.
void write_onnx(const std::filesystem::path& path, const OnnxModel& model, const io::NamedArrays& weights);

}  // namespace albert
