"""The first teachers: compact of twice the width, from labels alone.

python -m recipes.teacher --csv data/fer2013.csv
"""

import recipes

RECIPES = {"teacher": recipes.best("compact_5m", epochs=60)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
