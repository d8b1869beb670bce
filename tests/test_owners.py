"""Every public function of the library is named by a test."""

import ast
import re

from by_command import ROOT

# Tested through what calls them. None is added: a new function has tests of its own.
BY_THEIR_CALLERS = {
    *("behind_rescaling", "checkpoint_of", "class_activation", "described"),
    *("ends_in_softmax", "filter_names", "files_of", "in_classes", "is_adapted"),
    *("is_beside", "is_sample", "model_and_faces", "model_path", "must_be_labelled"),
    *("must_fit", "path_ending", "read_own", "restore", "train_unless_done"),
    *("training_parser", "with_places"),
}


def public_functions():
    """The file of each public function in fer/, by its name."""
    return {
        part.name: str(path.relative_to(ROOT))
        for path in sorted((ROOT / "fer").rglob("*.py"))
        for part in ast.parse(path.read_text()).body
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")
    }


def test_every_public_function_is_named_by_a_test():
    texts = [path.read_text() for path in (ROOT / "tests").glob("*.py")]
    texts.remove((ROOT / "tests/test_owners.py").read_text())
    named = set(re.findall(r"\w+", "\n".join(texts))) | BY_THEIR_CALLERS
    functions = public_functions()
    assert len(functions) > 100
    assert {name: path for name, path in functions.items() if name not in named} == {}
