"""compact of twice the width, taught by two smaller ones.

python -m recipes.compact_5m --csv data/fer2013.csv
"""

import recipes

RECIPES = {"compact_5m": recipes.best("compact_5m", "compact_start", "cnn", share=0.5)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
