"""The policy of manual-work debt, fans and asking: weights, windows, thresholds. Its values stand in a policy file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWeights:
    """Points a working day for an open request (R-IMP-6)."""

    urgent: float
    important: float
    routine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWeights:
    """Points for each sign of resentment (R-IMP-6)."""

    cancellation: float
    """An open request a specialist wants cancelled."""
    reopened: float
    """Each refusal, while the request is open."""
    unhappy: float
    """Each unhappy verdict, for `unhappy_days`."""
    breached: float
    promise_broken: float
    missed_call: float
    """A call nobody answered nor returned, for `missed_call_days`."""
    silence: float
    """A working day of silence after «готово»."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How long a sign counts, in days; the grace of silence in working days."""

    unhappy_days: int
    breached_days: int
    missed_call_days: int
    silence_grace_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Points at which a client enters and leaves a band: entered at `_in`, left below `_out`."""

    watch_in: float
    watch_out: float
    risk_in: float
    risk_out: float
    remember_days: int
    """How far back the days are looked at to tell which band was entered last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The probability of a loss within a month is 1 / (1 + exp((midpoint - score) / scale))."""

    midpoint: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fans:
    """Who is a fan, and how often one may ask (R-REF-1)."""

    in_a_row: int
    quiet_days: int
    ask_every_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePolicy:
    """One version of it all. Raises `ValueError` for what contradicts itself."""

    version: str
    open: OpenWeights
    signals: SignalWeights
    windows: Windows
    bands: Bands
    loss: Loss
    fans: Fans

    def __post_init__(self) -> None:
        bands = self.bands
        if not 0 < bands.watch_out <= bands.watch_in <= bands.risk_out <= bands.risk_in:
            raise ValueError("bands: нужно 0 < watch_out <= watch_in <= risk_out <= risk_in")
        if not self.open.urgent >= self.open.important >= self.open.routine >= 0:
            raise ValueError("open: нужно urgent >= important >= routine >= 0")
        if self.signals.promise_broken < self.signals.breached:
            raise ValueError("signals: нужно promise_broken >= breached")  # R-URG-6
        if self.loss.scale <= 0:
            raise ValueError("loss.scale: должно быть больше 0")

    @property
    def horizon_days(self) -> int:
        """How far back anything may count, with the week that is compared to and a day for zones."""
        windows = self.windows
        longest = max(windows.unhappy_days, windows.breached_days, windows.missed_call_days)
        return longest + max(self.bands.remember_days, 7) + 2
