"""The JSON Schemas of docs/schema against a real validator: check_schema.py."""
import json
import os
import subprocess
import unittest

from harness import SOURCE, ProgramTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
LACKING = not PYTHON or subprocess.run([PYTHON, "-c", "import jsonschema, yaml"], capture_output=True).returncode != 0

# Broken configurations that no schema refuses, by why. All others must be refused.
UNSEEN = {
    "train": {
        "YAML itself, which editors check": "alias duplicate_key duplicate_section syntax_error tab_indentation two_documents",
        "spelling: YAML 1.2 reads a number": "integer_is_octal number_is_infinite number_is_nan",
        "a rule about the text of an option": "boundary_regex_broken boundary_unknown device_unknown duration_percent exclude_regex_broken"
                                              " language_unknown phase_until_hundred_percent phase_until_in_epochs preset_unknown text_key_empty"
                                              " warmup_above_hundred_percent word_separator_empty",
        "a rule across options": "boundary_with_jsonl clamp_with_adamw dropout_given_twice end_learning_rate_above_peak groups_do_not_divide"
                                 " heads_do_not_divide inner_groups_of_bert masking_shares_do_not_add_up max_length_over_positions"
                                 " micro_batch_above_batch min_count_of_given_vocabulary nsp_and_bert_shape phase_masking_beside_end_probability"
                                 " phase_max_length_above_data phase_micro_batch_above_batch phase_until_after_the_end phase_until_does_not_rise"
                                 " phase_until_missing phase_until_of_the_last phase_until_steps_of_a_run_in_epochs separators_alike"
                                 " sharing_attention_of_groups sharing_none_with_groups sharing_of_bert symbols_with_vocab_size"
                                 " vocabulary_of_sentencepiece warmup_longer_than_run",
    },
    "finetune": {
        "a rule about the text of an option": "duration_percent separator_too_long task_name_unknown warmup_above_hundred_percent",
        "a rule about the entries of a list": "class_weights_twice column_names_twice labels_one labels_twice more_validation_named_test"
                                              " more_validation_twice",
        "a rule across options": "beam_without_unanswerable class_weights_of_regression class_weights_without_train column_names_beside_header"
                                 " end_learning_rate_above_peak label_smoothing_of_choices labels_of_regression max_length_below_question"
                                 " micro_batch_above_batch more_validation_without_validation out_of_scope_of_tags"
                                 " overlap_by_default_above_max_length overlap_of_windows_above_max_length patience_without_validation"
                                 " records_of_csv restart_collapsed_without_validation scale_with_batch_by_tokens task_missing task_name_and_type warmup_longer_than_run",
    },
}
FOLDERS = {"train": (("configs/pretrain", "configs/ablation"), "tests/recipes/broken_configs"),
           "finetune": (("configs/finetune",), "tests/recipes/broken_finetune_configs")}
EDITED = """
output: 5
model: {init_from: m, dropout: .5}
task: {type: sequence-classification, labels: [0, 1, true], columns: {text: 2}}
data: {train: {path: t.tsv}, validation: }
loss: {class_weights: {spam: 3, 1: 2.5}}
optimizer: {learning_rate: 1e-3}
training: {batch_size: 1e2, duration: 2.5e1epochs, micro_batch: auto}
schedule:
"""


@unittest.skipIf(LACKING, "ALBERT_TEST_PYTHON names no Python with jsonschema and PyYAML")
class SchemaTest(ProgramTest):
    def refused(self, program, files):
        command = [PYTHON, SOURCE / "tests/integration/check_schema.py", SOURCE / f"docs/schema/albert-{program}.schema.json", *files]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return {file: json.loads(result.stdout)[str(file)] for file in files}

    def write(self, name, text):
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return path

    def test_every_shipped_configuration_is_valid_as_it_is_and_with_all_options(self):
        for program, (shipped, _) in FOLDERS.items():
            files = sorted(file for folder in shipped for file in (SOURCE / folder).glob("*.yaml"))
            self.assertGreater(len(files), 2)
            files += [self.write(file.stem, self.run_program("config", file, program="albert").stdout) for file in files]
            for file, places in self.refused(program, files).items():
                self.assertEqual(places, [], file)

    def test_every_broken_configuration_is_refused_but_those_that_are_listed(self):
        for program, (_, broken) in FOLDERS.items():
            files = sorted((SOURCE / broken).glob("*.yaml"))
            self.assertGreater(len(files), 60)
            unseen = {file.stem for file, places in self.refused(program, files).items() if not places}
            listed = " ".join(UNSEEN[program].values()).split()
            self.assertEqual(len(listed), len(set(listed)))
            self.assertEqual(unseen, set(listed))

    def test_the_place_is_that_of_the_fault(self):
        broken = SOURCE / FOLDERS["train"][1]
        expected = {"batch_size_zero": ["training/batch_size"], "unknown_key_in_list_item": ["data/sources/0"], "output_missing": [""],
                    "several_errors_at_once": ["model/hidden_size", "optimizer/layer_decay", "optimizer/name"]}
        places = self.refused("train", [broken / f"{name}.yaml" for name in expected])
        self.assertEqual({file.stem: found for file, found in places.items()}, expected)

    def test_what_the_program_reads_is_valid(self):
        path = self.write("edited", EDITED)
        self.run_program("config", path, program="albert")
        self.assertEqual(self.refused("finetune", [path]), {path: []})

    def test_what_must_be_given_may_be_in_an_included_file(self):
        part = self.write("part", "include: base.yaml\nmodel: {dropout: 0.1}\ndata: {train: {format: csv}}\n")
        whole = self.write("whole", "model: {dropout: 0.1}\ndata: {train: {format: csv}}\n")
        wrong = self.write("wrong", "include: base.yaml\nmodel: {dropout: 2}\ndata: {more_validation: [{path: a}]}\n")
        places = self.refused("finetune", [part, whole, wrong])
        self.assertEqual(places[part], [])
        self.assertEqual(places[whole], ["", "data/train", "model"])
        self.assertEqual(places[wrong], ["data/more_validation/0", "model/dropout"])


if __name__ == "__main__":
    unittest.main()
