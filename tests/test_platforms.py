"""Where the scripts run: without POSIX, from another folder, in a notebook."""

from by_command import python, write_unlabelled

HIDDEN = """
import runpy, sys, warnings
warnings.simplefilter("ignore")  # filelock tells that it has no better lock
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None  # as where there is none
sys.argv[:] = ["predict.py", *sys.argv[1:]]
runpy.run_path("predict.py", run_name="__main__")
"""


def test_scripts_run_where_python_has_no_modules_of_posix(tmp_path, rng, good):
    faces = rng.integers(0, 256, (3, 48, 48), dtype="uint8")
    write_unlabelled(tmp_path / "t.csv", range(3), faces)
    words = ("--csv", tmp_path / "t.csv", "--model", good, "--out", tmp_path / "s.csv")
    done = python("-c", HIDDEN, *map(str, words))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "s.csv").read_text().startswith("id,label\n0,")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "s.csv"}
