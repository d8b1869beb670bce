"""How each shipped model is made: a module a model, `python -m recipes.NAME`.

python -m recipes.compact --csv data/fer2013.csv --seeds 5

A model whose card is there and whose teachers are as they were is not trained again; a
stopped run goes on. Seed 0 is shipped, fixed beforehand; of other seeds git keeps card,
history and structure.
"""

import argparse
import dataclasses
import json
from pathlib import Path

from fer import arguments
from fer.training.recipe import BEST, Recipe

FOLDER = Path("models/fer2013")


def best(network: str, *teachers: str, **choices: object) -> Recipe:
    """The best recipe of that network, taught by models of FOLDER.

    choices: others of the recipe's; start names a model of FOLDER, of the same seed.
    """
    paths = tuple(str(FOLDER / f"{teacher}.keras") for teacher in teachers)
    return Recipe(network=network, teachers=paths, **BEST[network] | choices)


def place(name: str, seed: int) -> Path:
    """Where the model of that name and seed lies."""
    return FOLDER / (f"{name}_{seed}.keras" if seed else f"{name}.keras")


def views(name: str) -> dict[str, bool]:
    """The views that suit what the model of that name has learned from."""
    how = json.loads((FOLDER / f"{name}.json").read_text())["recipe"]["augment"]
    mirror, turn = how != "none", how in ("strong", "mixup")
    return {"mirror": mirror, "turn": turn}


def main(doc: str, recipes: dict[str, Recipe]) -> None:
    """Train each recipe with each seed: the body of each module here."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--csv", required=True, type=arguments.file)
    parser.add_argument("--seeds", type=arguments.whole_number(1, 100), default=5)
    parser.add_argument("--first", type=arguments.whole_number(0, 99), default=0)
    parser.add_argument("--only", nargs="+", choices=recipes, default=recipes)
    args = parser.parse_args()
    from fer.training import run

    for name in args.only:
        for seed in range(args.first, args.seeds):
            out, recipe = place(name, seed), of_seed(recipes[name], seed)
            if is_done(out.with_suffix(".json"), recipe):
                print(f"{out} is trained already: to do it anew, delete its card")
                continue
            run.train(recipe, args.csv, out, None)


def of_seed(recipe: Recipe, seed: int) -> Recipe:
    """The recipe with that seed, and with the file of that seed to start from."""
    start = recipe.start and str(place(recipe.start, seed))
    return dataclasses.replace(recipe, seed=seed, start=start)


def is_done(card: Path, recipe: Recipe) -> bool:
    """Whether the card is there, and whom it learned from are still what they were."""
    if not card.exists():
        return False
    learned = json.loads(card.read_text())["learned from"]["teachers"]
    beside = [Path(path).with_suffix(".json") for path in recipe.teachers]
    now = [json.loads(path.read_text())["sha256"] for path in beside if path.exists()]
    return now == learned
