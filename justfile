# Short names for what is typed often; `just` alone lists them.

_:
    @just --list --unsorted

# Lint, types and import contracts: seconds
check:
    uv run ruff check && uv run ruff format --check
    uv run mypy
    uv run lint-imports --no-cache

# All tests (`-n 2`: two files at a time), or some: `just test tests/protocol -k pkce`
test *arguments:
    uv run pytest {{ arguments }}

# The chart on a real cluster with pods that run: kind where Docker is, else a node of its own (root, Debian)
e2e *arguments:
    uv run pytest tests/e2e {{ arguments }}

# The figures of docs/, on a quiet machine
bench *arguments:
    uv run python -m tests.benchmarks {{ arguments }}

# Write the CustomResourceDefinitions from the code, for kubectl and for the chart
crds:
    uv run ostiary crds --output-dir crds
    cp crds/*.yaml charts/ostiary/files/crds/

# Bring the database of OSTIARY_DATABASE_URL up to this release
migrate:
    uv run ostiary migrate

# One replica of the server
serve:
    uv run python -m ostiary_server

# One replica of the operator
operate:
    uv run python -m ostiary_operator

# The quickstart: no cluster, no database server
up directory="docs/examples/quickstart":
    uv run ostiary up {{ directory }}
