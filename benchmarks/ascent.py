"""Time ascent of all filters of a convolution against the tools that others use.

python -m benchmarks.ascent
python -m benchmarks.ascent --layers conv2 --rounds 4

Needs benchmarks/requirements.txt. Every contender climbs 90 steps for each of the
layer's 64 filters on the shipped CNN, from white noise, on one thread, and is timed
from the call to the images, tracing included; the first call, which also fills caches,
stands apart. tf-keras-vis and xplique go without their regularizers and
transformations, which would only slow them down; the plain loop traces its step once,
as keras.io's example does.
"""

import numpy as np

from benchmarks import harness
from fer import explain
from fer.explain import ascent

MODEL = "models/fer2013/cnn.keras"
OURS = "fer.explain.ascend"
PACKAGES = ("tensorflow", "keras", "tf-keras-vis", "xplique")
STEPS = 90


def ours(network, layer, found):
    """All filters at once, each through what its own channel needs."""

    def work():
        pixels, _, _ = explain.ascend(network, layer, STEPS)
        found[OURS] = pixels[..., None] / 127.5 - 1

    return harness.timed(work)


def tf_keras_vis(body, noise, found):
    """All filters as one batch, each scored by its own channel."""
    from tf_keras_vis.activation_maximization import ActivationMaximization

    filters = range(len(noise))

    def work():
        found["tf-keras-vis"] = ActivationMaximization(body)(
            lambda output: [output[number, ..., number] for number in filters],
            seed_input=noise,
            input_range=(-1, 1),
            input_modifiers=[],
            regularizers=[],
            steps=STEPS,
        )

    return harness.timed(work)


def xplique(body, noise, found):
    """All filters as one batch, each the objective of its own channel."""
    from xplique.features_visualizations import Objective, optimize

    def work():
        objective = Objective.channel(
            body, body.layers[-1].name, list(range(len(noise)))
        )
        images, _ = optimize(
            objective,
            nb_steps=STEPS,
            use_fft=False,
            transformations=None,
            image_normalizer="clip",
            values_range=(-1, 1),
            custom_shape=None,
        )
        found["xplique"] = np.asarray(images[-1])

    return harness.timed(work)


def plain_loop(body, noise, found):
    """One filter after the other, by a step traced once."""
    import tensorflow as tf

    def work():
        @tf.function
        def climb(image, number):
            with tf.GradientTape() as tape:
                tape.watch(image)
                response = tf.reduce_mean(body(image)[..., number])
            slope = tape.gradient(response, image)
            size = tf.sqrt(tf.reduce_mean(slope**2))
            step = ascent.ASCENT_STEP * tf.math.divide_no_nan(slope, size)
            return tf.clip_by_value(image + step, -1, 1)

        images = [tf.constant(image[None]) for image in noise]
        for number in range(len(images)):
            for _ in range(STEPS):
                images[number] = climb(images[number], tf.constant(number))
        found["plain loop"] = np.concatenate(images)

    return harness.timed(work)


def race(name, times):
    """Race on the layer `name`; print its table and what each contender reached."""
    import keras

    network = keras.saving.load_model(MODEL, compile=False)
    layer, pixels = network.get_layer(name), network.layers[1].output
    body = keras.models.clone_model(keras.Model(pixels, layer.output))
    body.set_weights(keras.Model(pixels, layer.output).get_weights())
    shape = layer.filters, 48, 48, 1
    bounds = -ascent.ASCENT_NOISE, ascent.ASCENT_NOISE
    noise = np.random.default_rng(0).uniform(*bounds, shape).astype(np.float32)
    found = {}
    contenders = {
        OURS: ours(network, layer, found),
        "tf-keras-vis": tf_keras_vis(body, noise, found),
        "xplique": xplique(body, noise, found),
        "plain loop": plain_loop(body, noise, found),
    }
    seconds = harness.race(contenders, times)
    reached = {name: own(body, images) for name, images in found.items()}
    show_climbs(reached, own(body, noise))
    claim = f"{STEPS} steps of ascent of the {layer.filters} filters of {name}"
    means = {name: float(values.mean()) for name, values in reached.items()}
    harness.show(claim, seconds, OURS, PACKAGES, True, reached=means)


def own(body, images):
    """The mean response (N,) of filter i to image i of (N, 48, 48, 1)."""
    return np.diagonal(body.predict(images, verbose=0).mean(axis=(1, 2)))


def show_climbs(reached, start):
    """Print what each contender's images reach, so that speed is no end in itself."""
    print(f"{'':44}{'mean response':>14}{'filters that climbed':>22}")
    print(f"{'noise':44}{start.mean():14.4f}")
    for name, values in reached.items():
        climbed = f"{(values > start).sum()} of {len(start)}"
        print(f"{name:44}{values.mean():14.4f}{climbed:>22}")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--layers", nargs="+", default=["conv1", "conv2"])
    parser.add_argument("--rounds", type=int, default=6)
    args = parser.parse_args()
    harness.one_thread()
    for name in args.layers:
        race(name, args.rounds)


if __name__ == "__main__":
    main()
