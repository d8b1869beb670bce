"""The section on what the filters and the classes look for."""

from __future__ import annotations

from collections.abc import Iterator

from fer import explain, flags
from fer.report import figures, page, wording
from fer.report.material import CNN, DNN, Material
from fer.types import Layer, Network


def section(report: Material) -> Iterator[page.Html]:
    """The CNN's filters, layer by layer; each class's own image; the DNN's weights."""
    network = report.models[CNN].network
    for layer in explain.pick_layers(network, flags.LAYERS):
        parts = of_layer(report, network, layer)
        heading = page.tag("h3", f"Layer {layer.name}")
        yield page.tag("div", heading, *parts, data_layer=layer.name)
    yield page.tag("h3", "The classes")
    for natural in (False, True):
        yield _classes(report, network, natural)
    weights = explain.first_weights(report.models[DNN].network)
    if weights is not None:
        yield page.tag("h3", "The DNN's first layer")
        caption = "What the units of the DNN's first layer weigh, the largest first"
        yield report.picture("dnn_weights.png", figures.weights(weights), caption)


def of_layer(report: Material, network: Network, layer: Layer) -> Iterator[page.Html]:
    """The filters of a layer: ascents, and what faces make of them."""
    row = min(flags.IMAGE, len(report.faces) - 1)
    images = report.faces.images
    few = images[: flags.MOVING]
    found, before, after = explain.ascend(network, layer, flags.STEPS, report.seed)
    dead = ~explain.moved(network, layer, few)
    maps = explain.responses(network, layer, images[row])
    ascents, responses = figures.filter_pictures(
        layer.name, found, dead, flags.STEPS, maps, f"validation row {row}"
    )
    yield report.picture(*ascents)
    if report.most:
        patches = explain.strongest(network, layer, few)
        title = f"The places of {len(few)} faces that move layer {layer.name} most"
        mosaics = figures.mosaics(patches)
        drawn = figures.tiles(mosaics, title, dead)
        yield report.picture(f"{layer.name}_patches.png", drawn, title)
        yield report.picture(*responses)
    yield page.paragraph(
        wording.filters(layer.name, before, after, dead, len(few), maps)
    )


def _classes(report, network, natural):
    """Each class's own image: plain ascent, or with slow waves first and shifted."""
    asked = flags.STEPS, report.seed, lambda step: None, natural
    found, *_ = explain.ascend_classes(network, *asked)
    kind = "slow waves first" if natural else "plain ascent"
    caption = f"The CNN's idea of each class ({kind})"
    name = "classes_natural.png" if natural else "classes.png"
    ideas = dict(zip(report.classes, found, strict=True))
    return report.picture(name, figures.named(ideas, len(ideas), "gray"), caption)
