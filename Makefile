# make report                       the whole chain on drawn faces
# make report CSV=data/fer2013.csv  the shipped models on your faces; with TEST=..., it
#                                   labels those, with TRAIN=1, it trains new models
# make test                         every test; make lint, make coverage: what they say
# make bench CSV=data/fer2013.csv   claims of speed, measured: benchmarks/results/
# PYTHON=python3.12 chooses another Python than python3
PYTHON ?= python3
RUN = .venv/bin/python

# What is empty is passed on and refused: it is a variable that was meant to be set.
given = $(if $(filter undefined,$(origin $1)),,--$2 "$($1)")

report: .venv/suite
	$(RUN) report.py $(call given,CSV,csv) $(call given,TEST,test) $(if $(filter-out 0,$(TRAIN)),--train)

test: .venv/dev
	$(RUN) -m pytest $(IN_PARALLEL)

coverage: .venv/dev
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest $(IN_PARALLEL) --deselect $(FULL_DISK)
	-$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

# One more than there are processors: tests also wait, for programs that they start.
IN_PARALLEL = --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) \
	--maxprocesses 4 --dist worksteal

# On a full disk the measurement itself fails; what kill -9 cut short is left out.
FULL_DISK = tests/test_faults.py::test_predict_on_a_full_disk_keeps_the_earlier_submission

lint: .venv/dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy


# The long ones, python -m benchmarks.time_to_accuracy and equivalence: most of an hour each.
SHORT = ascent augmentation load report smoothgrad startup submission throughput
bench: named $(SHORT:%=benchmarks/results/%.txt)
.NOTPARALLEL:
benchmarks/results/%.txt: .venv-bench/done anew
	.venv-bench/bin/python -m benchmarks.$* $(WORDS) > $@.tmp
	mv $@.tmp $@
benchmarks/results/load.txt benchmarks/results/report.txt: \
	WORDS = $(call given,CSV,csv)

named:
	@test -n "$(CSV)" || { echo "name the faces: CSV=data/fer2013.csv" >&2; exit 2; }

lock: .venv/dev
	$(LOCK) --group suite --output-file requirements.txt
	$(LOCK) --group dev --output-file requirements-dev.txt
	$(LOCK) --constraint requirements-dev.txt --group scale --output-file requirements-scale.txt
	$(LOCK) --constraint requirements-dev.txt --group gpu --output-file requirements-gpu.txt
# Without the extras of what is pinned, pip looks for a newer release of it first.
LOCK = $(RUN) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --custom-compile-command "make lock"

audit-deps: .venv/dev
	$(RUN) -m pip_audit --require-hashes --disable-pip --requirement requirements.txt

# The two files are stamps: pip runs again only when the list is newer.
.venv/suite: requirements.txt
.venv/dev: requirements-dev.txt
.venv/suite .venv/dev:
	@$(PYTHON) -c 'import sys; sys.exit(not 11 <= sys.version_info.minor <= 13)' || \
		{ echo "Python 3.11 to 3.13 is needed: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(RUN) -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

# What is compared with has an environment of its own: one is called saliency, too.
.venv-bench/done: requirements.txt benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --require-hashes -r requirements.txt
	.venv-bench/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	touch $@

.PHONY: anew bench named report test coverage lint lock audit-deps
