"""The page in a browser: each control does what it says, and no markup runs."""

import json
import re

import numpy as np
import pytest
from conftest import HOSTILE
from in_browser import until

from fer import data, explain, flags, models
from fer.report import gallery, page


@pytest.fixture
def opened(reported, visit):
    opened = visit(reported / "report.html")
    opened.wait_for_selector(".faces li, #summary")
    return opened


def cells(text):
    """The data of each cell with faces, by (true, predicted)."""
    found = re.findall(r'id="cell-(\d)-(\d)">(.*?)</script>', text, re.DOTALL)
    return {(int(true), int(named)): json.loads(inner) for true, named, inner in found}


def drawn(opened):
    """Wait until the faces of the chosen cell are drawn."""
    until(opened, "document.getElementById('viewer').dataset.drawn === location.hash")


def picture(opened, number):
    """The colours of one of the pictures of the first face: (48, 48, 3) uint8."""
    canvas = opened.locator(".faces canvas").first
    pixels = canvas.evaluate(
        "(it, left) => [...it.getContext('2d').getImageData(left, 0, 48, 48).data]",
        number * (48 + 6),
    )
    return np.reshape(pixels, (48, 48, 4))[..., :3].astype(np.uint8)


def test_a_cell_opens_its_faces_the_worst_first(opened, reported, trained, drawn_csv):
    text = (reported / "report.html").read_text()
    (true, named), cell = max(cells(text).items(), key=lambda it: len(it[1]["rows"]))
    opened.click(f"td[data-cell='{true}-{named}'] button")
    drawn(opened)
    heads = opened.locator(".faces h4").all_text_contents()
    name = data.CLASSES[true]
    assert heads == [f"Row {row}, label {name}" for row in cell["rows"][:9]]
    model = models.load(trained / "cnn.keras")
    held = model.validation(data.load(drawn_csv))
    of_label = model.predict(held.images[cell["rows"]])[:, true]
    assert (np.diff(of_label) >= 0).all() and (held.labels[cell["rows"]] == true).all()
    told = opened.locator(".faces li").first.inner_text()
    likeliest = model.predict(held.images[cell["rows"][:1]])[0]
    assert f"CNN {data.CLASSES[named]} {likeliest[named]:.2f}" in told
    pressed = opened.locator("td [aria-pressed=true]")
    assert pressed.count() == 1
    assert pressed.get_attribute("aria-label").startswith(f"{name}, predicted")


def test_the_threshold_moves_the_mask_and_tells_what_it_leaves(
    opened, trained, drawn_csv
):
    model = models.load(trained / "cnn.keras")
    held = model.validation(data.load(drawn_csv))
    row = int(re.search(r"\d+", opened.locator(".faces h4").first.text_content())[0])
    image, named = held.images[[row]], model.predict(held.images[[row]]).argmax(1)
    [heat] = explain.heat_of("hirescam", model.network, image, named)
    for step, threshold in ((0, 0.2), (4, 0.6)):
        opened.locator("#threshold").fill(str(step))
        drawn(opened)
        told = opened.locator(".kept").first.text_content()
        kept = re.search(r"keeps ([\d.]+)%", told)[1]
        assert abs(float(kept) - 100 * (heat > threshold).mean()) < 0.1
        left = model.predict(explain.mask(image[0], heat, threshold)[None])[0, named[0]]
        then = float(re.search(r"is then ([\d.]+)", told)[1])
        assert abs(then - left) < 0.03  # computed in bfloat16 where that is faster
        assert f"threshold={threshold}" in opened.url
        # The mask's own colour is where the map is at most the threshold.
        away = (picture(opened, 2) == gallery.figures.MASKED).all(-1)
        assert (away != (heat > threshold)).mean() > 0.998


def test_pickers_choose_cell_and_map(opened, reported):
    text = (reported / "report.html").read_text()
    true, named = next(iter(cells(text)))
    opened.locator("label", has_text="Label").locator("select").select_option(
        data.CLASSES[true]
    )
    opened.locator("label", has_text="prediction").locator("select").select_option(
        data.CLASSES[named]
    )
    drawn(opened)
    first = opened.locator(".kept").first.text_content()
    assert "; CNN's probability of" in first
    opened.locator("label", has_text="Map").locator("select").select_option(
        "integrated of the DNN"
    )
    drawn(opened)
    assert "; DNN's probability of" in opened.locator(".kept").first.text_content()
    assert f"true={data.CLASSES[true]}" in opened.url
    beside = picture(opened, 3)
    assert (picture(opened, 1) == beside).all()  # both are the DNN's now
    assert not opened.locator(".warning").is_visible()
    opened.locator("label", has_text="Beside").locator("select").select_option(
        "gradient of the CNN"
    )
    drawn(opened)
    assert (picture(opened, 3) != beside).any()
    assert flags.WARNING in opened.locator(".warning").inner_text()


def test_an_address_opens_the_view_that_it_was_taken_from(opened, reported, visit):
    opened.locator("#threshold").fill("2")
    opened.locator("label", has_text="Layer").locator("select").select_option("conv2")
    drawn(opened)
    again = visit(reported / "report.html", "#" + opened.url.partition("#")[2])
    drawn(again)
    assert again.locator("#threshold").input_value() == "2"
    assert again.locator("[data-layer=conv2]").is_visible()
    assert not again.locator("[data-layer=conv1]").is_visible()
    assert again.locator(".kept").first.text_content() == (
        opened.locator(".kept").first.text_content()
    )


def test_an_address_of_nonsense_opens_the_page_as_it_is(reported, visit):
    opened = visit(reported / "report.html", f"#true={HOSTILE}&threshold=9&map=%00")
    opened.wait_for_selector("#summary")
    assert opened.locator("#threshold").input_value() == "4"


def test_curves_tell_the_values_under_the_pointer_and_by_keys(opened):
    chart = opened.locator(".chart[data-chart]").first
    series = json.loads(chart.get_attribute("data-chart"))["series"]
    chart.locator("svg").hover(position={"x": 60, "y": 60})
    said = [f"{name} {line[0]:.4f}" for name, line in series.items()]
    assert chart.locator("output").inner_text() == f"Epoch 1: {', '.join(said)}"
    chart.locator("input").press("ArrowRight")
    said = [f"{name} {line[1]:.4f}" for name, line in series.items()]
    assert chart.locator("output").inner_text() == f"Epoch 2: {', '.join(said)}"


def test_a_press_on_a_head_sorts_its_table_and_another_turns_it_round(opened):
    table = opened.locator("table.sortable", has_text="scores by class")
    column = table.locator("tbody tr td:nth-child(3)")
    button = table.get_by_role("button", name="recall")
    button.click()
    values = [float(text) for text in column.all_text_contents()]
    assert values == sorted(values)
    button.press("Enter")
    assert column.all_text_contents() == [f"{it:.3f}" for it in sorted(values)[::-1]]
    assert table.locator("[aria-sort=descending]").count() == 1


def test_markup_in_names_is_shown_and_does_not_run(opened):
    assert opened.title() == "Facial expressions"
    assert opened.locator("dd").filter(has_text=HOSTILE).count() >= 2


def test_markup_in_the_names_of_classes_does_not_run(tmp_path, visit):
    classes = (HOSTILE, f"{HOSTILE}2")
    face = page.webp(np.full((48, 48), 99, np.uint8), lossless=True)
    about = {
        **{"classes": classes, "networks": [HOSTILE], "maps": [HOSTILE]},
        **{"thresholds": [0.5], "threshold": 0.5, "shade": 28, "start": [0, 1]},
        **{"colors": [[0, 0, 0]] * 10, "masked": [0, 0, 0], "counts": [[0, 1], [0, 0]]},
        **{"weak": [True], "warning": HOSTILE},
        "labels": dict.fromkeys(("true", "predicted", "map", "beside"), HOSTILE),
    }
    part = {"network": HOSTILE, "classes": [1], "whole": [1], "left": [[1]]}
    cell = {"rows": [0], "faces": face, "top": {HOSTILE: [[[0, 1]]]}}
    cell["maps"] = [part | {"levels": face}]
    parts = [
        page.matrix(np.array([[0, 1], [0, 0]]), classes, HOSTILE),
        page.tag("div", id="viewer"),
        page.script_data("about", about),
        page.script_data("cell-0-1", cell),
    ]
    (tmp_path / "page.html").write_text(page.page("Title", {HOSTILE: parts}))
    opened = visit(tmp_path / "page.html")
    drawn(opened)
    assert HOSTILE in opened.locator(".faces li").first.inner_text()
    assert opened.title() == "Title" and opened.locator("img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(reported, visit, theme):
    from axe_playwright_python.sync_playwright import Axe

    opened = visit(
        reported / "report.html", color_scheme=theme, reduced_motion="reduce"
    )
    opened.wait_for_selector("#summary")
    for summary in opened.locator("summary").all():
        summary.click()
    found = Axe().run(opened).response["violations"]
    told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
    assert told == []
    moves = "getComputedStyle(document.documentElement).scrollBehavior"
    assert opened.evaluate(moves) == "auto"


@pytest.mark.parametrize("width", [360, 390, 1000, 1600])
def test_no_page_scrolls_sideways(reported, visit, width):
    opened = visit(reported / "report.html", viewport={"width": width, "height": 800})
    opened.wait_for_selector("#summary")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_all_but_the_faces_of_cells_is_read_without_scripts(reported, visit):
    opened = visit(reported / "report.html", java_script_enabled=False)
    assert opened.locator("[data-layer]").count() == len(flags.LAYERS)
    for part in opened.locator("[data-layer], img, svg, table.matrix").all():
        assert part.is_visible()
    assert "are shown by the page's script" in opened.locator("noscript").inner_text()


def test_keys_reach_a_cell_and_its_focus_is_seen(opened):
    opened.locator("td button").first.focus()
    opened.keyboard.press("Tab")
    focused = "document.activeElement"
    assert opened.evaluate(f"{focused}.closest('td') !== null")
    assert opened.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    opened.keyboard.press("Enter")
    assert opened.evaluate(f"{focused}.getAttribute('aria-pressed')") == "true"


def test_the_page_prints_on_few_sheets(opened):
    assert len(re.findall(rb"/Type\s*/Page\b", opened.pdf())) <= 12
