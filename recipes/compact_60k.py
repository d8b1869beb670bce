"""compact of a fifth of the width, taught by the mean of three compact_5m.

python -m recipes.compact_60k --csv data/fer2013.csv
"""

import recipes

TEACHERS = ("compact_5m", "compact_5m_1", "compact_5m_2")
RECIPES = {"compact_60k": recipes.best("compact_60k", *TEACHERS, epochs=200)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
