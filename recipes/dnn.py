"""The coursework's DNN, taught.

python -m recipes.dnn --csv data/fer2013.csv
"""

import recipes

RECIPES = {"dnn": recipes.best("dnn", "compact_start", share=0.5)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
