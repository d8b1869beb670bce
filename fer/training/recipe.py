"""A recipe: every choice of a training, from the flags to the card.

The flags fill it, `fit` takes it, checkpoint and card hold it whole, and the command in
the card is written from it.
"""

import argparse
import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer import BadInput, arguments, cli, flags

# The peak of the learning rate at batches of 128, and the weight decay.
RATES = {"adamw": (1.5e-3, 0.02), "muon": (5e-3, 0.1)}
AUGMENTATIONS = ("generator", "graph", "strong", "mixup", "mirror", "none")
# The names of networks.NETWORKS that train_cnn.py trains, known without Keras.
CONVOLUTIONAL = ("cnn", "compact", "compact_5m", "compact_350k", "compact_60k")
# Of the peak, for weights that have learned before: at all of it they lost much of what
# they knew (docs/lab_notebook.md).
AGAIN = 0.5


def choice(default: Any, help: str, **options: Any) -> Any:
    """A field of Recipe; help and options are its flag's."""
    return dataclasses.field(default=default, metadata={"help": help, **options})


def _number(least, most, what):
    return {"type": arguments.number(least, most), "metavar": what}


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training; the defaults are the coursework's way."""

    network: str = choice(
        "cnn",
        "cnn is the coursework's; compact a residual network of 1.36 million "
        "parameters, and the others are as large as their names say",
        choices=CONVOLUTIONAL,
    )
    epochs: int = choice(
        60, "passes over the training rows", type=arguments.whole_number(1, 100_000)
    )
    batch_size: int = choice(
        128, "faces a step", type=arguments.whole_number(1, 65_536)
    )
    seed: int = choice(
        0, "seed of every random draw", type=arguments.whole_number(0, 2**32 - 1)
    )
    optimizer: str = choice(
        "adamw",
        "updates the weights; muon makes convolutional networks more accurate in as "
        "many epochs",
        choices=tuple(RATES),
    )
    learning_rate: float | None = choice(
        None,
        "its peak, at batches of 128 (default: the optimizer's: "
        + ", ".join(f"{name} {peak:g}" for name, (peak, _) in RATES.items())
        + f"; {AGAIN:g} of it with --start)",
        **_number(0, 10, "R"),
    )
    weight_decay: float | None = choice(
        None,
        "of kernels, not of biases and norms (default: the optimizer's: "
        + ", ".join(f"{name} {decay:g}" for name, (_, decay) in RATES.items())
        + ")",
        **_number(0, 10, "D"),
    )
    dropout: float = choice(0.3, "share of units set to 0", **_number(0, 0.9, "P"))
    label_smoothing: float = choice(
        0.1, "share of a label spread over all classes", **_number(0, 0.9, "S")
    )
    augment: str = choice(
        "generator",
        "generator: Keras's ImageDataGenerator; graph: its transforms as one "
        "operation; strong: graph, contrast, brightness and erasing; mixup: strong, "
        "and faces blended in pairs; mirror: mirroring alone",
        choices=AUGMENTATIONS,
    )
    precision: str = choice(
        "auto",
        "number format of the arithmetic; auto measures which is faster here",
        choices=("auto", "mixed_bfloat16", "float32"),
    )
    teachers: tuple[str, ...] = choice(
        (),
        "trained models to learn from: their mean predictions of each augmented face "
        "(distillation)",
        nargs="+",
        type=arguments.file,
        metavar="M",
    )
    share: float = choice(
        1.0,
        "weight of the teachers in the loss; the labels have the rest",
        **_number(0, 1, "S"),
    )
    temperature: float = choice(
        1.0,
        "temperature that softens predictions in the teachers' loss",
        **_number(0.1, 100, "T"),
    )
    views: int = choice(
        16,
        "augmented versions of each face that teachers are asked about; epochs take "
        "turns with them",
        type=arguments.whole_number(1, 1000),
    )
    limit: int | None = choice(
        None,
        "rows to fit on, of each class its share (default: all)",
        type=arguments.whole_number(1, 10**9),
        metavar="N",
    )
    clean: str | None = choice(
        None,
        "CSV written by audit.py; the rows listed in it are not trained on",
        type=arguments.file,
        metavar="F",
    )
    start: str | None = choice(
        None,
        "a trained model of the same network, whose weights to train further",
        type=arguments.file,
        metavar="M",
    )

    def resolved(self, **changes: Any) -> "Recipe":
        """This recipe with `changes`, and numbers where None stands for a default."""
        peak, decay = RATES[self.optimizer]
        if self.learning_rate is None:
            changes["learning_rate"] = peak * AGAIN if self.start else peak
        if self.weight_decay is None:
            changes["weight_decay"] = decay
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """All choices by name, as JSON has them."""
        return dataclasses.asdict(self) | {"teachers": [*self.teachers]}


STRONG: dict[str, Any] = {"optimizer": "muon", "augment": "strong"}
# How the shipped model of each network was made, without its teachers.
BEST: dict[str, dict[str, Any]] = {
    "cnn": STRONG | {"epochs": 120},
    "dnn": {"augment": "mirror", "epochs": 120},
    "compact": STRONG,
    "compact_5m": STRONG,
    "compact_350k": STRONG,
    "compact_60k": STRONG | {"epochs": 120},
}
NAMED = ("coursework", "best")
FIELDS = {field.name: field for field in dataclasses.fields(Recipe)}


def parser(doc: str, out: str, *without: str) -> argparse.ArgumentParser:
    """The parser of a script that trains; `without`: fields that are not its flags."""
    named = (*flags.DATA, *flags.TOGETHER, "resume", "fresh")
    result = cli.parser(doc, *named, out=Path(out))
    result.add_argument(
        "--recipe",
        choices=NAMED,
        default=NAMED[0],
        help="coursework: as in 2017; best: as the shipped model of that network, "
        "without its teachers; each other flag overrides (default: coursework)",
    )
    for name, field in FIELDS.items():
        if name not in without:
            told = dict(field.metadata)
            if field.default not in (None, ()):
                told["help"] += f" (default: {field.default})"
            flag = f"--{name.replace('_', '-')}"
            result.add_argument(flag, default=argparse.SUPPRESS, **told)
    return result


def from_flags(args: argparse.Namespace, **defaults: Any) -> Recipe:
    """The recipe that the flags ask for; `defaults`: for what nobody says.

    Raises BadInput for a choice about teachers where there are none.
    """
    given = {name: vars(args)[name] for name in FIELDS if name in vars(args)}
    given |= {n: tuple(map(str, v)) for n, v in given.items() if isinstance(v, list)}
    given |= {n: str(v) for n, v in given.items() if isinstance(v, Path)}
    network = given.get("network", defaults.get("network", Recipe.network))
    best = BEST[network] if args.recipe == "best" else {}
    if "teachers" not in given:
        for name in ("share", "temperature", "views"):
            if name in given:
                raise BadInput(f"--{name} is about teachers: name some with --teachers")
    return Recipe(**defaults | best | given)


def command(recipe: Recipe, source: Any, out: Path) -> str:
    """The command line that trains so on a data.Source."""
    script = "train_dnn.py" if recipe.network == "dnn" else "train_cnn.py"
    words = ["python", script, *source.words(), "--out", out]
    for name, field in FIELDS.items():
        value = getattr(recipe, name)
        if value != field.default and (name, value) != ("network", "dnn"):
            listed = value if isinstance(value, tuple) else (value,)
            words += [f"--{name.replace('_', '-')}", *listed]
    return shlex.join(map(str, words))
