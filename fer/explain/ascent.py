"""Images that a layer's filters, or the classes, respond to most: gradient ascent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer import backend, networks
from fer.explain.fast import behind_rescaling, own_filter
from fer.explain.gradient import ending
from fer.types import Floats, Layer, Network

# Of the pixels' half range: how far an image moves a step, in root mean square.
ASCENT_STEP = 0.02
ASCENT_NOISE = 0.3  # to either side of grey: it begins with little contrast
# Of what stands before the activation: where a ReLU is at 0, it alone has a gradient.
LEAK = 0.03
JITTER = 4  # pixels: how far a natural image is shifted about before each step


def ascend(
    network: Network,
    layer: Layer,
    steps: int,
    seed: int = 0,
    progress: Callable[[int], object] = lambda step: None,
    natural: bool = False,
) -> tuple[Floats, ...]:
    """Images that gradient ascent from white noise finds for the filters of `layer`.

    Each image climbs the mean response of its own filter by steps of equal length
    (Erhan et al., 2009), and LEAK times the mean of what stands before its activation:
    without that, the places where the noise leaves a ReLU at 0 would stay noise.
    progress: called with the number of each step. natural:
    whether images shall look more natural (Olah, 2017). Returns the images (filters,
    48, 48) float32 in 0..255, and the responses before and after, (filters,) each.
    """
    noise = np.random.default_rng(seed).uniform(
        -ASCENT_NOISE, ASCENT_NOISE, (layer.filters, *network.input_shape[1:])
    )
    batch, parts = networks.together(network, layer.filters), []
    for start in range(0, layer.filters, batch):
        chosen = np.arange(start, min(start + batch, layer.filters))
        score = own_filter(network, layer, chosen)
        images = _in_range(network, noise[chosen])
        before = np.asarray(score(images))
        climb = own_filter(network, layer, chosen, LEAK)
        images = _climbed(network, climb, images, steps, seed, progress, natural)
        parts.append((_pixels(network, images), before, np.asarray(score(images))))
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def ascend_classes(
    network: Network,
    steps: int,
    seed: int = 0,
    progress: Callable[[int], object] = lambda step: None,
    natural: bool = False,
) -> tuple[Floats, Floats, Floats]:
    """As ascend, but for the logit of each class: (C, 48, 48), (C,) and (C,)."""
    from keras import ops

    output, finish = ending(network)
    body, classes = behind_rescaling(network, output), network.output_shape[-1]
    own = np.eye(classes, dtype=np.float32)

    def score(images):
        return ops.sum(finish(body(images)) * own, axis=-1)

    noise = np.random.default_rng(seed).uniform(
        -ASCENT_NOISE, ASCENT_NOISE, (classes, *network.input_shape[1:])
    )
    images = _in_range(network, noise)
    before = np.asarray(score(images))
    images = _climbed(network, score, images, steps, seed, progress, natural)
    return _pixels(network, images), before, np.asarray(score(images))


def _climbed(network, score, images, steps, seed, progress, natural):
    """The images after so many steps up the score."""
    ends = _range(network)
    if natural:
        return _naturally(score, images, steps, seed, progress, ends)
    climb = backend.compiled(lambda images: _climb(score, images, *ends))
    for step in range(steps):
        images = climb(images)
        progress(step + 1)
    return np.asarray(images)


def _climb(score, images, dark, bright):
    """The images one step higher."""
    from keras import ops

    slopes = backend.gradient(score, images)
    size = ops.sqrt(ops.mean(ops.square(slopes), axis=(1, 2, 3), keepdims=True))
    step = ASCENT_STEP * (bright - dark) / 2
    move = step * ops.divide_no_nan(slopes, size)
    return ops.clip(images + move, dark, bright)


def _naturally(score, images, steps, seed, progress, ends):
    """As _climbed, to images that look more natural (Olah, 2017, distill.pub).

    Slow waves are favoured over fast ones as in photographs, whose amplitudes fall as
    1 / frequency: in the start and in each step, which climbs in those coordinates. And
    the score is that of an image shifted at random, so no single pixel can carry it.
    """
    rng, (dark, bright) = np.random.default_rng(seed), ends
    slope = backend.compiled(lambda images: backend.gradient(score, images))
    step = ASCENT_STEP * (bright - dark) / 2
    grey = (dark + bright) / 2
    images = grey + ASCENT_NOISE * (bright - dark) / 2 * _unit(_slowed(images - grey))
    for number in range(steps):
        shift = tuple(rng.integers(-JITTER, JITTER, 2, endpoint=True))
        slopes = np.asarray(slope(np.roll(images, shift, (1, 2)).astype(np.float32)))
        slopes = np.roll(slopes, [-it for it in shift], (1, 2))
        images = np.clip(images + step * _unit(_slowed(slopes)), dark, bright)
        progress(number + 1)
    return images.astype(np.float32)


def _slowed(waves):
    """Images (n, H, W, 1), each of their waves divided by its frequency."""
    height, width = waves.shape[1:3]
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.maximum(np.hypot(down, right), 1 / max(height, width))[..., None]
    spectrum = np.fft.rfft2(waves, axes=(1, 2)) / frequency
    return np.fft.irfft2(spectrum, (height, width), axes=(1, 2))


def _unit(moves):
    """Each of the moves (n, H, W, 1) with a root mean square of 1, if it is not 0."""
    size = np.sqrt(np.mean(np.square(moves), axis=(1, 2, 3), keepdims=True))
    return np.divide(moves, size, out=np.zeros_like(moves), where=size > 0)


def _range(network):
    """What the network makes of black and of white pixels."""
    rescaling = networks.rescaling(network)
    return tuple(255 * it * rescaling.scale + rescaling.offset for it in (0, 1))


def _in_range(network, noise):
    """Noise in -1..1 as rescaled pixels: float32."""
    dark, bright = _range(network)
    half = (bright - dark) / 2
    return (dark + half + half * noise).astype(np.float32)


def _pixels(network, images):
    """Rescaled pixels (n, 48, 48, 1) as those of 0..255: (n, 48, 48)."""
    rescaling = networks.rescaling(network)
    return (images[..., 0] - rescaling.offset) / rescaling.scale
