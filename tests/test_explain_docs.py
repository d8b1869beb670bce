"""docs/explain.md says what was measured."""

import pytest
from by_command import ROOT


@pytest.mark.parametrize("name", ["faithfulness", "ground_truth"])
def test_the_document_holds_the_table_as_it_was_measured(name):
    table = (ROOT / "benchmarks" / "results" / f"{name}.txt").read_text().strip()
    assert table in (ROOT / "docs" / "explain.md").read_text()
