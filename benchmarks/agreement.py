"""Do the measures of maps say what Quantus says of the same maps?

python -m benchmarks.agreement --data data/fer2013.csv

Needs benchmarks/requirements.txt. Of the maps of each method, of a few faces, prints
by how much each measure of this suite and Quantus's differ at most. Quantus has no
insertion: it is its deletion of the lowest places, read backwards. ROAD's noise is left
out on both sides; Quantus's own score of it is of classes, so its faces are asked for
their probability here. Sensitivity-n is missing: Quantus draws other subsets.
"""

import numpy as np

from benchmarks import faithfulness as measures
from benchmarks import harness
from fer import explain
from fer.explain import faithfulness, randomised, regions, road

STEPS, SHARES = 8, (0.125, 0.25, 0.5)  # whole numbers of pixels, which both round alike
MOUTH = regions.template()["mouth"]
EVEN = 1e-3  # of the range: noise that leaves no two places equal, to be ranked


def for_quantus(network):
    """A module of PyTorch that asks the network: (N, 1, 48, 48) to probabilities."""
    import torch

    class Asked(torch.nn.Module):
        def forward(self, faces):
            greys = np.rint(faces.numpy()).astype(np.uint8).transpose(0, 2, 3, 1)
            return torch.from_numpy(np.array(network.predict_on_batch(greys)))

    return Asked().eval()


def flipped(asked, images, ranked, classes):
    """Quantus's curves (N, STEPS): what is left after each step, the highest first."""
    import quantus

    greys, curves = faithfulness.filled(images, "mean")[:, 0, 0], []
    for image, grey, heat, label in zip(images, greys, ranked, classes, strict=True):
        flipping = quantus.PixelFlipping(
            features_in_step=image.size // STEPS,
            perturb_baseline=float(grey),
            normalise=False,
            disable_warnings=True,
        )
        faces = image[None, None].astype(np.float32), np.array([label])
        curves += flipping(asked, *faces, heat[None, None], softmax=False, device="cpu")
    return np.array(curves)


def imputed(network, images, ranked, classes):
    """The probabilities (N, SHARES) of faces that Quantus has filled in."""
    from quantus.functions import perturb_func

    order = np.argsort(-ranked.reshape(len(ranked), -1), axis=1)
    told = []
    for share in SHARES:
        gone = order[:, : int(share * order.shape[1])]
        faces = [
            perturb_func.noisy_linear_imputation(image, few, noise=0)[0]
            for image, few in zip(images[:, None].astype(float), gone, strict=True)
        ]
        greys = np.clip(np.rint(faces), 0, 255).astype(np.uint8)
        told.append(faithfulness.probabilities(network, greys, classes))
    return np.stack(told, axis=1)


def ours(network, images, classes, heat, of_random):
    """{measure: values} of one method's maps (N, 48, 48), and a random network's."""
    deletion, insertion = faithfulness.curves(network, images, heat, classes, STEPS)
    return {
        "deletion": deletion[:, 1:],
        "insertion": insertion[:, :-1],
        "ROAD": road.road(network, images, heat, classes, SHARES),
        "Efficient MPRT": randomised.rise_of_complexity(heat, of_random),
        "share in the mouth": regions.shares(heat, MOUTH),
        "pointing to the mouth": measures.hits(heat, MOUTH),
    }


def theirs(network, images, classes, heat, of_random):
    """The same by Quantus."""
    import quantus
    from quantus.functions import complexity_func

    ranked, asked = faithfulness.places(heat).astype(float), for_quantus(network)
    lowest = ranked.max() - ranked
    mouth = np.broadcast_to(MOUTH, heat.shape)[:, None]
    inside = {"s_batch": mouth, "x_batch": images[:, None], "y_batch": classes}
    quietly = {"normalise": False, "disable_warnings": True}
    mass = quantus.RelevanceMassAccuracy(**quietly)(None, a_batch=heat, **inside)
    points = quantus.PointingGame(**quietly)(None, a_batch=ranked, **inside)
    bins = {"n_bins": randomised.BINS}
    before, after = (
        np.array([complexity_func.discrete_entropy(it, it, **bins) for it in maps])
        for maps in (heat, of_random)
    )
    return {
        "deletion": flipped(asked, images, ranked, classes),
        "insertion": flipped(asked, images, lowest, classes)[:, ::-1],
        "ROAD": imputed(network, images, ranked, classes),
        "Efficient MPRT": (after - before) / before,
        "share in the mouth": np.array(mass) / MOUTH.mean(),
        "pointing to the mouth": np.array(points) / MOUTH.mean(),
    }


def main():
    args = measures.parser(__doc__, faces=50).parse_args()
    model, images, classes = measures.drawn_faces(args)
    network, rng = model.network, np.random.default_rng(args.seed)
    start, road.NOISE = randomised.untrained(network), 0
    print(f"{args.model}, {len(images)} faces; {harness.where()}")
    print(harness.versions(("tensorflow", "keras", "torch", "quantus")))
    for method in explain.METHODS:
        heat, of_random = (
            explain.heat_of(method, it, images, classes)
            + EVEN * rng.random(images.shape, np.float32)
            for it in (network, start)
        )
        asked = network, images, classes, heat, of_random
        own, other = ours(*asked), theirs(*asked)
        most = {name: np.abs(own[name] - other[name]).max() for name in own}
        print(method, *(f"{name} {far:.1e}" for name, far in most.items()), sep=", ")


if __name__ == "__main__":
    main()
