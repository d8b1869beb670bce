"""One training run: from faces to the files that it leaves beside the model."""

import contextlib
import dataclasses
import io
from pathlib import Path
from typing import Any

from fer import (
    BadInput,
    backend,
    data,
    files,
    machine,
    models,
    networks,
    precision,
    refusals,
    scores,
    structure,
)
from fer.models import card, seen
from fer.training import checkpoint, curves, distillation, fit, processes
from fer.training.recipe import Recipe, command

# Of a history: bytes, 100 an epoch; and its numbers, which are losses at most.
MOST_HISTORY, LARGEST = 16 << 20, 1e9


def train(
    recipe: Recipe,
    source: Any,
    out: Path,
    resume: bool | None = False,
    fresh: bool = False,
) -> None:
    """Train as the recipe says on the faces of `source`; write what goes with `out`.

    `out` is the model; beside it, by suffix: .json its card, .csv its history (a row an
    epoch), .txt its structure, .png its learning curves; and digests of the fitted
    faces. resume: as checkpoint.opened takes it. fresh: whether an unfinished run is
    given up. source: a data.Source, or what it is made of. Raises BadInput for what
    cannot be read, written or learned.
    """
    out, source = Path(out), data.Source.of(source)
    if processes.is_first():
        must_be_free(out, *source.paths, *learned_from(recipe))
    faces, fitted, held, left_out = processes.in_turn(lambda: _faces(recipe, source))
    recipe = resolved(recipe)
    teachers, start = _others(recipe, fitted, held)
    told = _data(source, faces, fitted, held) | {"left out": left_out}
    # Held for the whole run: two that share a checkpoint would undo each other's work.
    with _held(out.with_name(f".{out.stem}.run.lock")):
        if fresh and processes.is_first():
            checkpoint_of(out).unlink(missing_ok=True)
        shared = checkpoint.must_share(recipe, fitted, held, _digests(teachers, start))
        # Hosts may differ in what they compute by, as long as they learn the same.
        processes.must_agree({n: it for n, it in shared.items() if n != "arithmetic"})
        saved = checkpoint.opened(checkpoint_of(out), shared, resume)
        _announce(recipe, source, faces, fitted, held, left_out)
        _announce_replaced(out)
        network, history, seconds = _trained(
            recipe, fitted, held, teachers, start, saved
        )
        if not processes.is_first():
            return
        about = {
            "command": backend.chosen_backend() + command(recipe, source, out),
            "recipe": recipe.as_dict(),
            "learned from": _digests(teachers, start),
            "data": told,
            "seconds": round(seconds, 1),
        }
        _write(out, network, fitted, held, about, history)
        checkpoint_of(out).unlink()


def _held(lock):
    """The lock of the run, which process 0 holds."""
    return files.locked(lock) if processes.is_first() else contextlib.nullcontext()


def _trained(recipe, fitted, held, teachers, start, saved):
    """The trained network, its history and the seconds that it took."""
    models.must_load(networks.build(recipe.network, len(fitted.classes)))
    weights = _weights(start, recipe) if start else None
    taught = None
    if teachers:
        asked = teachers, fitted.images, recipe
        taught = processes.in_turn(lambda: distillation.answers(*asked))
    return fit.trained(recipe, fitted, held, saved, taught, weights)


def _write(out, network, fitted, held, about, history):
    """Write all that a training leaves; the card last of what makes it whole."""
    about["data"]["fitted digests"] = seen.keep(out.parent, fitted.images)
    about = card.describe(network, fitted, held, about)
    # The largest first: on a full disk all else stays as it was.
    models.save(network, about, out)
    rows = [row.values() for row in history]
    files.write_csv(out.with_suffix(".csv"), history[0], rows)
    files.write_text(out.with_suffix(".txt"), structure.text(network))
    files.write_figure(out.with_suffix(".png"), curves.curves({out.stem: history}))
    print(f"validation accuracy {scores.shown(about['scores']['one pass'])}")
    print(f"wrote {out} and its .json, .csv, .txt and .png")


def _faces(recipe, source):
    """All faces of the source, those to fit on and to validate on, what was left out.

    Left out: {finding: faces} of --clean.
    """
    faces = data.load(source)
    data.must_be_labelled(faces, source)
    if len(faces.classes) < 2:
        raise BadInput(f"{source} has one class, {faces.classes[0]}: give two")
    left_out = {}
    if recipe.clean:
        faces, left_out = data.cleaned(faces, Path(recipe.clean))
    fitted, held = _parts(faces, recipe.seed)
    if recipe.limit:
        fitted = data.limited(fitted, recipe.limit, recipe.seed)
    return faces, fitted, held, left_out


def resolved(recipe: Recipe) -> Recipe:
    """The recipe with a number for each default, and the precision that is used."""
    if recipe.precision != "auto":
        return recipe.resolved()
    policy, why = processes.told(
        lambda: precision.choose(networks.build(recipe.network))
    )
    print(f"precision {policy}: {why}")
    return recipe.resolved(precision=policy)


def learned_from(recipe: Recipe) -> list[str]:
    """The paths of the models that a training learns from."""
    return [*recipe.teachers, *([recipe.start] if recipe.start else [])]


def _parts(faces, seed):
    """The faces to fit on and those to validate on; raises BadInput without some."""
    fitted, held = data.parts(faces, seed)
    if not (len(fitted) and len(held)):
        raise BadInput(
            f"the file has {len(fitted)} rows to fit on and {len(held)} to validate "
            "on: training needs some of each"
        )
    return fitted, held


def _others(recipe, fitted, held):
    """Teachers and the model to start from, or None; refused where they know `held`."""
    teachers = [distillation.load(path) for path in recipe.teachers]
    start = models.load(recipe.start) if recipe.start else None
    known = {str(teacher.path): teacher.model for teacher in teachers}
    for path, model in (known | ({recipe.start: start} if start else {})).items():
        seen.must_be_new(model.fitted, held, fitted, path)
    return teachers, start


def _digests(teachers, start):
    """{role: {model's SHA-256}} of whom a training learns from."""
    digests = [teacher.model.card["sha256"] for teacher in teachers]
    return {"teachers": digests, "start": start and start.card["sha256"]}


def _announce(recipe, source, faces, fitted, held, left_out):
    copies = int(data.copies(held, fitted).sum())
    print(f"{source}: {faces.form}{': ' * bool(faces.form)}{data.counts(faces)}")
    if left_out:
        told = ", ".join(f"{count:,} {name}" for name, count in left_out.items())
        print(f"left out as {recipe.clean} says: {told}")
    if copies:
        print(f"{copies:,} of {len(held):,} validation faces are copies of fitted ones")
    print(
        f"training {recipe.network} in {recipe.precision} on {machine.device()}, by "
        f"{backend.name()}"
    )


def _announce_replaced(out):
    with contextlib.suppress(BadInput):
        about = models.without_network(out).card
        accuracy = scores.shown(about["scores"]["one pass"])
        print(f"{out} will be replaced: a {about['network']}, accuracy {accuracy}")


def _weights(start, recipe):
    """The weights of the model `start`; raises BadInput where its layers are others."""
    network = networks.build(recipe.network, len(start.classes))
    if structure.rows(start.network) != structure.rows(network):
        raise BadInput(
            f"--start names a {start.card['network']}, whose layers are not those of "
            f"{recipe.network}: name its --network (train_dnn.py trains a dnn), or "
            "another model"
        )
    return start.network.get_weights()


def _data(source, faces, fitted, held):
    """What the card tells of the faces."""
    return {
        "file": source.name,
        "digest": data.digest(faces),
        **data.counts(faces),
        "fitted": len(fitted),
        "validated": len(held),
        "validation": "PublicTest rows"
        if data.has_public_test(faces)
        else "a tenth of the rows",
    }


def checkpoint_of(out: Path) -> Path:
    """The file that holds the unfinished run of the model `out`."""
    return Path(out).with_suffix(".checkpoint.npz")


def must_be_free(out: Path, *read: Path | str) -> None:
    """Raise BadInput now where a training cannot leave its files, or would harm others.

    Those are what it reads, and what goes by a name that nobody typed, one beside the
    model `out`, though no training left a checkpoint or a card there.
    """
    named, *beside = models.files_of(out)
    for path in (checkpoint_of(out), named, *beside):
        files.free_to_write(path, *read)
    there = [path for path in beside if path.exists()]
    if there and not (checkpoint_of(out).exists() or _has_card(out)):
        raise BadInput(
            f"{there[0]} is of no training here: move it, or train to another place"
        )


def _has_card(out):
    with contextlib.suppress(BadInput):
        models.without_network(out)
        return True
    return False


def train_coursework(source: Any, folder: Path, epochs: int, seed: int) -> None:
    """Train the coursework's three networks, but for those already trained so."""
    cnn = Recipe(epochs=epochs, seed=seed)
    for name, chosen in (
        ("cnn", cnn),
        ("cnn_plain", dataclasses.replace(cnn, augment="none")),
        ("dnn", dataclasses.replace(cnn, network="dnn")),
    ):
        train_unless_done(chosen, source, folder / f"{name}.keras")


def train_unless_done(recipe: Recipe, source: Any, out: Path) -> None:
    """Train as `train` does, resuming what was stopped; what is trained so stays."""
    recipe = resolved(recipe)
    digest = data.digest(data.load(source))
    unfinished = checkpoint_of(out).exists()
    whole = not unfinished and all(path.exists() for path in models.files_of(out))
    if whole and models.is_trained_so(out, digest, recipe.as_dict()):
        print(f"{out} is already trained so")
        return
    train(recipe, source, out, resume=None)


def read_history(model_path: Path) -> list[dict]:
    """The history beside a model, a dict an epoch; raises BadInput without one."""
    import pandas

    path = Path(model_path).with_suffix(".csv")
    wanted = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    content = refusals.content(
        path, MOST_HISTORY, f"; it is the history of {model_path}"
    )
    try:
        history = pandas.read_csv(io.BytesIO(content), usecols=wanted, dtype=float)
    except ValueError as error:
        raise BadInput(
            f"{path}, the history of {model_path}, cannot be read: {error}"
        ) from error
    if history.empty or not (history.abs() < LARGEST).all(axis=None):
        raise BadInput(f"{path}, the history of {model_path}, has no rows of numbers")
    history["epoch"] = history["epoch"].astype(int)
    return history.to_dict("records")
