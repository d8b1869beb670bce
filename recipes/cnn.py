"""The coursework's CNN, layers unchanged, with augmentation and without, taught.

python -m recipes.cnn --csv data/fer2013.csv
"""

import dataclasses

import recipes

TAUGHT = recipes.best("cnn", "compact_start", share=0.5)
RECIPES = {
    "cnn": TAUGHT,
    "cnn_plain": dataclasses.replace(TAUGHT, augment="none", epochs=60),
}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
