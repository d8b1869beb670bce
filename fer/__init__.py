"""Train, score and explain facial-expression classifiers on FER2013-style CSV files."""


class BadInput(Exception):
    """Something the user gave cannot be used; the message names it and says how to mend
    it.
    """
