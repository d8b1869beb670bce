"""Scripts by their command line, and what they are given and leave."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent


def run(script, *words, folder, **environment):
    """The script's stdout, run in `folder`; fails unless it ends well and silently."""
    done = subprocess.run(
        [sys.executable, ROOT / script, *map(str, words)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def is_drawn(path):
    """Whether the picture at `path` opens and shows more than one colour."""
    with Image.open(path) as picture:
        return np.asarray(picture).std() > 1


def write_unlabelled(path, ids, images):
    """Write images (N, 48, 48) uint8 as a CSV to be labelled."""
    lines = [
        f"{number},{' '.join(map(str, face.ravel()))}\n"
        for number, face in zip(ids, images, strict=True)
    ]
    path.write_text("id,feature\n" + "".join(lines))
