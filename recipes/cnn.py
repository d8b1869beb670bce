"""The coursework's CNN, layers unchanged, taught by the mean of three compact_5m.

python -m recipes.cnn --csv data/fer2013.csv
"""

import recipes

TEACHERS = ("compact_5m", "compact_5m_1", "compact_5m_2")
RECIPES = {"cnn": recipes.best("cnn", *TEACHERS, epochs=200)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
