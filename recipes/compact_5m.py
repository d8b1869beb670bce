"""compact of twice the width, taught by the mean of three that learned from labels.

python -m recipes.compact_5m --csv data/fer2013.csv
"""

import recipes

TEACHERS = ("teacher", "teacher_1", "teacher_2")
RECIPES = {"compact_5m": recipes.best("compact_5m", *TEACHERS, epochs=100)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
