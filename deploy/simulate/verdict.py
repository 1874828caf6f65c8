"""The comparison in sentences: what is saved, honestly, where others are better, and what the figures rest on."""

from deploy.simulate.givers import OURS, SKILLED, titled
from deploy.simulate.results import Compared, Span

ASSUMPTIONS = (
    "Сколько приходит заявок, сколько длится работа, как часто специалисты теряются и откладывают — предположения "
    "(deploy/simulate/company.toml), а не измерения. Своё подставляют ключом --company."
)
NOT_SIMULATED = (
    "Срок verdict не разыгрывается: бухгалтер отвечает всегда через одно и то же время, кто бы ни работал. "
    "Обещаний подождать в этой модели нет. В праздники, например 4 ноября, специалисты в ней работают, а сроки важных "
    "и обычных заявок стоят. В минутах «до начала» и «до „решено“» нет заявок, которые так и не начали или не решили."
)
FEW = "прогонов мало, промежуток ненадёжен"


def told(compared: Compared, source: str = ASSUMPTIONS) -> list[str]:
    """The verdict; `source` says where the figures come from that the company is drawn from."""
    return [_saved(compared), _worse(compared), *_limits(compared), NOT_SIMULATED, source]


def _saved(compared: Compared) -> str:
    peer, saved = titled(compared.best_peer), compared.reduction
    if saved is not None:
        sure = FEW if compared.few else "с уверенностью 95 %"
        return (
            f"Нарушенных сроков срочных заявок {_by(saved.mean)}, чем у лучшего из прочих ({peer}); "
            f"{sure}: {_reach(saved)}."
        )
    ours = sum(one.breaches() for one in compared.outcomes[OURS])
    if not ours:
        return "Срочных нарушений не было: сравнивать нечего."
    return f"У лучшего из прочих ({peer}) срочных нарушений не было, у нас за все прогоны: {ours}."


def _worse(compared: Compared) -> str:
    worse = compared.worse()
    if not worse:
        return "Не видно, чтобы что-нибудь было хуже, чем у прочих."
    named = (f"{figure.title} ({', '.join(f'«{titled(name)}»' for name in names)})" for figure, names in worse)
    probably = "Прогонов мало; возможно, хуже" if compared.few else "Вероятно хуже"
    return f"{probably}, чем у прочих (в скобках — у кого лучше): {'; '.join(named)}."


def _limits(compared: Compared) -> list[str]:
    """How much of what is saved our limits on postponing are by themselves."""
    alone, saved = compared.by_limits, compared.saved_of(SKILLED) if SKILLED in compared.outcomes else None
    if alone is None or saved is None:
        return []
    both = alone.mean > 0 and saved.mean > 0
    share = f": это {percent(alone.mean / saved.mean)} нашего выигрыша у него" if both else ""
    unsure = f"; {FEW}" if compared.few else ""
    sentence = (
        f"У способа «{titled(SKILLED)}» с одними нашими пределами откладывания нарушенных сроков срочных заявок "
        f"было бы {_by(alone.mean)} ({_reach(alone)}{unsure}){share}."
    )
    return [sentence]


def percent(share: float) -> str:
    """A share as people read it, whole percents."""
    return f"{abs(share):.0%}".replace("%", " %")


def _by(saved: float) -> str:
    return f"на {percent(saved)} {'больше' if saved < 0 else 'меньше'}"


def _reach(saved: Span) -> str:
    """The interval, in the direction in which the mean is told; both directions where it has both."""
    if saved.low < 0 < saved.high:
        return f"от «{_by(saved.low)}» до «{_by(saved.high)}»"
    least, most = sorted((abs(saved.low), abs(saved.high)))
    return f"от {percent(least)} до {percent(most)}"
