"""What compact starts from, and the first teacher of all others.

python -m recipes.compact_start --csv data/fer2013.csv
"""

import recipes

RECIPES = {"compact_start": recipes.best("compact", "teacher", share=0.5)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
