"""A service that is told what cannot be says so, in one line a variable, and does not start."""

import subprocess
import sys

import pytest

from deploy.local.home import PROJECT
from deploy.local.process import own_environment
from deploy.tokens import new_key
from services.accounts.settings import AccountsSettings
from services.intake.settings import IntakeSettings
from services.payroll.settings import PayrollSettings
from services.routing.settings import RoutingSettings
from services.sla_monitor.settings import SlaMonitorSettings
from shared.delivery import DeliverySettings
from shared.settings import ServiceSettings
from shared.starting import settings_from_environment
from tests.kit import PUBLIC_KEY

GOOD = {
    "SVOY_AMQP_URL": "amqp://routing:p@127.0.0.1:5672/svoy",
    "SVOY_MONGO_URL": "mongodb://svoy_routing:p@127.0.0.1:27017/svoy_routing",
    "SVOY_JWT_PUBLIC_KEY": PUBLIC_KEY,
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("told")
def test_what_it_needs_is_enough() -> None:
    assert settings_from_environment(ServiceSettings).mode == "production"


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", " ", None])
def test_what_is_missing_is_named(told: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    if value is None:
        told.delenv(name)
    else:
        told.setenv(name, value)
    with pytest.raises(SystemExit, match=f"\n  {name}: не задано; нужен "):
        settings_from_environment(ServiceSettings)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("SVOY_AMQP_URL", "http://u:s3cr3t@mq", "amqp://"),
        ("SVOY_AMQP_URL", "amqp://u:s3cr3t@mq:port/v", "amqp://"),
        ("SVOY_MONGO_URL", "s3cr3t", "mongodb://"),
        ("SVOY_MONGO_URL", "mongodb://u:s3cr3t@/", "mongodb://"),
        ("SVOY_JWT_PUBLIC_KEY", "s3cr3t", "JWK"),
        ("SVOY_JWT_PUBLIC_KEY", "[]", "JWK"),
        ("SVOY_JWT_PUBLIC_KEY", '{"kty": "OKP", "crv": "Ed25519", "x": "?"}', "JWK"),
        ("SVOY_JWT_PUBLIC_KEY", new_key(), "открытый ключ"),
        ("SVOY_COMPANY_ZONE", "Mars/Olympus", "Asia/Krasnoyarsk"),
        ("SVOY_COMPANY_ZONE", "../etc/passwd", "Asia/Krasnoyarsk"),
        ("SVOY_MODE", "test", "'production' или 'development'; например production"),
        ("SVOY_HTTP_PORT", "80000", "должно быть не больше 65535; например 8001"),
        ("SVOY_PREFETCH", "many", "нужно целое число; например 128"),
        ("SVOY_PROXY_ADDRESSES", "10.0.0.0/8 proxy", "proxy — не адрес и не сеть"),
        ("SVOY_SMTP_URL", "http://u:s3cr3t@mail", "smtp://"),
        ("SVOY_SMTP_URL", "smtp://[", "smtp://"),
        ("SVOY_SMTP_URL", "smtp://mail:port", "smtp://"),
        ("SVOY_HOOK_SECRETS", "s3cr3t", "whsec_"),
    ],
)
def test_what_cannot_be_is_named_and_never_repeated(told: pytest.MonkeyPatch, name: str, wrong: str, said: str) -> None:
    told.setenv(name, wrong)
    with pytest.raises(SystemExit) as refused:
        settings_from_environment(DeliverySettings)
    first, *lines = str(refused.value).splitlines()
    assert "не запускается" in first
    assert len(lines) == 1
    assert lines[0].startswith(f"  {name}: ")
    assert said in lines[0]
    assert "s3cr3t" not in lines[0]


@pytest.mark.parametrize(
    ("kind", "name", "wrong", "said"),
    [
        (IntakeSettings, "MANGO_ADDRESSES", "10.0.0.0/8,mango", "mango — не адрес и не сеть, например 10.0.0.0/8"),
        (IntakeSettings, "MAILGUN_ADDRESSES", "::/129", "::/129 — не адрес и не сеть, например 10.0.0.0/8"),
        (IntakeSettings, "WEBHOOK_SECRET", "whsec_!", "каждый ключ: whsec_ и base64, например из svoy secrets"),
        (IntakeSettings, "MEGAFON_USERS", "vera", 'нужен JSON «менеджер: имя в АТС», например {"vera": "ivanova"}'),
        (IntakeSettings, "MEGAFON_USERS", '{"v": 7}', 'нужен JSON «менеджер: имя в АТС», например {"vera": "ivanova"}'),
        (IntakeSettings, "IMAP_URL", "imaps://mail", "нужен адрес imaps://пользователь:пароль@узел:993/INBOX"),
        (IntakeSettings, "IMAP_URL", "imaps://u:p@[", "нужен адрес imaps://пользователь:пароль@узел:993/INBOX"),
        (IntakeSettings, "IMAP_URL", "imaps://u:p@h:99999", "нужен адрес imaps://пользователь:пароль@узел:993/INBOX"),
        (IntakeSettings, "PUBLIC_URL", "svoy.ru", "нужен полный адрес, например https://svoy.example.ru"),
        (IntakeSettings, "PUBLIC_URL", "https://[", "нужен полный адрес, например https://svoy.example.ru"),
        (IntakeSettings, "SMTP_CERTIFICATE", "/none", "такого файла нет, или это папка; например /etc/svoy/smtp.pem"),
        (IntakeSettings, "SMTP_PORT", "x", "нужно целое число; например 2525"),
        (PayrollSettings, "BASE_PAY", "70000.5 ₽", 'это не сумма в рублях; нужна строка, например "20000.00"'),
        (PayrollSettings, "BASE_PAY", "0", "должно быть больше 0; например 70000.00"),
        (PayrollSettings, "ORGANISATION_KPP", "1", "не подходит под образец ^([0-9]{9})?$; например 246601001"),
        (PayrollSettings, "PAY_HOOK", "https://[", "адрес вебхука: нужен полный адрес https://…"),
        (SlaMonitorSettings, "WORKING_HOURS", "09:77-18:00", "09:77: такого времени нет; например 09:00-13:00"),
        (SlaMonitorSettings, "COMPANY_REGION", "край", r"не подходит под образец ^(\d\d)?$; например 24"),
        (AccountsSettings, "CARE_POLICY_FILE", "/none", "файл /none не прочитать: его нет, или нет прав на него"),
        (RoutingSettings, "SWEEP_SECONDS", "often", "нужно число; например 5.0"),
    ],
)
def test_every_service_says_in_russian_what_is_wrong_and_what_would_do(
    told: pytest.MonkeyPatch, kind: type[ServiceSettings], name: str, wrong: str, said: str
) -> None:
    told.setenv(f"SVOY_{name}", wrong)
    with pytest.raises(SystemExit) as refused:
        settings_from_environment(kind)
    assert str(refused.value).splitlines()[1].startswith(f"  SVOY_{name}: {said}")


def test_a_secret_anybody_might_guess_is_named_in_russian(told: pytest.MonkeyPatch) -> None:
    told.setenv("SVOY_MANGO_API_KEY", "short")
    told.setenv("SVOY_UIS_TOKENS", "short")
    with pytest.raises(SystemExit) as refused:
        settings_from_environment(IntakeSettings)
    assert "  SVOY_MANGO_API_KEY, SVOY_UIS_TOKENS: короче 16 знаков" in str(refused.value)
    assert "svoy secrets" in str(refused.value)


def test_all_that_is_wrong_is_said_at_once(told: pytest.MonkeyPatch) -> None:
    told.setenv("SVOY_MODE", "test")
    told.setenv("SVOY_PREFETCH", "0")
    with pytest.raises(SystemExit) as refused:
        settings_from_environment(ServiceSettings)
    assert [line.split(":")[0].strip() for line in str(refused.value).splitlines()[1:]] == [
        "SVOY_MODE",
        "SVOY_PREFETCH",
    ]


def test_a_service_says_it_and_ends() -> None:
    command = [sys.executable, "-m", "services.routing"]
    done = subprocess.run(command, cwd=PROJECT, env=own_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [line.split("; ")[0] for line in done.stderr.splitlines()[1:]] == [f"  {name}: не задано" for name in GOOD]
    assert all("; нужен " in line for line in done.stderr.splitlines()[1:])
