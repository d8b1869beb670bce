"""compact of a fifth of the width, taught.

python -m recipes.compact_60k --csv data/fer2013.csv
"""

import recipes

RECIPES = {"compact_60k": recipes.best("compact_60k", "compact_start", share=0.5)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
