"""The coursework's CNN, layers unchanged, with augmentation and without, taught.

python -m recipes.cnn --csv data/fer2013.csv
"""

import recipes

TAUGHT = "cnn", "compact_start"
RECIPES = {
    "cnn": recipes.best(*TAUGHT, share=0.5),
    "cnn_plain": recipes.best(*TAUGHT, share=0.5, augment="none", epochs=60),
}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
