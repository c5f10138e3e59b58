#include "recipes/predict_common.h"

#include <albert/model/device.h>
#include <albert/recipes/task_folder.h>
#include <albert/tasks/finetuning.h>

#include <sstream>
#include <utility>

namespace albert {
namespace {

/// The model's task on the user's input: all that the name of a task implies is settled, so that the name says nothing more.
TaskOptions options_for(const LoadedTaskModel& loaded, const PredictOptions& predict, PredictInput& input) {
  auto options = task_options(loaded.file.task, loaded.file.max_length);
  input = task_input(predict, options);
  options.labels = loaded.task->description().labels;
  options.config.columns = input.columns;
  options.config.question_answering.unanswerable = options.has_unanswerable();
  options.named = nullptr;
  return options;
}

}  // namespace

void predict_task(const PredictOptions& options, std::ostream& out) {
  const auto device = resolve_device(options.device, "--device");
  auto loaded = load_task_model(options.model);
  PredictInput input;
  const auto task = make_task(options_for(loaded, options, input), *loaded.source.tokenizer);
  loaded.model->to(device);
  loaded.model->parameters_changed();
  const auto stream = task->open(input.file);
  PredictOutput output(options.output, out);
  while (const auto set = stream->next(kRowsPerPart)) {
    auto scores = score_instances(*loaded.model, set->instances(), task->description().objective, options.batch_tokens, device);
    std::ostringstream text;
    set->decode(std::move(scores))->write(PredictionFormat::jsonl, text);
    output.write(text.str());
  }
  output.commit();
  warn_of_skipped(stream->skipped(), input);
}

}  // namespace albert
