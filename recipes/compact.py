"""compact: from compact_start, trained further, taught by two of twice the width.

python -m recipes.compact --csv data/fer2013.csv
"""

import recipes

TEACHERS = "compact_5m", "compact_5m_1"
# As many views as epochs: teachers and network see the same faces, each once.
FURTHER = {"start": "compact_start", "epochs": 30, "views": 30}
RECIPES = {"compact": recipes.best("compact", *TEACHERS, **FURTHER)}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
