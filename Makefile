.PHONY: lint test check docs bench bench-neural format

lint:  ## style, types, layers
	ruff check .
	ruff format --check .
	mypy
	lint-imports

test:
	python -m pytest

check: lint  ## what must be green before a commit: lint, and all tests with what they leave out; IMG2MUSIC_TEST_EXTRAS names extras that must be there
	python -m pytest -n auto -rs --cov --cov-report=term

docs:  ## the pages and pictures that are made from the program
	python docs/make_styles.py
	python docs/make_seeing.py
	python docs/make_images.py

bench:  ## medians of five, CPU seconds; never part of the tests
	OMP_NUM_THREADS=1 python -m evals.bench.bench_program

bench-neural:  ## our path to models for sound beside their libraries' bare calls
	OMP_NUM_THREADS=1 python -m evals.bench.neural.bench_neural

format:
	ruff check --fix .
	ruff format .
