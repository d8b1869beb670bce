"""The first teacher: compact, from labels alone.

python -m recipes.teacher --csv data/fer2013.csv
"""

import recipes
from fer.training.recipe import Recipe

RECIPES = {"teacher": Recipe(network="compact", augment="strong", epochs=40)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
