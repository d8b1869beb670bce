"""The README is short, and its tree is that of the files."""

import re

import pytest
from by_command import ROOT

README = (ROOT / "README.md").read_text()


def test_it_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


def test_its_tree_names_each_file_of_the_library_and_no_other():
    tree = README.split("```")[-2]
    named = set(re.findall(r"\b(\w+\.(?:py|html|css|js))\b", tree)) - {"convert.py"}
    files = (ROOT / "fer").rglob("*.*")
    there = {
        path.name for path in files if path.suffix in (".py", ".html", ".css", ".js")
    }
    assert named == there - {"__init__.py"}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", README))))
def test_what_it_links_to_is_there(target):
    assert (ROOT / target).exists()
