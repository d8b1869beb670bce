"""Are the maps those of captum?

python -m benchmarks.attributions --data data/fer2013.csv
python -m benchmarks.attributions --data CSV --model models/fer2013/coursework_cnn.keras

Needs benchmarks/requirements.txt. Both explain the same classes of the same faces,
captum by a copy in PyTorch of the model, which is a coursework's CNN. Prints for each
method by how much a face's maps differ at most, as a share of captum's largest value:
of the median face, and of the worst. A gradient jumps where a unit is at its kink,
which rounding may put on either side. SmoothGrad is missing: captum draws other noise.
"""

import numpy as np

from benchmarks import harness
from benchmarks.faithfulness import drawn_faces, parser
from benchmarks.throughput import pixels, torch_cnn
from fer import explain
from fer.explain import faithfulness, integrated, occlusion

LAYER, RELU = "conv4", 9  # of Keras, and where it ends in PyTorch


def copied(network):
    """The CNN in PyTorch with the weights of Keras's."""
    import torch

    copy, weights = torch_cnn().eval(), iter(network.get_weights())
    with torch.no_grad():
        for layer in copy:
            if not hasattr(layer, "weight"):
                continue
            kernel, bias = next(weights), next(weights)
            if kernel.ndim == 4:
                kernel = kernel.transpose(3, 2, 0, 1)
            elif len(kernel) == 4608:  # Flattened with the channels last, not first.
                kernel = kernel.reshape(36, 128, -1).transpose(2, 1, 0)
            else:
                kernel = kernel.T
            layer.weight.copy_(torch.from_numpy(kernel.reshape(layer.weight.shape)))
            layer.bias.copy_(torch.from_numpy(bias))
    return copy


def ours(network, images, classes):
    """{method: maps (N, 48, 48)}."""
    layer = {"layer": LAYER}
    more = {"gradcam": layer, "hirescam": layer}
    return {
        name: work(network, images, classes, **more.get(name, {}))
        for name, work in explain.METHODS.items()
        if name != "smoothgrad"
    }


def captums(network, images, classes):
    """The same by captum."""
    import torch
    from captum import attr

    faces, target = pixels(torch.from_numpy(images))[:, None], torch.tensor(classes)
    grey = faces.mean(dim=(1, 2, 3), keepdim=True).expand(faces.shape)
    layer, asked = network[RELU], {"target": target}
    patch = {"sliding_window_shapes": (1,) + (occlusion.PATCH,) * 2}
    patch |= {"strides": (1,) + (occlusion.STRIDE,) * 2}
    way = {"n_steps": integrated.STEPS, "method": "riemann_middle"}
    way |= {"internal_batch_size": faithfulness.BATCH}
    times = attr.LayerGradientXActivation(network, layer).attribute(faces, **asked)
    small = {
        "gradcam": attr.LayerGradCam(network, layer).attribute(faces, **asked),
        "hirescam": times.sum(dim=1, keepdim=True),
    }
    enlarge = attr.LayerAttribution.interpolate
    maps = {
        "gradient": attr.Saliency(network).attribute(faces, **asked, abs=False) / 127.5,
        "integrated": attr.IntegratedGradients(network).attribute(
            faces, grey, **asked, **way
        ),
        "occlusion": attr.Occlusion(network).attribute(
            faces, **patch, baselines=grey, **asked
        ),
    } | {name: enlarge(it, (48, 48), "bilinear") for name, it in small.items()}
    return {name: it.detach().numpy()[:, 0] for name, it in maps.items()}


def main():
    args = parser(__doc__, faces=50).parse_args()
    model, images, classes = drawn_faces(args)
    print(f"{args.model}, {len(images)} faces; {harness.where()}")
    print(harness.versions(("tensorflow", "keras", "torch", "captum")))
    other = captums(copied(model.network), images, classes)
    for name, maps in ours(model.network, images, classes).items():
        far = np.abs(maps - other[name]).max(axis=(1, 2)) / np.abs(other[name]).max()
        print(f"{name:12}{np.median(far):.1e} {far.max():.1e}")


if __name__ == "__main__":
    main()
