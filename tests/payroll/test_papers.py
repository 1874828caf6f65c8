"""Statements as people take them in their hands."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from services.payroll.domain.accruals import Employee, Organisation, document, given
from services.payroll.domain.books import Export
from services.payroll.domain.refusals import EmployeesIncomplete
from services.payroll.domain.statement import Statement
from services.payroll.papers import onec, pdf, xlsx
from services.payroll.papers.lines import lines, notes
from services.payroll.papers.pdf import content
from tests.kit import token
from tests.payroll.conftest import Doors
from tests.payroll.given import AT, Told, client_lost, client_won, manager, reversed_fact

ZONE = "Asia/Krasnoyarsk"
SEP, OCT, NOV = "2026-09", "2026-10", "2026-11"
MARIA = token("manager", subject="m1")
EVIL = '=HYPERLINK("http://evil.example")#eval(1) $x$ *_`"\\'


def rich() -> Statement:
    """A statement with every kind of line."""
    told = Told.of(client_won(30000, SEP), client_won(9000, OCT, fact_id="wrong"))
    told.close(SEP)
    told.hear(client_lost(50000, SEP), client_won(10000, OCT), reversed_fact("wrong"))
    told.hear(client_won(1, OCT, source="advert").model_copy(update={"client_name": EVIL}))
    closed = told.close(OCT)
    assert closed is not None
    return closed


def test_a_pdf_is_one_page_and_the_same_bytes_each_time() -> None:
    statement = rich()
    first, second = pdf.statement(statement, ZONE), pdf.statement(statement, ZONE)
    assert first == second
    assert first.startswith(b"%PDF-")
    assert b"/Count 1" in first
    assert b"PTSans" in first


def test_a_pdf_says_when_the_month_was_closed_by_the_clocks_of_the_company() -> None:
    late = replace(rich(), closed_at=datetime(2026, 11, 30, 20, 5, tzinfo=UTC))
    assert content(late, ZONE)["subtitle"].endswith("закрыт 01.12.2026 03:05")
    assert content(replace(late, closed_at=None), ZONE)["subtitle"].endswith("месяц ещё не закрыт")


def test_the_font_is_shipped_with_its_licence() -> None:
    fonts = Path(pdf.__file__).parent / "fonts"
    assert sorted(path.name for path in fonts.iterdir()) == ["LICENSE", "PTS55F.ttf", "PTS75F.ttf"]
    assert "ParaType" in (fonts / "LICENSE").read_text()


def test_a_long_statement_goes_on_over_pages() -> None:
    told = Told.of(*[client_won(1000 + number, NOV, fact_id=f"w{number}") for number in range(150)])
    assert len(pdf.statement(told.statement(NOV), ZONE)) > len(pdf.statement(Told.of().statement(NOV), ZONE))


def test_a_workbook_has_every_line_with_its_reason_and_no_text_becomes_a_formula() -> None:
    statement = rich()
    content = xlsx.statement(statement)
    assert content == xlsx.statement(statement)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    amounts = [row[3] for row in rows[2:] if isinstance(row[3], int | float)]
    assert sum(amounts[:-1]) == amounts[-1] == 70000
    assert [cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None].count("f") == 0
    assert any(EVIL in str(row[0]) for row in rows)
    assert any("заплачено 100 000, с этим фактом — 70 000" in str(row[1]).replace("\u00a0", " ") for row in rows)


def test_the_lines_of_a_paper_add_up_to_its_total() -> None:
    lossy = Told.of(client_lost(9000, NOV), client_won(1000, NOV)).statement(NOV)
    for statement in (rich(), lossy):
        assert sum(line.amount for line in lines(statement)) == statement.total


def test_an_open_month_says_of_a_dismissal_that_it_would_be_proposed() -> None:
    told = Told.of(client_lost(9000, NOV))
    assert notes(told.statement(NOV))[0].startswith("Прирост месяца отрицательный: если месяц так кончится, директору")
    told.close(NOV)
    assert "директору предложено" in notes(told.statement(NOV))[0]


def test_a_guid_is_the_same_for_the_same_statement_and_another_for_another() -> None:
    assert onec.guid("m1:2026-11") == onec.guid("m1:2026-11")
    assert len({onec.guid("m1:2026-11"), onec.guid("m1:2026-12"), onec.guid("m2:2026-11")}) == 3
    assert len(onec.guid("m1:2026-11")) == 36


@pytest.mark.parametrize("told", ["11223344595", "112-233-445 95", "112 233 445 95"])
def test_a_snils_is_given_as_1c_keeps_it_however_it_was_told(told: str) -> None:
    employed = Told.of().ledger.manager
    assert employed is not None
    known = replace(employed, personnel_number="0001", snils=told)
    (employee,) = given([("m1", known)], Organisation("2463000000", "", "1", "2")).employees
    assert employee.snils == "112-233-445 95"


def test_two_people_with_one_number_are_not_exported() -> None:
    known = Told.of().ledger.manager
    assert known is not None
    organisation = Organisation("2463000000", "", "1", "2")
    first = replace(known, personnel_number="0001", snils="11223344595")
    other = replace(first, snils="00000060002")
    with pytest.raises(EmployeesIncomplete, match="табельный номер 0001 тот же, что у m1, а СНИЛС другой") as refusal:
        given([("m1", first), ("m2", other)], organisation)
    assert list(refusal.value.missing) == ["Менеджер m1 (m2)"]
    again = replace(first, personnel_number="0002")
    assert len(given([("m1", first), ("m1-again", again)], organisation).employees) == 2


def test_an_export_once_more_under_a_corrected_kpp_has_the_guids_of_the_first() -> None:
    statement = Told.of(client_won(20000, NOV)).statement(NOV)
    employee = Employee(manager_id="m1", personnel_number="0001", snils="112-233-445 95")
    guids = set()
    for kpp in ("246301001", "246302002"):
        organisation = Organisation("2463000000", kpp, "1", "2")
        documents = [document(statement, employee, organisation)]
        export = Export(number=1, at=AT, by="p1")
        guids |= {each["guid"] for each in onec.exchange(NOV, export, organisation, documents)["documents"]}
    assert len(guids) == 1


@pytest.mark.parametrize(("kind", "magic"), [("pdf", b"%PDF-"), ("xlsx", b"PK")])
async def test_papers_are_given_to_whoever_may_see_the_statement(doors: Doors, kind: str, magic: bytes) -> None:
    await doors.told(manager("m1"), manager("m2"), client_won(20000, NOV))
    answer = await doors.get(f"/v1/statements/m1/{NOV}.{kind}", MARIA)
    assert (answer.status_code, answer.content[: len(magic)]) == (200, magic)
    assert answer.headers["content-disposition"] == f'attachment; filename="m1-{NOV}.{kind}"'
    assert (await doors.get(f"/v1/statements/m2/{NOV}.{kind}", MARIA)).status_code == 403
    assert (await doors.get(f"/v1/statements/m1/2026-13.{kind}", MARIA)).status_code == 422
    assert (await doors.get(f"/v1/statements/nobody/{NOV}.{kind}")).status_code == 404
