# make demo      the whole story on an embedded store, no account needed (ARGS=--keep leaves it running)
# make test      all tests that need nothing but Python
# make test-all  those, then the ones that take minutes, and those that need Ceph, a real store: it is started for them
# make check     style, types, layers, sizes
# make rgw       starts Ceph's S3 gateway on loopback and says how to use it; make rgw-stop ends it (see tools/rgw.py)
# make simulate SEEDS=20000   seeded worlds with every fault we know (STORY='calm' FIRST=41 SEEDS=1: one of them)
# make mutants   takes out one protection at a time: the simulator must notice
# make soak      three devices on Ceph, killed at random for MINUTES=10, and whether anything was lost; needs Ceph. SEED=7
#                repeats a plan of edits and faults; KIND=daemons: kept in sync by daemons; ARGS=--keep keeps the folder,
#                ARGS=--help says what there is
# make bench-small     what 1,000 small files cost
# make bench-daemons   how soon a change is on another device, what it costs, what idling costs (on Ceph, 100,000 files)
# make bench-idle      what an idle drive asks in a day, beside rclone bisync
# make bench-look      what looking back costs a version
# make bench-restore   a deleted folder of 10,000 files of 64 KiB brought back on Ceph, beyond a link of 100 Mbit/s down, 40 up and
#                20 ms, beside rclone (FILES=1000: quicker; LINK=: no link, the store on this machine)
# make bench-past      200 moments of a drive of 100,000 files and 300,000 versions against a record, 20 folders restored and
#                undone (FILES=10000: smaller; ARGS='--store ceph': real folders on Ceph; 1 if anything differs)
# Each sets itself up: a virtual environment in .venv, with pinned and hashed packages, made anew when the pins change.

PYTHON ?= python3
MINUTES ?= 10
KIND ?= syncs
SEED ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
TOOLS := .venv-tools/ready
MINISTACK := .venv-ministack/ready

# What Python compiled is kept, whatever the caller's environment says: each test starts many processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all test-long test-ceph check simulate mutants rgw rgw-stop soak bench-small bench-daemons bench-idle bench-look bench-restore bench-past format requirements clean

demo: $(READY)
	@$(BIN)/bucketdrive demo $(ARGS)

test: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal -q

test-all: test test-long test-ceph

test-long: $(READY) $(MINISTACK)
	$(BIN)/pytest -m "long and not ceph" -n 3 --dist worksteal -q

test-ceph: $(READY) $(TOOLS)
	$(BIN)/pytest -m ceph tests/ceph tests/e2e tests/soak -n 4 --dist worksteal -q

SEEDS ?= 2000
FIRST ?= 0

simulate: $(READY)
	@$(BIN)/python tools/simulate.py --seeds $(SEEDS) --first $(FIRST) $(if $(STORY),--story '$(STORY)') $(ARGS)

mutants: $(READY)
	@$(BIN)/python tools/mutants.py $(ARGS)

rgw:
	@$(PYTHON) tools/rgw.py start

rgw-stop:
	@$(PYTHON) tools/rgw.py stop

soak: $(READY)
	@PYTHONPATH=tools $(BIN)/python -m soak --minutes $(MINUTES) --kind $(KIND) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench-small: $(READY)
	@$(BIN)/python bench/small_files.py $(ARGS)

bench-daemons: $(READY)
	@$(BIN)/python bench/daemons.py $(ARGS)

bench-idle: $(READY) $(TOOLS)
	@$(BIN)/python bench/idle.py $(ARGS)

bench-look: $(READY)
	@$(BIN)/python bench/look_back.py $(ARGS)

bench-restore: FILES ?= 10000
bench-restore: LINK ?= 100/40/20
bench-restore: $(READY) $(TOOLS)
	@$(BIN)/python bench/restore.py --files $(FILES) --bytes 65536 --link "$(LINK)" $(ARGS)

bench-past: FILES ?= 100000
bench-past: $(READY)
	@$(BIN)/python bench/past.py --files $(FILES) $(ARGS)

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_sizes.py src tests bench tools

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(READY): requirements/dev.txt pyproject.toml tools/set_up.sh
	@sh tools/set_up.sh "$(PYTHON)" "$(VENV)" requirements/dev.txt .

# What else writes to a bucket, for the Ceph lane: it pins an SDK of its own.
$(TOOLS): requirements/tools.txt tools/set_up.sh
	@sh tools/set_up.sh "$(PYTHON)" .venv-tools requirements/tools.txt

# Another emulator that stores are compared with: it, too, pins an SDK of its own.
$(MINISTACK): requirements/ministack.txt tools/set_up.sh
	@sh tools/set_up.sh "$(PYTHON)" .venv-ministack requirements/ministack.txt

# Needs uv. Writes versions and hashes only, and no address of an index.
requirements:
	uv pip compile pyproject.toml --extra demo --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade -o requirements/dev.txt
	for group in tools ministack; do \
	    uv pip compile --group pyproject.toml:$$group --universal --python-version 3.11 \
	        --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade -o requirements/$$group.txt || exit; \
	done

clean:
	rm -rf $(VENV) .venv-tools .venv-ministack dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
