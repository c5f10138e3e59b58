#include <albert/cli/arguments.h>
#include <albert/cli/tool.h>

#include "cli/option_errors.h"

namespace albert::cli {
namespace {

constexpr auto kPredictFooter = R"(Writes one JSON object a line, in the order of the input (docs/formats.md).
Input by default, or with a name that ends in .txt:
  one text               one text a line
  pairs of texts         two texts a line, parted by a tab
  token classification   one sentence a line, words parted by blanks
  question answering     one JSON object a line: question, context, id (may be left out)
  multiple choice        one JSON object a line: question, options, context and id (may be left out)
With a name that ends in .csv, .tsv, .json, .jsonl, .conll or .conllu, or --format: the columns of the training data, or --column.)";

constexpr auto kInspectFooter = R"(PATH is a model folder (ours or Hugging Face's), the folder of a run, a checkpoint, a token store (its folder or tokens.store),
a .safetensors or a spiece.model. Only headers are read; nothing is written. The keys of --json: docs/formats-inspect.md.
The exit code is 0 whether --diff finds differences or not; the line 'equal' tells.)";

constexpr auto kConvertFooter = R"(SOURCE is a folder of Hugging Face (model.safetensors in one file or in shards; any Albert or Bert class that this program
trains), a model folder, a checkpoint or the folder of a run of ours, or a checkpoint, an archive (albert_base_v2.tar.gz) or a
TF-Hub module of Google's ALBERT. TARGET is a folder that is not there yet, or NAME.onnx.
A folder loads in transformers; tensors keep their bits. A pytorch_model.bin is never read: the error tells how to
convert it. docs/formats.md has the details.)";

/// CLI11 has seen to it that it is a number.
void require_positive(std::string_view option, const std::string& text) {
  if (text.starts_with('-') || text.find_first_not_of('0') == std::string::npos) {
    throw ConfigError(fmt::format("{}: must be at least 1, got {}", option, text));
  }
}

CLI::Option* add_model(CLI::App& app, std::filesystem::path& model, const std::string& help) {
  return app.add_option("MODEL", model, help)->type_name("PATH")->required();
}

/// Options of DataFileConfig, with the same values.
void add_file_options(CLI::App& app, std::map<std::string, std::string>& file) {
  const auto add = [&](const std::string& option, const std::string& key, const std::string& type, const std::string& help) {
    app.add_option_function<std::string>(option, [&file, key](const std::string& value) { file[key] = value; }, help)->type_name(type);
  };
  add("--encoding", "encoding", "NAME", "Of the input: utf-8, latin-1 or utf-16 (default: utf-8, or what the files of the model's named task have)");
  add("--invalid-rows", "invalid_rows", "error|skip", "A row that cannot be read: error, or skip it with a warning (default: error)");
  add("--header", "header", "auto|present|absent", "Whether the first row of csv or tsv names the columns (default: auto)");
  add("--quoting", "quoting", "auto|csv|none", "What a double quote means in csv or tsv (default: auto)");
  add("--separator", "separator", "C", "Character between columns (default: the comma of csv, the tab of tsv)");
}

}  // namespace

void declare_options(CLI::App& app, ToolArguments& arguments) {
  app.add_option("--log-level", arguments.log_level, "trace, debug, info, warning, error or off (default: info)")->type_name("LEVEL");
}

void declare_options(CLI::App& app, TokenizeArguments& arguments) {
  add_model(app, arguments.model, "Model folder, or a spiece.model");
  app.add_flag("--pieces", arguments.pieces, "Print the pieces instead of their ids");
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, PredictArguments& arguments) {
  app.footer(kPredictFooter);
  add_model(app, arguments.model, "Model folder; for answers a fine-tuned one");
  app.add_option("--input", arguments.input, "File to read; .gz and .zst are decompressed (default: standard input)")->type_name("FILE");
  app.add_option("--output", arguments.output, "File to write, which appears when it is whole (default: standard output)")->type_name("FILE");
  app.add_option("--format", arguments.format,
                 "auto, text, text_pairs, csv, tsv, jsonl, json, labelled_lines, conll, conllu, snips or race (default: auto, see below)")
      ->type_name("NAME");
  app.add_option("--column", arguments.columns,
                 "Where a part of an example stands: text, text_pair, id, token, question, context or options; may be repeated")
      ->type_name("NAME=COLUMN")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  add_file_options(app, arguments.file);
  app.add_option("--batch-tokens", arguments.batch_tokens, "Tokens that are computed at once (default: 8192)")
      ->type_name("N")
      ->each([](const std::string& text) { require_positive("--batch-tokens", text); });
  app.add_flag("--fill-mask", arguments.fill_mask, "The most probable pieces for each [MASK] of a text");
  app.add_option("--top-k", arguments.top_k, "Pieces for each mask (default: 5)")->type_name("K")->each([](const std::string& text) {
    require_positive("--top-k", text);
  });
  app.add_option("--embeddings", arguments.embeddings,
                 "A vector for each text: mean (of all tokens, [CLS] and [SEP] included) or cls (the last hidden state of [CLS])")
      ->type_name("mean|cls")
      ->each([](const std::string& name) {
        if (name != "mean" && name != "cls") throw ConfigError(fmt::format("--embeddings: must be mean or cls, got '{}'", name));
      });
  app.add_option("--tensors", arguments.tensors,
                 "safetensors to write: hidden states, pooled, logits of all lines at once; with --embeddings the vectors")
      ->type_name("FILE");
  app.add_option("--ids", arguments.ids,
                 "With --tensors: safetensors with ids, segments [batch, length] and lengths [batch] (default: standard input)")
      ->type_name("FILE");
  app.add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N (default: auto)")
      ->type_name("D")
      ->each([](const std::string& name) { check_device_name("--device", name); });
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, InspectArguments& arguments) {
  app.footer(kInspectFooter);
  app.add_option("PATH", arguments.path, "What to look at, see below")->type_name("PATH")->required();
  app.add_option("--diff", arguments.diff, "Tell how it differs from another one of the same kind; tensors are compared one by one")
      ->type_name("OTHER");
  app.add_flag("--json", arguments.json, "Print one JSON object");
  app.add_flag("--verify", arguments.verify, "Also check every byte that has a checksum: checkpoints, token stores");
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, ConvertArguments& arguments) {
  app.footer(kConvertFooter);
  app.add_option("SOURCE", arguments.source, "What to read, see below")->type_name("PATH")->required();
  app.add_option("TARGET", arguments.target, "Folder, or NAME.onnx, to write")->type_name("PATH")->required();
  app.add_flag("--lenient", arguments.lenient, "Leave out tensors that the model has not, and start anew those that are missing or of another shape");
  app.add_option("--class", arguments.architecture, "Take it for a model of this class of transformers (AlbertForMultipleChoice, ...)")->type_name("NAME");
  app.add_option("--num-attention-heads", arguments.num_attention_heads, "In place of the number in config.json, which the weights do not tell")
      ->type_name("N")
      ->each([](const std::string& text) { require_positive("--num-attention-heads", text); });
  app.add_option("--try-heads", arguments.try_heads, "Numbers of heads, of which the one is kept that predicts masked pieces of --text best")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->each([](const std::string& text) { require_positive("--try-heads", text); });
  app.add_option("--text", arguments.text, "Text for --try-heads, one a line")->type_name("FILE");
  app.add_option("--device", arguments.device, "Of --try-heads: auto, cpu, cuda or cuda:N (default: auto)")
      ->type_name("D")
      ->each([](const std::string& name) { check_device_name("--device", name); });
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

PredictAction PredictArguments::action() const {
  const auto refuse = [](const std::string& option, bool is_given, const std::string& why) {
    if (is_given) throw ConfigError(fmt::format("{}: must not be given {}", option, why));
  };
  refuse("--fill-mask, --embeddings", fill_mask && embeddings, "together");
  refuse("--fill-mask, --tensors", fill_mask && tensors, "together");
  refuse("--embeddings, --tensors, --output", embeddings && tensors && output, "together");
  refuse("--top-k", top_k && !fill_mask, "without --fill-mask");
  refuse("--ids", ids && (!tensors || embeddings), "without --tensors, or with --embeddings");
  if (fill_mask) return PredictAction::fill_mask;
  if (embeddings) return PredictAction::embeddings;
  if (!tensors) return PredictAction::task;
  const std::string alone = "with --tensors, unless with --embeddings";
  refuse("--input", input.has_value(), alone);
  refuse("--output", output.has_value(), alone);
  refuse("--format", format.has_value(), alone);
  refuse("--column", !columns.empty(), alone);
  refuse("--encoding, --invalid-rows, --header, --quoting, --separator", !file.empty(), alone);
  refuse("--batch-tokens", batch_tokens.has_value(), alone);
  return PredictAction::tensors;
}

std::vector<std::pair<std::string, std::string>> PredictArguments::named_columns() const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& text : columns) {
    const auto end = text.find('=');
    if (end == 0 || end == std::string::npos || end + 1 == text.size()) {
      throw ConfigError(fmt::format("--column: must be NAME=COLUMN, got '{}'", text));
    }
    pairs.emplace_back(text.substr(0, end), text.substr(end + 1));
  }
  return pairs;
}

ExitCode run_tool(int argc, const char* const* argv, std::ostream& out, const std::vector<Subcommand>& subcommands) {
  CLI::App app("Works on model folders and runs. 'albert SUBCOMMAND --help' tells more.", "albert");
  prepare(app);
  std::vector<std::pair<const CLI::App*, std::function<ExitCode()>>> runs;
  std::vector<std::string> names;
  for (const auto& subcommand : subcommands) {
    auto* parser = app.add_subcommand(subcommand.name, subcommand.help);
    prepare(*parser);
    runs.emplace_back(parser, subcommand.declare(*parser));
    names.push_back(subcommand.name);
  }
  if (!parse_or_print(app, argc, argv, out)) return ExitCode::done;
  for (const auto& [parser, run] : runs) {
    if (parser->parsed()) return run();
  }
  throw ConfigError(fmt::format("albert: must be given one of {}; see albert --help", fmt::join(names, ", ")));
}

}  // namespace albert::cli
