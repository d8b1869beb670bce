"""The page obeys no markup that it is given, and loads nothing."""

import re
from html.parser import HTMLParser

from fer.report import page

CONTENT = ("meta", "content")


class Tags(HTMLParser):
    """Collects the tags of a page, and all that their attributes hold."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.values = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.values += [(tag, *pair) for pair in attributes]


def test_a_page_shows_markup_instead_of_obeying_it():
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    parts = [
        *(page.heading(evil), page.paragraph(evil), page.preformatted(evil)),
        *(page.table([evil], [[evil]]), page.picture(b"png", evil)),
    ]
    text = page.page(evil, parts)
    seen = Tags(text)
    assert "script" not in seen.tags
    assert not [name for _, name, _ in seen.values if name.startswith("on")]
    assert text.count("&lt;script&gt;") == 9
    assert [value for _, name, value in seen.values if name == "alt"] == [evil]


def test_a_page_carries_a_policy_and_loads_nothing():
    text = page.page("Title", [page.picture(b"png", "caption")])
    seen = Tags(text)
    policy = [value for tag, name, value in seen.values if (tag, name) == CONTENT]
    assert policy[0] == page.POLICY
    assert policy[0].startswith("default-src 'none'")
    assert "script-src" not in policy[0]
    # The policy stands before all that it is to bind.
    assert text.index("Content-Security-Policy") < text.index("<style")
    sources = [value for _, name, value in seen.values if name in ("src", "href")]
    assert sources and all(source.startswith("data:") for source in sources)
    assert not re.search(r"url\(|@import|https?:", text)
    assert seen.tags.isdisjoint({"script", "link", "iframe", "object", "base"})
