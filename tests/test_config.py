"""An office's settings are read whole, or refused with the file, the key and what is allowed."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailer.config import Relay, config_file, load
from mailer.errors import BadSetting, BadSyntax, OfficeMissing, UnknownSetting, UnreadableFile

DEFAULT = (Path(__file__).parent.parent / "config" / "dateline.toml").read_text("utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    config_file(tmp_path).write_text(DEFAULT, "utf-8")
    return tmp_path


def change(home: Path, old: str, new: str) -> None:
    assert old in DEFAULT
    config_file(home).write_text(DEFAULT.replace(old, new), "utf-8")


def refused_before_the_relay(home: Path, lines: str, error: type[Exception], words: list[str]) -> str:
    """What is said of these lines, put before the settings' relay: the file and all of the words."""
    change(home, "\n[[relay]]", f"\n{lines}[[relay]]")
    with pytest.raises(error) as caught:
        load(home, {})
    for word in [str(config_file(home)), *words]:
        assert word in str(caught.value)
    return str(caught.value)


def test_the_default_file_is_read(home: Path) -> None:
    config = load(home, {})
    assert config.office.zone == "Asia/Beirut"
    assert config.office.languages == ("en", "ar")
    assert config.delivery.late_grace == timedelta(hours=1)
    assert config.relay[0].security == "starttls"
    assert config.database_url == f"sqlite:///{home}/data/dateline.db"


def test_the_environment_goes_before_the_file(home: Path) -> None:
    config = load(
        home,
        {
            "DATELINE_DATABASE__URL": "postgresql://desk@db.example/press",
            "DATELINE_RELAY__0__PORT": "2525",
            "DATELINE_OFFICE__LANGUAGES": "en, fr",
            "DATELINE_HOME": "/elsewhere",
        },
    )
    assert config.database_url == "postgresql://desk@db.example/press"
    assert config.relay[0].port == 2525
    assert config.office.languages == ("en", "fr")


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("late_grace =", "late_grase =", UnknownSetting, ["delivery.late_grase", "delivery.late_grace?"]),
        ("[delivery]", "[delivry]", UnknownSetting, ["delivry", "Did you mean delivery?"]),
        ("port = 587", "prot = 587", UnknownSetting, ["relay[1].prot", "relay[1].port?"]),
        ('"Asia/Beirut"', '"Asia/Beruit"', BadSetting, ["office.zone", "Asia/Beruit", "Asia/Beirut?"]),
        ('security = "starttls"', 'security = "ssl"', BadSetting, ["relay[1].security", "'ssl'", "'tls'"]),
        ("port = 587", "port = 70000", BadSetting, ["relay[1].port", "70000", "65535"]),
        ('"1h"', '"soon"', BadSetting, ["delivery.late_grace", "'soon'", "90m"]),
        ('default_language = "en"', 'default_language = "fr"', BadSetting, ["office", "en, ar"]),
        ('address = "press@office.example"', "", BadSetting, ["sender.address", "left out"]),
        ('name = "main"', 'name = "a\\r\\nb"', BadSetting, ["relay[1].name", "one line"]),
        ("port = 587", "port = ", BadSyntax, ["line 52", "Invalid value"]),
    ],
)
def test_a_wrong_setting_is_named_with_file_key_and_what_is_allowed(
    home: Path, old: str, new: str, error: type[Exception], words: list[str]
) -> None:
    change(home, old, new)
    with pytest.raises(error) as caught:
        load(home, {})
    for word in [str(config_file(home)), *words]:
        assert word in str(caught.value)


def test_a_wrong_setting_from_the_environment_names_the_variable(home: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        load(home, {"DATELINE_RELAY__0__PORT": "smtp"})
    assert "DATELINE_RELAY__0__PORT" in str(caught.value)


def test_a_folder_without_an_office_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(OfficeMissing, match="dateline init"):
        load(tmp_path, {})


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_an_unreadable_file_is_named(home: Path, content: bytes | None) -> None:
    file = config_file(home)
    file.unlink()
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"dateline\.toml"):
        load(home, {})


def test_no_secret_is_shown_by_an_error_or_by_printing_the_settings(home: Path) -> None:
    change(home, 'username = ""', 'username = "desk"\npassword = ["hunter2"]')
    with pytest.raises(BadSetting) as caught:
        load(home, {})
    assert "hunter2" not in str(caught.value)
    change(home, 'username = ""', 'username = "desk"\npassword = "hunter2"')
    config = load(home, {"DATELINE_DATABASE__URL": "postgresql://desk:hunter2@db.example/press"})
    assert "hunter2" not in repr(config)
    assert config.relay[0].password.get_secret_value() == "hunter2"


def test_a_password_may_lie_in_a_file(home: Path) -> None:
    change(home, 'username = ""', 'username = "desk"\npassword_file = "relay.secret"')
    with pytest.raises(UnreadableFile, match=r"relay\.secret"):
        load(home, {})
    (home / "relay.secret").write_text("hunter2\n", "utf-8")
    assert load(home, {}).relay[0].password.get_secret_value() == "hunter2"


KEY = '[[dkim]]\ndomain = "desk.example"\nselector = "{}"\nkey_file = "config/keys/one.pem"\n'


def test_a_key_for_signing_lies_in_the_offices_folder(home: Path) -> None:
    change(home, "\n[[relay]]", "\n" + KEY.format("Press2026") + "[[relay]]")
    (key,) = load(home, {"DATELINE_DKIM__0__RETIRED": "true"}).dkim
    assert (key.domain, key.selector, key.retired) == ("desk.example", "press2026", True)
    assert key.key_file == home / "config/keys/one.pem"


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (KEY.format("a") + 'selektor = "b"\n', UnknownSetting, ["dkim[1].selektor", "dkim[1].selector"]),
        (KEY.format("a_b"), BadSetting, ["dkim[1].selector", "'a_b'", "letters, digits and hyphens"]),
        (KEY.format("a;h=x"), BadSetting, ["dkim[1].selector", "'a;h=x'"]),
        (
            KEY.format("a").replace("desk.example", "desk"),
            BadSetting,
            ["dkim[1].domain", "'desk'", "office.example"],
        ),
        (KEY.format("a").replace("key_file", "# key_file"), BadSetting, ["dkim[1].key_file", "left out"]),
        (KEY.format("a") + "retired = 7\n", BadSetting, ["dkim[1].retired", "7"]),
        (KEY.format("a") + KEY.format("A"), BadSetting, ["dkim", "each domain and selector once"]),
        (
            KEY.format("a") + KEY.format("b") + KEY.format("c"),
            BadSetting,
            ["dkim", "at most two", "retired = true"],
        ),
    ],
)
def test_a_wrong_setting_of_a_key_is_named(
    home: Path, lines: str, error: type[Exception], words: list[str]
) -> None:
    refused_before_the_relay(home, lines, error, words)


OTHER = '[[relay]]\nname = "other"\nhost = "relay.example"\n'
LIMIT = '[[limit]]\ndomain = "{}"\n'


def test_a_relay_names_its_senders_and_recipient_domains_as_they_are_compared(home: Path) -> None:
    senders, domains = '["Press@Büro.example", "OFFICE.example"]', '["Müller.example", "*.Gov.example"]'
    lines = f"senders = {senders}\nrecipient_domains = {domains}\nstandby = true\n"
    change(home, "\n[[relay]]", f"\n{OTHER}{lines}[[relay]]")
    relay = load(home, {}).relay[0]
    assert relay.senders == ("press@xn--bro-hoa.example", "office.example")
    assert relay.recipient_domains == ("xn--mller-kva.example", "*.gov.example")
    assert relay.standby
    relay = load(home, {"DATELINE_RELAY__0__RECIPIENT_DOMAINS": "a.example, b.example"}).relay[0]
    assert relay.recipient_domains == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("sender", "takes"),
    [
        ("press@büro.example", True),
        ("PRESS@XN--BRO-HOA.EXAMPLE", True),
        ("news@büro.example", False),
        ("anybody@Office.example", True),
        ("anybody@sub.office.example", False),
        ("office.example@desk.example", False),
    ],
)
def test_a_relay_takes_mail_from_its_senders_only(sender: str, takes: bool) -> None:
    relay = Relay(name="a", host="a.example", senders=("press@büro.example", "office.example"))
    assert relay.sends_for(sender) is takes
    assert Relay(name="a", host="a.example").sends_for(sender)


def test_a_limit_is_of_one_domain(home: Path) -> None:
    change(home, "\n[[relay]]", f"\n{LIMIT.format('Müller.example')}connections = 1\n[[relay]]")
    (limit,) = load(home, {"DATELINE_LIMIT__0__MESSAGES_PER_MINUTE": "60"}).limit
    assert (limit.domain, limit.connections, limit.messages_per_minute) == ("xn--mller-kva.example", 1, 60)


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (OTHER + 'recipient_domain = ["a.example"]\n', UnknownSetting, ["relay[1].recipient_domains?"]),
        (
            OTHER + 'recipient_domains = ["gov.*"]\n',
            BadSetting,
            ["relay[1].recipient_domains[1]", "'gov.*'", "*.gov"],
        ),
        (OTHER + 'recipient_domains = ["a.*.example"]\n', BadSetting, ["relay[1].recipient_domains[1]"]),
        (OTHER + 'senders = ["@office.example"]\n', BadSetting, ["relay[1].senders[1]", "press@desk.example"]),
        (OTHER + 'password = "hunter2"\n' + OTHER, BadSetting, ["relay", "each name once"]),
        (LIMIT.format("a.example"), BadSetting, ["limit[1]", "connections or messages_per_minute"]),
        (LIMIT.format("*.example") + "connections = 1\n", BadSetting, ["limit[1].domain", "'*.example'"]),
        ((LIMIT.format("a.example") + "connections = 1\n") * 2, BadSetting, ["limit", "each domain once"]),
        (LIMIT.format("a.example") + "conections = 1\n", UnknownSetting, ["limit[1].connections?"]),
    ],
)
def test_a_wrong_setting_of_routes_and_limits_is_named(
    home: Path, lines: str, error: type[Exception], words: list[str]
) -> None:
    told = refused_before_the_relay(home, lines, error, words)
    assert "hunter2" not in told


@pytest.mark.parametrize("only", ['recipient_domains = ["a.example"]', 'senders = ["elsewhere.example"]'])
def test_settings_by_which_somebody_would_be_missed_are_refused(home: Path, only: str) -> None:
    change(home, 'username = ""', only)
    with pytest.raises(BadSetting, match=r"without recipient_domains that takes mail from press@office\.example"):
        load(home, {})
