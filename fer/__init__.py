"""Train, score and explain facial-expression classifiers on FER2013-style CSV files."""


class BadInput(Exception):
    """The user's input cannot be used; the message names it and says how to mend it."""
