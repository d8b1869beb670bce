"""Time SmoothGrad of 32 faces, 32 noisy copies each, against others' implementations.

python -m benchmarks.smoothgrad
python -m benchmarks.smoothgrad --rounds 5

Needs benchmarks/requirements.txt. Everybody explains one class of the shipped CNN for
the same drawn faces, with noise of 0.15 of the pixels' range, on one thread. Times are
from the call to the maps, tracing included; the first call stands apart. Ours computes
in bfloat16 where that is faster here, the others in float32. All differentiate the
logit but tf-explain: it differentiates the cross-entropy of the probabilities, and
returns one picture of all maps.
"""

import sys

import numpy as np

from benchmarks import harness

MODEL = "models/fer2013/cnn.keras"
OURS = "fer.explain.smoothgrad"
PACKAGES = ("tensorflow", "keras", "tf-keras-vis", "xplique", "saliency", "tf-explain")
FACES, SAMPLES, NOISE, TARGET = 32, 32, 0.15, 3


def ours(network, images, seed=0):
    """Maps (N, 48, 48)."""
    from fer import explain

    asked = network, images, [TARGET] * FACES
    maps = explain.smoothgrad.maps(*asked, None, SAMPLES, NOISE, seed)
    return np.abs(maps)


def tf_keras_vis(logits, pixels):
    """Maps (N, 48, 48); its noise is a share of the range of the face's own pixels."""
    from tf_keras_vis.saliency import Saliency

    maps = Saliency(logits)(
        lambda output: output[:, TARGET],
        pixels,
        smooth_samples=SAMPLES,
        smooth_noise=NOISE,
        gradient_modifier=None,
        normalize_map=False,
    )
    return np.abs(maps)


def xplique(logits, pixels):
    """Maps (N, 48, 48)."""
    from xplique.attributions import SmoothGrad

    explainer = SmoothGrad(logits, nb_samples=SAMPLES, noise=255 * NOISE)
    targets = np.eye(7, dtype=np.float32)[[TARGET] * FACES]
    return np.abs(explainer.explain(pixels, targets))[..., 0]


def pair(logits, pixels):
    """Maps (N, 48, 48); it takes a face and a noisy copy at a time."""
    import tensorflow as tf

    from saliency import core

    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = logits(x)[:, TARGET]
        return tape.gradient(score, x)

    def call(batch, call_model_args=None, expected_keys=None):
        slopes = slope(tf.constant(batch, tf.float32))
        return {core.INPUT_OUTPUT_GRADIENTS: slopes}

    method = core.GradientSaliency()
    options = {"stdev_spread": NOISE, "nsamples": SAMPLES, "magnitude": False}
    maps = [method.GetSmoothedMask(face, call, **options) for face in pixels]
    return np.abs(maps)[..., 0]


def tf_explain(probabilities, pixels):
    """One picture of all maps, in rows of faces."""
    from tf_explain.core.smoothgrad import SmoothGrad

    asked = (pixels, None), probabilities, TARGET
    return SmoothGrad().explain(*asked, SAMPLES, 255 * NOISE)


def floats(network, activation):
    """The network as a model of its own that takes float pixels and ends so."""
    import keras

    inputs = keras.Input(network.input_shape[1:])
    outputs = inputs
    for layer in network.layers[1:]:
        outputs = type(layer).from_config(layer.get_config())(outputs)
    model = keras.Model(inputs, outputs)
    model.set_weights(network.get_weights())
    model.layers[-1].activation = keras.activations.get(activation)
    return model


def likeness(maps, like):
    """How alike the ranks of the pixels are, in the mean of all faces: -1..1."""
    from scipy.stats import spearmanr

    assert maps.shape == like.shape
    pairs = zip(maps.reshape(FACES, -1), like.reshape(FACES, -1), strict=True)
    return float(np.mean([spearmanr(*pair).statistic for pair in pairs]))


def explainers(network, images):
    """{contender: function of nothing that returns the maps of the images}."""
    pixels = images[..., None].astype(np.float32)
    logits, probabilities = (floats(network, it) for it in ("linear", "softmax"))
    return {
        OURS: lambda: ours(network, images),
        "tf-keras-vis": lambda: tf_keras_vis(logits, pixels),
        "xplique": lambda: xplique(logits, pixels),
        "saliency (PAIR)": lambda: pair(logits, pixels),
        "tf-explain": lambda: tf_explain(probabilities, pixels),
    }


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    args = parser.parse_args()
    harness.one_thread()
    # PAIR's package has the name of our script: look in this folder last.
    sys.path.append(sys.path.pop(0))
    import keras

    from fer.data import sample

    network = keras.saving.load_model(MODEL, compile=False)
    images = sample.faces(FACES)[1]
    # Every face has the whole range, by which two contenders scale the noise.
    images[:, 0, :2] = 0, 255
    found = {}

    def contender(name, explain):
        return harness.timed(lambda: found.update({name: explain()}))

    works = explainers(network, images)
    contenders = {name: contender(name, work) for name, work in works.items()}
    seconds = harness.race(contenders, args.rounds)
    alike = must_have_done_the_same(found, ours(network, images, seed=1))
    claim = f"SmoothGrad of {FACES} faces, {SAMPLES} noisy copies each"
    harness.show(claim, seconds, OURS, PACKAGES, True, alike=alike)


def must_have_done_the_same(found, like):
    """All maps are as like ours of another noise as ours are; returns how alike."""
    assert found.pop("tf-explain").size >= like.size
    alike = {name: likeness(maps, like) for name, maps in found.items()}
    for name, value in alike.items():
        if value < 0.8 * alike[OURS]:
            print(f"{name} has other maps: {value:.2f} alike, not {alike[OURS]:.2f}")
    return alike


if __name__ == "__main__":
    main()
