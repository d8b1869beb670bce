"""Successors of the shipped models by patient distillation: prepared, not yet trained.

python -m recipes.patient --csv data/fer2013.csv

Three networks of twice compact's width learn from labels, three more from their mean,
and these teach every network for 200 epochs (Beyer, 2022, arXiv:2106.05237). It needs a
GPU; --only, --first and --seeds let several trainings run beside one another.
"""

import recipes

FIRST = "patient_teacher", "patient_teacher_1", "patient_teacher_2"
SECOND = "patient_5m", "patient_5m_1", "patient_5m_2"
TAUGHT = "compact", "cnn", "compact_350k", "compact_60k", "dnn"
RECIPES = {
    "patient_teacher": recipes.best("compact_5m", epochs=60),
    "patient_5m": recipes.best("compact_5m", *FIRST, epochs=100),
} | {f"patient_{name}": recipes.best(name, *SECOND, epochs=200) for name in TAUGHT}

if __name__ == "__main__":
    recipes.main(__doc__, RECIPES)
