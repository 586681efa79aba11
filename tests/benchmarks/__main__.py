"""`python -m tests.benchmarks [NAME ...]`: prints tables of Markdown; all of them by default."""

import argparse
import platform
import sys

from tests.benchmarks import cluster, flows, growth, memory, scale, tokens

BENCHMARKS = {
    "tokens": tokens.run,
    "memory": memory.run,
    "flows": flows.run,
    "growth": growth.run,
    "cluster": cluster.run,
    "scale": scale.convergence,
    "kills": scale.kills,
    "soak": scale.soak,
}


def main() -> None:
    """Run what is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="default: all")
    chosen = parser.parse_args().names or list(BENCHMARKS)
    sys.stdout.write(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    for name in chosen:
        sys.stdout.write(f"\n### {name}\n\n{BENCHMARKS[name]()}\n")


if __name__ == "__main__":
    main()
