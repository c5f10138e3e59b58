// albert SUBCOMMAND: everything on a model folder or a run.
#include <albert/base/log.h>
#include <albert/cli/run_main.h>
#include <albert/cli/tool.h>
#include <albert/recipes/config_files.h>
#include <albert/recipes/config_templates.h>
#include <albert/recipes/convert.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/inspect.h>
#include <albert/recipes/predict.h>
#include <albert/recipes/predict_tensors.h>
#include <albert/recipes/pretrain_config.h>

#include <iostream>

namespace {

using albert::ExitCode;
using albert::cli::PredictAction;

constexpr int64_t kDefaultTopK = 5;

ExitCode tokenize(const albert::cli::TokenizeArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  albert::tokenize_lines(arguments.model, arguments.pieces ? albert::TokenizeOutput::pieces : albert::TokenizeOutput::ids, std::cin, std::cout);
  return ExitCode::done;
}

ExitCode print_reference(const albert::cli::ToolArguments& /*arguments*/) {
  std::cout << albert::pretrain_reference() << '\n' << albert::finetune_reference();
  return ExitCode::done;
}

ExitCode inspect(const albert::cli::InspectArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  albert::inspect({.path = arguments.path,
                   .other = arguments.diff,
                   .format = arguments.json ? albert::InspectFormat::json : albert::InspectFormat::text,
                   .depth = arguments.verify ? albert::InspectDepth::checksums : albert::InspectDepth::headers},
                  std::cout);
  return ExitCode::done;
}

ExitCode convert(const albert::cli::ConvertArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  albert::convert_model({.source = arguments.source,
                         .target = arguments.target,
                         .strictness = arguments.lenient ? albert::Strictness::lenient : albert::Strictness::exact,
                         .architecture = arguments.architecture,
                         .num_attention_heads = arguments.num_attention_heads,
                         .try_heads = arguments.try_heads,
                         .text = arguments.text,
                         .device = arguments.device},
                        std::cout);
  return ExitCode::done;
}

ExitCode print_config(const albert::cli::ConfigArguments& arguments) {
  const auto origins = arguments.origins ? albert::ShowOrigins::yes : albert::ShowOrigins::no;
  std::cout << albert::resolved_config(arguments.path, albert::config::Overrides(arguments.set), origins);
  return ExitCode::done;
}

ExitCode print_schema(const albert::cli::ConfigSchemaArguments& arguments) {
  std::cout << albert::config_schema(arguments.program == "train" ? albert::ConfigProgram::train : albert::ConfigProgram::finetune);
  return ExitCode::done;
}

ExitCode write_new(const albert::cli::NewArguments& arguments) {
  if (arguments.list) {
    std::cout << albert::template_list();
  } else {
    albert::write_template(albert::find_template(arguments.name), arguments.file(), std::cout);
  }
  return ExitCode::done;
}

ExitCode predict(const albert::cli::PredictArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  const auto action = arguments.action();
  albert::PredictOptions options{.model = arguments.model,
                                 .input = arguments.input,
                                 .output = arguments.output,
                                 .format = arguments.format.value_or("auto"),
                                 .columns = arguments.named_columns(),
                                 .file = {arguments.file.begin(), arguments.file.end()},
                                 .device = arguments.device};
  options.batch_tokens = arguments.batch_tokens.value_or(options.batch_tokens);
  switch (action) {
    case PredictAction::task: albert::predict_task(options, std::cout); break;
    case PredictAction::fill_mask: albert::predict_masks(options, arguments.top_k.value_or(kDefaultTopK), std::cout); break;
    case PredictAction::embeddings:
      albert::predict_embeddings(options,
                                 {.pooling = arguments.embeddings == "cls" ? albert::EmbeddingPooling::cls : albert::EmbeddingPooling::mean,
                                  .tensors = arguments.tensors},
                                 std::cout);
      break;
    case PredictAction::tensors:
      albert::predict_tensors({.model = arguments.model, .ids = arguments.ids, .tensors = *arguments.tensors, .device = arguments.device}, std::cin);
      break;
  }
  return ExitCode::done;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return albert::cli::run_main([&] {
    return albert::cli::run_tool(argc, argv, std::cout,
                                 {
                                     albert::cli::subcommand<albert::cli::TokenizeArguments>(
                                         "tokenize", "lines of standard input to token ids, one line each", tokenize),
                                     albert::cli::subcommand<albert::cli::PredictArguments>(
                                         "predict", "answers of a fine-tuned model, pieces for [MASK], embeddings, or all tensors of a model", predict),
                                     albert::cli::subcommand<albert::cli::InspectArguments>(
                                         "inspect", "what a model, a run, a checkpoint or a token store is, and how two of them differ", inspect),
                                     albert::cli::subcommand<albert::cli::ConvertArguments>(
                                         "convert", "a checkpoint of others or of a run to a folder that transformers loads, or to ONNX", convert),
                                     albert::cli::subcommand<albert::cli::NewArguments>(
                                         "new", "writes a configuration to start from", write_new),
                                     albert::cli::subcommand<albert::cli::ConfigArguments>(
                                         "config", "the resolved configuration of a file or a run, and where each value comes from", print_config),
                                     albert::cli::subcommand<albert::cli::ConfigSchemaArguments>(
                                         "config-schema", "JSON Schema of the configurations, for editors", print_schema),
                                     albert::cli::subcommand<albert::cli::ToolArguments>(
                                         "config-reference", "all options of the configurations, as Markdown", print_reference),
                                 });
  });
}
