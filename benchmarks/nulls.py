"""Maps that cannot know why a network decides: what a method must beat."""

from fer import explain
from fer.explain import faithfulness, randomised


def nulls(network, images, classes, heats):
    """{name: maps (N, 48, 48)}: at random, edges, an untrained network, middle, mean.

    The gradient of an untrained network is the check of Adebayo (2018,
    arXiv:1810.03292). heats: {method: (N, 48, 48)}; of each face the mean is that of
    all methods and all other faces.
    """
    start, total = randomised.untrained(network), sum(heats.values())
    return {
        "at random": faithfulness.at_random(images),
        "edges": faithfulness.edges(images),
        "gradient, untrained": explain.heat_of("gradient", start, images, classes),
        "blob in the middle": faithfulness.blob(images),
        "mean of other faces": total.sum(axis=0) - total,
    }
