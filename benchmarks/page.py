"""How large is a report's page, and how soon does it paint and answer?

python -m benchmarks.page figures/report/report.html

In Chromium, on a processor slowed --slower times: bytes of the page and of its script,
milliseconds to the first paint, and of each control from its event to the next frame,
the median of --rounds. Then how many sheets it prints on, and how wide it is at each
width of a window. And of the model in the page, on --faces drawn ones and with the
processor as it is: how far its probabilities are from Keras's, and its time for a face.
"""

import re
import shutil
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import models
from fer.data import sample
from fer.report import live

WIDTHS = 360, 768, 1000, 1600
# An event's time to the frame after it and all that it awaits, in the page.
TIMED = """async ([selector, event, value]) => {
  const element = document.querySelector(selector);
  const start = performance.now();
  if (value !== null) element.value = value;
  if (event === "click") element.click();
  else element.dispatchEvent(new Event(event, { bubbles: true }));
  const place = document.getElementById("viewer");
  const frame = () => new Promise(requestAnimationFrame);
  while (place && place.dataset.drawn !== location.hash) await frame();
  await frame();
  return performance.now() - start;
}"""
# What the model in the page says of a face, and the milliseconds that it takes.
ASKED = """faces => {
  const model = readModel(JSON.parse(document.getElementById("model").textContent));
  return faces.map((face) => {
    const start = performance.now();
    const told = probabilities(run(model, face));
    return [performance.now() - start, told];
  });
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
CONTROLS = {
    "a cell": ("td[data-cell='0-4'] button", "click", None),
    "another cell": ("td[data-cell='4-6'] button", "click", None),
    "the threshold": ("#threshold", "input", "3"),
    "the threshold again": ("#threshold", "input", "6"),
    "the head of a table": ("table.sortable th button", "click", None),
}


def opened(browser, path, slower):
    """The page in a browser whose processor is slowed."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(path.as_uri())
    if page.query_selector("#viewer"):
        page.wait_for_selector(".faces li canvas")
    return page


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--slower", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--faces", type=int, default=1000)
    args = parser.parse_args()
    from playwright import sync_api

    text = args.page.read_text()
    [script] = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    print(f"{len(text.encode()):,} bytes; of them script {len(script.encode()):,}")
    found, chromium = shutil.which("chromium"), "--no-sandbox"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[chromium])
        measure(browser, args.page.resolve(), args.slower, args.rounds)
        compare(opened(browser, args.page.resolve(), 1), args.faces)
        browser.close()


def measure(browser, path, slower, rounds):
    """Print what each round's new page takes, and the widths and sheets of one."""
    paints, taken = [], {name: [] for name in CONTROLS}
    for _ in range(rounds):
        page = opened(browser, path, slower)
        paints.append(page.evaluate(PAINT))
        for name, asked in CONTROLS.items():
            if page.query_selector(asked[0]):
                taken[name].append(page.evaluate(TIMED, asked))
        page.close()
    print(f"first paint: {np.median(paints):.0f} ms, processor slowed {slower} times")
    for name, times in taken.items():
        if times:
            print(f"{name}: {np.median(times):.0f} ms")
    page = opened(browser, path, 1)
    print(f"{len(re.findall(rb'/Type */Page[^s]', page.pdf()))} sheets of paper")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        print(f"{wide} pixels wide in a window of {width}")


def compare(page, count):
    """Print how the model in the page differs from Keras's, and its time."""
    if not page.query_selector("#live"):
        return
    _, faces = sample.faces(count, seed=7)
    answers = page.evaluate(ASKED, faces.reshape(count, -1).tolist())
    times, told = zip(*answers, strict=True)
    wanted = models.load(models.SHIPPED.parent / live.NAME).predict(faces)
    print(
        f"the model in the page, {count:,} faces: probabilities at most "
        f"{np.abs(np.array(told) - wanted).max():.1e} from Keras's; "
        f"{np.median(times):.0f} ms a face (median), {max(times):.0f} at most"
    )


if __name__ == "__main__":
    main()
