"""`python -m tests.bench [--quick]`: every benchmark."""

from typing import Annotated

import typer

from tests.bench import kit, main_job


def main(*, quick: Annotated[bool, typer.Option("--quick", help="A short run, for trying it out.")] = False) -> None:
    """Run every benchmark."""
    kit.main()
    main_job.main(quick=quick)


if __name__ == "__main__":
    typer.run(main)
