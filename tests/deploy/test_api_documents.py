"""The descriptions kept in docs/api say what is now true."""

import pytest

from deploy.api_documents import FOLDER, documents, text_of


@pytest.mark.parametrize(
    "name",
    [f"{service}.openapi.json" for service in ("intake", "routing", "sla_monitor", "accounts", "payroll")]
    + ["events.asyncapi.json"],
)
def test_the_kept_description_is_current(name: str) -> None:
    """Run `python -m deploy.api_documents` when this fails."""
    assert (FOLDER / name).read_text(encoding="utf-8") == text_of(documents()[name])
