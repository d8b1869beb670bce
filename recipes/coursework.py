"""The coursework's experiment, like for like: CNN with augmentation, without, and DNN.

python -m recipes.coursework --csv data/fer2013.csv
python -m recipes.coursework --csv data/fer2013.csv --first 1 --seeds 5

All three train by the recipe `coursework`: as many epochs, AdamW and no teacher. The
transforms of ImageDataGenerator are made as one operation (`--augment graph`).
"""

import recipes
from fer.training.recipe import Recipe

RECIPES = {
    "coursework_cnn": Recipe(augment="graph"),
    "coursework_cnn_plain": Recipe(augment="none"),
    "coursework_dnn": Recipe(network="dnn", augment="graph"),
}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
