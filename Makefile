.PHONY: check test bench format

check:  ## what must be green before a commit
	ruff check .
	ruff format --check .
	mypy
	lint-imports

test:
	python -m pytest

bench:  ## medians of five, CPU seconds; never part of the tests
	OMP_NUM_THREADS=1 python -m evals.bench.bench_program

format:
	ruff check --fix .
	ruff format .
