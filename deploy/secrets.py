"""What `docker-compose.yml` is told through `.env`: one table, made into a fresh `.env` and into `.env.example`."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe

from deploy.local.credentials import Credentials
from deploy.local.mongo import ROOT
from deploy.local.rights import ADMIN
from deploy.tokens import public_key
from shared.messaging.topology import SERVICES

HEAD = """\
# What docker-compose.yml needs to know; it is read from a file called .env beside it.
# Make one with fresh secrets, readable to you alone:  (umask 077; svoy secrets > .env)
# What is marked [needed] has no default: compose stops and names what is missing.
# Passwords stand in addresses: letters, digits, - and _ only.
"""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One line of `.env`."""

    name: str
    about: str
    usual: str = ""
    """What it is where it is no secret."""
    secret: bool = False
    needed: bool = True
    """Whether compose stops where this secret is missing."""


def _passwords(server: str, chief: str, what: str) -> list[Variable]:
    return [
        Variable(name=f"SVOY_{server}_{chief}_PASSWORD", about=f"The administrator of {what}.", secret=True),
        *(
            Variable(name=f"SVOY_{server}_PASSWORD_{name.upper()}", about=f"The service {name} at {what}.", secret=True)
            for name in SERVICES
        ),
    ]


def _door(name: str, about: str) -> Variable:
    return Variable(name=name, about=f"{about}; empty: this door stays shut.", secret=True, needed=False)


SECTIONS: Mapping[str, list[Variable]] = {
    "Services": [
        Variable(
            name="SVOY_MODE",
            about="production, or development: only then the clock can be moved, which `svoy demo` needs.",
            usual="production",
        ),
        Variable(
            name="SVOY_BIND",
            about="This machine's address on which everything is reached; 127.0.0.2 where its ports are taken.",
            usual="127.0.0.1",
        ),
        Variable(
            name="SVOY_COMPANY_ZONE",
            about="Where the company's days, weeks and months are counted (IANA).",
            usual="Asia/Krasnoyarsk",
        ),
        Variable(
            name="SVOY_WORKING_HOURS",
            about="The company's hours from Monday to Friday, until the policy of sla_monitor says otherwise.",
            usual="09:00-13:00,14:00-18:00",
        ),
        Variable(
            name="SVOY_COMPANY_REGION",
            about="Two digits of the region whose holidays, named in that policy, are the company's; empty: none.",
        ),
        Variable(name="SVOY_LOG_LEVEL", about="DEBUG, INFO, WARNING or ERROR.", usual="INFO"),
        Variable(
            name="SVOY_JWT_PUBLIC_KEY",
            about="The Ed25519 key (JWK) with which the passes of people and services are checked.",
            secret=True,
        ),
        Variable(
            name="SVOY_JWT_PRIVATE_KEY",
            about="Its other half, with which `svoy` on this machine signs passes. No container gets it.",
            secret=True,
            needed=False,
        ),
        _door(
            "SVOY_WEBHOOK_SECRET", "Signs the webhooks of generic telephony (whsec_…); two with a comma while changing"
        ),
        _door(
            "SVOY_MANGO_API_KEY",
            "Mango Office: the code of the VPBX, from its cabinet; two with a comma while changing",
        ),
        _door("SVOY_MANGO_API_SALT", "Mango Office: the key of its signatures; two with a comma while changing"),
    ],
    "Telephony: a door without its secret stays shut": [
        Variable(
            name="SVOY_MEGAFON_TOKENS",
            about="MegaFon VATS: crm_token, from its cabinet; two with a comma while one is being changed.",
        ),
        Variable(
            name="SVOY_ZADARMA_SECRETS",
            about="Zadarma or Novofon: the API secret; two with a comma while one is being changed.",
        ),
        Variable(
            name="SVOY_UIS_TOKENS",
            about="UIS or CoMagic: the secret part of the address it posts to; two with a comma while changing.",
        ),
    ],
    "Mail": [
        Variable(
            name="SVOY_SMTP_URL",
            about="Where letters leave, smtp://user:password@host:587 or smtps://…; empty: none does.",
        ),
        Variable(name="SVOY_MAIL_FROM", about="The sender people see and answer to.", usual="svoy@localhost"),
        Variable(name="SVOY_MAIL_ADDRESSES", about="Our own addresses, with spaces between them."),
        Variable(
            name="SVOY_IMAP_URL", about="A mailbox to be read, imaps://user:password@host:993/INBOX; empty: none is."
        ),
        Variable(
            name="SVOY_MAILGUN_KEYS",
            about="Signing keys of Mailgun; two with a comma while changing; empty: this door stays shut.",
        ),
        Variable(
            name="SVOY_PUBLIC_URL",
            about="Where accountants reach intake from outside, https://…; empty: no closing letters go out.",
        ),
        Variable(
            name="SVOY_PROXY_ADDRESSES",
            usual="127.0.0.1",
            about="Networks of the proxies before it, spaces between: they are believed who knocks.",
        ),
    ],
    "What others are told": [
        Variable(
            name="SVOY_HOOK_SECRETS",
            about="Sign our webhooks (whsec_…), with a space while one is being changed; empty: none goes out.",
        ),
        Variable(name="SVOY_PAY_HOOK", about="Where it is posted that a month is closed; empty: nowhere."),
        Variable(name="SVOY_ORGANISATION_INN", about="Who pays, for the payroll of 1С; empty: nothing is exported."),
        Variable(name="SVOY_ORGANISATION_KPP", about="The same organisation's КПП."),
        Variable(name="SVOY_ACCRUAL_BASE", about="The code of «оклад» in the payroll of 1С.", usual="00001"),
        Variable(
            name="SVOY_ACCRUAL_BONUS", about="The code of the accrual for growth in the payroll of 1С.", usual="00002"
        ),
    ],
    "RabbitMQ": _passwords("BROKER", "ADMIN", "RabbitMQ"),
    "MongoDB: its users are made once, when its data are new": [
        *_passwords("MONGO", "ROOT", "MongoDB"),
        Variable(name="SVOY_MONGO_CACHE_GB", about="Memory for MongoDB's cache, GB.", usual="1"),
    ],
    "Monitoring": [
        Variable(name="SVOY_GRAFANA_PASSWORD", about="Of Grafana's user `admin`.", secret=True),
        Variable(name="SVOY_METRICS_KEPT", about="How long Prometheus keeps what it measured.", usual="90d"),
        Variable(name="SVOY_ALERT_WEBHOOK", about="Where alerts are posted (Alertmanager's JSON); empty: nowhere."),
        Variable(name="SVOY_ALERT_EMAIL", about="Who gets alerts by e-mail; empty: nobody."),
        Variable(name="SVOY_ALERT_SMTP", about="The mail server for that, host:port."),
        Variable(name="SVOY_ALERT_SMTP_FROM", about="The sender's address."),
        Variable(name="SVOY_ALERT_SMTP_USER", about="The account at the mail server, where it wants one."),
        Variable(name="SVOY_ALERT_SMTP_PASSWORD", about="The password of that account."),
    ],
}


def fresh() -> dict[str, str]:
    """A new value for every secret of `SECTIONS`."""
    made = Credentials.new()
    return {
        "SVOY_JWT_PUBLIC_KEY": public_key(made.jwt_private_key),
        "SVOY_JWT_PRIVATE_KEY": made.jwt_private_key,
        "SVOY_WEBHOOK_SECRET": made.webhook_secret,
        "SVOY_MANGO_API_KEY": made.mango_api_key,
        "SVOY_MANGO_API_SALT": made.mango_api_salt,
        "SVOY_BROKER_ADMIN_PASSWORD": made.amqp[ADMIN],
        "SVOY_MONGO_ROOT_PASSWORD": made.mongo[ROOT],
        "SVOY_GRAFANA_PASSWORD": token_urlsafe(24),
        **{f"SVOY_BROKER_PASSWORD_{name.upper()}": made.amqp[name] for name in SERVICES},
        **{f"SVOY_MONGO_PASSWORD_{name.upper()}": made.mongo[name] for name in SERVICES},
    }


def written(secret: Mapping[str, str]) -> str:
    """The text of a `.env`; a secret that is not among `secret` stands empty."""
    lines = [HEAD]
    for section, variables in SECTIONS.items():
        lines.append(f"# --- {section} ---")
        for variable in variables:
            value = secret.get(variable.name, variable.usual)
            mark = "[needed] " if variable.secret and variable.needed else ""
            lines += [f"# {mark}{variable.about}", f"{variable.name}={_quoted(value)}"]
        lines.append("")
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """As shells and every version of compose read it."""
    return f"'{value}'" if "{" in value else value


def secrets() -> None:
    """Напечатать файл .env для docker compose с новыми паролями и ключами."""
    print(written(fresh()), end="")
