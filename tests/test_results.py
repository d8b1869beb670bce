"""Tables in the documents are those that the cards give."""

from by_command import ROOT

from recipes import frontier, results


def test_the_page_of_results_is_what_the_cards_say(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert (ROOT / results.OUT).read_text() == results.page()


def test_the_picture_shows_the_scores_on_private_test(monkeypatch):
    monkeypatch.chdir(ROOT)
    [axes] = frontier.draw().axes
    shown = {float(y) for line in axes.lines for y in line.get_ydata()}
    assert {72.56, 70.99} <= {round(y, 2) for y in shown}
    names = [text.get_text() for text in axes.texts]
    assert len(names) == len(shown) and "compact" in names
