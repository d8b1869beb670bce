"""Tables in the documents are those that the cards give."""

from by_command import ROOT

from recipes import results


def test_the_page_of_results_is_what_the_cards_say(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert (ROOT / results.OUT).read_text() == results.page()
