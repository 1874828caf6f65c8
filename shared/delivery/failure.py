"""Why something could not be brought."""


class Failed(Exception):
    """An attempt failed; `for_good` where another one would fail alike."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good
