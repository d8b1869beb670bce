"""What the scripts find out about the computer."""

import os

import pytest

from fer import cli, machine

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


@pytest.mark.parametrize(
    "flags, chosen, used",
    [
        ("sse4_2 avx2", None, "1"),
        ("sse4_2", None, None),
        ("sse4_2 avx2", "0", "0"),
    ],
)
def test_scripts_compute_by_onednn_where_avx2_is(monkeypatch, flags, chosen, used):
    monkeypatch.setattr(machine, "_cpu", lambda: f"flags : {flags}")
    monkeypatch.delenv(ONEDNN, raising=False)
    if chosen:
        monkeypatch.setenv(ONEDNN, chosen)
    found = []
    cli.run(lambda: found.append(os.environ.get(ONEDNN)))
    assert found == [used]
