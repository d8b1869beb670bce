"""The coursework's DNN, taught by the mean of three compact_5m.

python -m recipes.dnn --csv data/fer2013.csv
"""

import recipes

TEACHERS = ("compact_5m", "compact_5m_1", "compact_5m_2")
RECIPES = {"dnn": recipes.best("dnn", *TEACHERS, epochs=200)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
