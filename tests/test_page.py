"""The page obeys no markup that it is given, and loads nothing."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from fer.report import charts, page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Tags(HTMLParser):
    """Collects the tags of a page, and all that their attributes hold."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.values = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.values += [(tag, *pair) for pair in attributes]

    def of(self, wanted):
        return [value for _, name, value in self.values if name == wanted]


def evil_page():
    series = {EVIL: [0.1, 0.2]}
    counts = np.array([[1, 2], [0, 3]])
    parts = [
        *(page.paragraph(EVIL), page.preformatted(EVIL, EVIL)),
        *(page.table([EVIL], [[EVIL]], EVIL), page.matrix(counts, (EVIL, EVIL), EVIL)),
        *(page.facts([(EVIL, EVIL)]), page.details(EVIL, EVIL)),
        *(page.picture("data:,", EVIL), charts.curves(EVIL, EVIL, series)),
        page.script_data("evil", [EVIL]),
    ]
    return page.page(EVIL, {EVIL: parts})


def test_a_page_shows_markup_instead_of_obeying_it():
    plain = Tags(page.page("Title", {"Heading": [page.script_data("data", [])]}))
    seen = Tags(evil_page())
    assert seen.tags.count("script") == plain.tags.count("script") == 2
    assert seen.tags.count("img") == 1
    assert not [name for _, name, _ in seen.values if name.startswith("on")]
    assert seen.of("alt") == [EVIL]


def test_a_page_runs_its_own_style_and_script_and_loads_nothing():
    text = page.page("Title", {"A heading": [page.picture("data:,", "caption")]})
    [policy] = [it for it in Tags(text).of("content") if "default-src" in it]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for kind in ("style", "script"):
        [inner] = re.findall(f"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    # The policy stands before all that it is to bind.
    assert text.index("Content-Security-Policy") < text.index("<style")
    assert all(it.startswith("data:") for it in Tags(text).of("src"))
    assert all(it.startswith("#") for it in Tags(text).of("href"))
    assert not re.search(r"url\(|@import|https?:|style=", text)
    assert {"link", "iframe", "object", "base"}.isdisjoint(Tags(text).tags)


def test_contents_lead_to_each_section():
    seen = Tags(page.page("Title", {"1. One thing": [], "2. Another": []}))
    assert [it for it in seen.of("href") if it != "#main"] == [
        *("#1-one-thing", "#2-another")
    ]
    assert {"1-one-thing", "2-another", "main"} <= {*seen.of("id")}


def test_the_script_is_short():
    [script] = re.findall("<script>(.*?)</script>", page.page("", {}), re.DOTALL)
    assert 10_000 < len(script.encode()) < 20_000


def test_a_sheet_holds_pictures_side_by_side(tmp_path):
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    sheet = page.sheet(images, columns=2)
    assert sheet.shape == (8, 8)
    assert (sheet[:4, :4] == 0).all() and (sheet[:4, 4:] == 1).all()
    assert (sheet[4:, :4] == 2).all()
    _, encoded = page.webp(sheet * 28, lossless=True, quality=75).split(",")
    (tmp_path / "a.webp").write_bytes(base64.b64decode(encoded))
    with Image.open(tmp_path / "a.webp") as read:
        assert (np.asarray(read)[..., 0] == sheet * 28).all()


def test_a_chart_tells_every_value_and_stays_inside_its_frame():
    drawn = charts.curves("caption", "accuracy", {"training": [0.25, 0.5, 0.125]})
    seen = Tags(drawn)
    assert '"training":[0.25,0.5,0.125]' in seen.of("data-chart")[0]
    [points] = seen.of("points")
    places = [tuple(map(float, pair.split(","))) for pair in points.split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[1][1] < places[0][1] < places[2][1]  # more is higher up
    for x, y in places:
        assert charts.LEFT <= x <= charts.RIGHT and charts.TOP <= y <= charts.BOTTOM


def test_curves_of_runs_of_other_lengths_share_a_chart():
    seen = Tags(charts.curves("c", "accuracy", {"long": [0, 0.5, 1], "short": [0.5]}))
    long, short = (points.split() for points in seen.of("points"))
    assert len(long) == 3 and len(short) == 1
    assert short[0].split(",")[0] == long[0].split(",")[0]


def test_a_reliability_diagram_has_a_bar_for_each_bin():
    bins = [
        {"confidence": 0.5, "accuracy": 0.25, "rows": 10},
        {"confidence": 0.9, "accuracy": 1.0, "rows": 5},
    ]
    seen = Tags(charts.reliability("caption", bins))
    heights = [
        float(v) for tag, name, v in seen.values if (tag, name) == ("rect", "height")
    ]
    assert np.allclose(
        heights, np.array([0.25, 1]) * (charts.BOTTOM - charts.TOP), 0.01
    )
