"""The simulation: the same company gives the same figures, everybody's request ends, and the figures add up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.simulate import clocks
from deploy.simulate.company import Company
from deploy.simulate.figures import ASSUMED, BadFigures, figures_of
from deploy.simulate.givers import OURS, SKILLED, Load, Loads, Ours, Simple, givers
from deploy.simulate.state import Desk, Item, Outcome, idle_share
from deploy.simulate.world import World
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.facts import Registration
from services.routing.domain.work import Work, registered, wish_of
from services.routing.policy_file import shipped

START = datetime(2026, 8, 31, 17, tzinfo=UTC)
DAYS = 8
WISH = wish_of(registered(None, "r", Registration(at=START, number="r", priority="urgent", products=("1С:ЗГУ",))).state)


def ran(name: str, seed: int = 1) -> Outcome:
    company = Company.of(seed, START, DAYS)
    return World(company, givers(shipped())[name](company)).run()


@pytest.mark.parametrize("name", list(givers(shipped())))
def test_every_request_ends_or_is_counted_as_open(name: str) -> None:
    found, company = ran(name), Company.of(1, START, DAYS)
    solved = sum(len(minutes) for minutes in found.solved_minutes.values())
    assert solved + found.unsolved == len(company.requests)
    assert 0 <= found.finished - solved - found.refused <= found.unsolved
    assert 0 <= found.idle_share < 1


@pytest.mark.parametrize("name", [OURS, "round robin"])
def test_the_same_seed_gives_the_same_figures(name: str) -> None:
    assert ran(name) == ran(name)
    assert ran(name) != ran(name, seed=2)


def test_all_policies_meet_the_same_company() -> None:
    one, two = Company.of(3, START, DAYS), Company.of(3, START, DAYS)
    assert one.requests == two.requests
    assert [person.candidate for person in one.people] == [person.candidate for person in two.people]


def test_requests_come_in_order_and_within_the_time() -> None:
    company = Company.of(5, START, DAYS)
    times = [request.at for request in company.requests]
    assert times == sorted(times)
    assert all(START <= at < START + timedelta(days=DAYS) for at in times)
    assert {request.priority for request in company.requests} == {"urgent", "important", "routine"}


class Watched(Ours):
    """Ours, with an eye on the places."""

    most = 0

    def pick(self, wish: Wish, loads: Loads, now: datetime) -> Explained:
        found = super().pick(wish, loads, now)
        who = found.winner
        assert who is None or loads[who].held < loads[who].person.candidate.capacity
        self.most = max([self.most, *(load.held for load in loads.values())])
        return found


class Shares(World):
    """Keeps what share of the work was left at each giving."""

    def __init__(self, company: Company, name: str) -> None:
        super().__init__(company, givers(shipped())[name](company))
        self.given: list[float] = []

    def _give(self, item: Item, work: Work, share: float = 1.0) -> None:
        self.given.append(share)
        super()._give(item, work, share)


def test_whoever_takes_a_work_over_does_not_begin_from_nothing() -> None:
    company = Company.of(1, START, DAYS)
    world = Shares(company, OURS)
    world.run()
    least = 1 - company.figures.work.handed_over
    assert all(least <= share <= 1 for share in world.given)
    assert any(share < 1 for share in world.given)


def test_nobody_else_hands_work_over() -> None:
    world = Shares(Company.of(1, START, DAYS), SKILLED)
    world.run()
    assert set(world.given) == {1.0}


def test_nobody_ever_holds_more_than_they_can() -> None:
    giver = Watched(shipped())
    company = Company.of(2, START, DAYS)
    World(company, giver).run()
    assert giver.most == company.figures.capacity


def test_ours_and_the_peers_differ_in_what_they_do_besides() -> None:
    ours, peer = Ours(shipped()), Simple("x", skilled=True, least_loaded=True)
    assert (ours.replaces_lost, ours.elsewhere, ours.displacements) == (True, True, 1)
    assert (peer.replaces_lost, peer.elsewhere, peer.displacements) == (False, False, 0)


def test_peers_who_hold_as_much_take_turns() -> None:
    company, noon = Company.of(1, START, DAYS), START + timedelta(hours=12)
    there = [one for one in company.people if one.at_work.next(noon) == noon]
    loads = {one.candidate.specialist_id: Load(one) for one in there}
    giver = Simple("x", skilled=False, least_loaded=True)
    picked = [giver.pick(WISH, loads, noon).winner for _ in loads]
    assert len(loads) > 1
    assert sorted(map(str, picked)) == sorted(loads)


def test_ours_reckons_with_how_long_works_took() -> None:
    company, giver = Company.of(2, START, DAYS), Ours(shipped())
    usual = giver.minutes(WISH, "s00")
    World(company, giver).run()
    assert giver.minutes(WISH, "s00") != usual == shipped().minutes_each


def test_measured_figures_stand_instead_of_the_assumed(tmp_path: Path) -> None:
    measured = tmp_path / "ours.toml"
    measured.write_text(ASSUMED.read_text().replace("specialists = 16", "specialists = 3"))
    assert len(Company.of(1, START, DAYS, measured).people) == 3


def test_the_first_start_is_counted_once_however_often_hands_change() -> None:
    world = Shares(Company.of(1, START, DAYS), OURS)
    found = world.run()
    started = sum(len(minutes) for minutes in found.start_minutes.values())
    assert started <= len(Company.of(1, START, DAYS).requests) < len(world.given)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("specialists = 16", "", "specialists"),
        ("specialists = 16", "specialists = 0", "specialists"),
        ("specialists = 16", "specialists = nan", "specialists: нужно целое число"),
        ("capacity = 4", "capacity = true", "capacity: нужно целое число"),
        ("capacity = 4", 'capacity = "4"', "capacity: нужно целое число"),
        ("requests_a_day = 52", "requests_a_day = inf", "requests_a_day: нужно конечное число"),
        ("requests_a_day = 52", 'requests_a_day = "52"', "requests_a_day: нужно число"),
        ("complex = 0.12", "complex = nan", "requests.complex: нужно конечное число"),
        ("complex = 0.12", "complex = true", "requests.complex: нужно число"),
        ("spread = 0.6", "spread = inf", "requests.spread: нужно конечное число"),
        ("lost = [0.07, 0.06]", "lost = [nan, 0.06]", "specialist.lost.0: нужно конечное число"),
        ("urgent = 0.20", "urgent = -inf", "priorities.urgent: нужно конечное число"),
        ("1С:ЗГУ", "", "products: у каждого продукта должно быть название"),
        ("1С:ЗГУ", " ", "products: у каждого продукта должно быть название"),
        ("specialists = 16", "specialists = 16\nspecialist_count = 3", "specialist_count"),
        ("lost = [0.07, 0.06]", "lost = 0.07", "specialist.lost"),
        ("lost = [0.07, 0.06]", "lost = [7, 0.06]", "specialist.lost.0"),
        ("times_as_long = [2.5, ", "times_as_long = [", "work.times_as_long"),
        ("handed_over = 0.75", "handed_over = 1.75", "work.handed_over"),
        ("urgent = 0.20", "", "файл"),
        ("[minutes.off]", "[minutes.of]", "minutes.off"),
        ("routine = 1080", "soon = 1080", "minutes.off.soon"),
        (
            "weekdays = [1.25, 1.0, 0.95, 0.95, 1.05, 0.06, 0.02]",
            "weekdays = [0, 0, 0, 0, 0, 0, 0]",
            "requests: .*день недели",
        ),
        ("capacity = 4", "capacity =", "не TOML"),
    ],
)
def test_figures_no_company_can_have_are_refused_by_name(tmp_path: Path, old: str, new: str, where: str) -> None:
    told_so = tmp_path / "ours.toml"
    text = ASSUMED.read_text()
    assert old in text
    told_so.write_text(text.replace(old, new))
    with pytest.raises(BadFigures, match=where):
        figures_of(told_so)


def test_a_file_as_windows_writes_it_is_read(tmp_path: Path) -> None:
    told_so = tmp_path / "ours.toml"
    told_so.write_bytes(b"\xef\xbb\xbf" + ASSUMED.read_bytes().replace(b"\n", b"\r\n"))
    assert figures_of(told_so) == figures_of(ASSUMED)


def test_priorities_are_weights_whose_sum_may_be_any(tmp_path: Path) -> None:
    tenfold = tmp_path / "tenfold.toml"
    text = ASSUMED.read_text()
    for old, new in (("urgent = 0.20", "urgent = 2"), ("= 0.35", "= 3.5"), ("= 0.45\n", "= 4.5\n")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    tenfold.write_text(text)
    assert Company.of(1, START, DAYS, tenfold).requests == Company.of(1, START, DAYS).requests


def test_a_company_nobody_asks_anything_of_is_idle(tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.toml"
    quiet.write_text(ASSUMED.read_text().replace("requests_a_day = 52", "requests_a_day = 1e-9"))
    company = Company.of(1, START, DAYS, quiet)
    found = World(company, givers(shipped())[OURS](company)).run()
    assert (found.finished, found.unsolved, found.idle_share) == (0, 0, 1.0)


def test_idle_is_what_is_left_of_the_days_that_are_played() -> None:
    company = Company.of(1, START, DAYS)
    desk = Desk(company.people[0], Load(company.people[0]))
    monday, noon = START + timedelta(days=6, hours=8), START + timedelta(days=6, hours=13)
    assert desk.person.at_work.minutes(START - timedelta(days=9), START) > 0
    assert idle_share([desk], START, START) == 1.0
    assert idle_share([desk], START, START + timedelta(days=1)) == 1.0
    desk.since = START + timedelta(hours=9)
    assert idle_share([desk], START, START + timedelta(hours=10)) == pytest.approx(0.5)
    assert idle_share([desk], START, START + timedelta(days=1)) == pytest.approx(1 / 8)
    desk.worked, desk.since = 120.0, None
    assert idle_share([desk], monday, noon) == pytest.approx(1 - 120 / 300)


def test_who_drowns_in_work_is_hardly_idle_and_never_less_than_not(tmp_path: Path) -> None:
    much = tmp_path / "much.toml"
    much.write_text(ASSUMED.read_text().replace("requests_a_day = 52", "requests_a_day = 120"))
    company = Company.of(1, START, DAYS, much)
    world = Cut(company, givers(shipped())["round robin"](company))
    idle = world.run().idle_share
    assert -1e-9 < idle < 0.25
    assert world.paid == pytest.approx(480 * 6 * len(company.people))
    assert world.worked == pytest.approx((1 - idle) * world.paid)


class Cut(World):
    """Keeps what was paid for and worked when the last of the days was over."""

    paid = worked = 0.0

    def _ends(self) -> None:
        super()._ends()
        assert self.now == START + timedelta(days=DAYS)
        self.paid = sum(desk.person.at_work.minutes(START, self.now) for desk in self._desks.values())
        self.worked = sum(desk.worked_by(self.now) for desk in self._desks.values())


def test_a_company_of_one_product_can_be_played(tmp_path: Path) -> None:
    one = tmp_path / "one.toml"
    rest = ASSUMED.read_text().replace('"1С:БГУ" = [0.40, 50]', "").replace('"1С:Документооборот" = [0.15, 40]', "")
    one.write_text(rest)
    assert {request.product for request in Company.of(1, START, DAYS, one).requests} == {"1С:ЗГУ"}
    assert len(Company.of(1, START, DAYS, one).people) == figures_of(one).specialists


def test_clocks_of_lesser_work_run_in_the_working_time_of_the_company() -> None:
    friday, monday = datetime(2026, 9, 4, 10, tzinfo=UTC), datetime(2026, 9, 7, 10, tzinfo=UTC)
    assert clocks.due("start", "important", friday) == monday
    assert clocks.due("start", "urgent", friday) == friday + timedelta(minutes=15)
    assert clocks.due("progress", "routine", friday) is None
    eve, after = datetime(2026, 11, 3, 2, tzinfo=UTC), datetime(2026, 11, 5, 3, tzinfo=UTC)
    assert clocks.due("assign", "routine", eve) == after
    spent = clocks.ran("finish", "important", friday, monday)
    assert spent == timedelta(hours=8)
    assert clocks.due("finish", "important", monday, spent) == datetime(2026, 9, 9, 10, tzinfo=UTC)
    assert clocks.due("finish", "urgent", friday, timedelta(hours=9)) == friday


def test_who_says_nothing_breaks_the_clock_of_progress(tmp_path: Path) -> None:
    broken = []
    for silent in ("0.0", "0.6"):
        told = tmp_path / f"{silent}.toml"
        told.write_text(ASSUMED.read_text().replace("silent = [0.05, 0.04]", f"silent = [{silent}, 0.0]"))
        company = Company.of(1, START, DAYS, told)
        outcome = World(company, givers(shipped())[SKILLED](company)).run()
        broken.append(outcome.broken["urgent"]["progress"])
        assert outcome.broken["routine"]["progress"] == 0
    assert broken[1] > broken[0]
