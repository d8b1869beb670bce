"""What a run tells while it works: how far it is, on a terminal, and warnings."""

import sys

ERASE = "\x1b[K"  # what stands in the terminal's line


def warn(line):
    """Print the line to stderr, where there is one: of None, print makes stdout."""
    if sys.stderr:
        print(line, file=sys.stderr, flush=True)


def steps(what, number):
    """A function that shows how many of a number of steps are done, on a terminal.

    Each step takes the place of the one before; the last one leaves an empty line.
    """

    def show(step, more=""):
        if sys.stdout and sys.stdout.isatty():
            line = f"  {what}: step {step} of {number}{more}" * (step < number)
            # Whatever comes next, an error, too, begins at the start of the line.
            print(f"{ERASE}{line}", end="\r", flush=True)

    return show
