"""Why something could not be brought."""


class Failed(Exception):
    """An attempt failed; `for_good` where another one would fail alike. Its text is the log's; `told` is what the
    doors show, in Russian."""

    def __init__(self, why: str, told: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.told = told
        self.for_good = for_good
