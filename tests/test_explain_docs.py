"""docs/explain.md says what was measured."""

import pytest
from by_command import ROOT


@pytest.mark.parametrize("name", ["faithfulness", "ground_truth"])
def test_the_document_holds_the_table_as_it_was_measured(name):
    listing = (ROOT / "benchmarks" / "results" / f"{name}.txt").read_text()
    table = [line for line in listing.splitlines() if line.startswith("|")]
    assert len(table) > 6
    assert "\n".join(table) in (ROOT / "docs" / "explain.md").read_text()
