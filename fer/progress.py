"""How far long work is, on a terminal."""

import sys


def steps(what, number):
    """A function that shows how many of a number of steps are done, on a terminal."""

    def show(step):
        if sys.stdout.isatty():
            end = "\n" if step == number else "\r"
            print(f"  {what}: step {step} of {number}", end=end, flush=True)

    return show
