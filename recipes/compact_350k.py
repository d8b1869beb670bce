"""compact of half the width, taught.

python -m recipes.compact_350k --csv data/fer2013.csv
"""

import recipes

RECIPES = {"compact_350k": recipes.best("compact_350k", "compact_start", share=0.5)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
