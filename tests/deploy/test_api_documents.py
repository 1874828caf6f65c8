"""The descriptions kept in docs/api say what is now true."""

import json

import pytest

from deploy.api_documents import FOLDER, documents, text_of

DOORS = [f"{service}.openapi.json" for service in ("intake", "routing", "sla_monitor", "accounts", "payroll")]


@pytest.mark.parametrize("name", [*DOORS, "events.asyncapi.json"])
def test_the_kept_description_is_current(name: str) -> None:
    """Run `python -m deploy.api_documents` when this fails."""
    assert (FOLDER / name).read_text(encoding="utf-8") == text_of(documents()[name])


@pytest.mark.parametrize("name", DOORS)
def test_no_two_forms_of_a_service_have_one_name(name: str) -> None:
    """Whose name is another's too is called by its module, `services__accounts__api__…`, in every client made of it."""
    forms = json.loads((FOLDER / name).read_text(encoding="utf-8"))["components"]["schemas"]
    assert [form for form in forms if form.startswith("services__")] == []
