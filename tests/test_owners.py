"""Every public function of the library is reached from a test, by its name."""

import ast
import re

from by_command import ROOT

SOURCES = (*ROOT.glob("*.py"), *(ROOT / "fer").rglob("*.py"))


def words(text):
    return set(re.findall(r"\w+", text))


def test_every_public_function_is_named_by_a_test_or_by_a_function_that_is():
    named = words("".join(path.read_text() for path in (ROOT / "tests").glob("*.py")))
    public, bodies = {}, {}
    for path in SOURCES:
        for part in ast.parse(path.read_text()).body:
            if not isinstance(part, ast.FunctionDef | ast.ClassDef):
                named |= words(ast.unparse(part))  # a table, say
                continue
            bodies[path, part.name] = words("\n".join(map(ast.unparse, part.body)))
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                public[part.name] = str(path.relative_to(ROOT))
    assert len(public) > 200
    before = set()
    while before != named:
        before = set(named)
        named.update(*(body for (_, name), body in bodies.items() if name in named))
    assert {name: path for name, path in public.items() if name not in named} == {}
