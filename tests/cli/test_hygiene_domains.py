"""``contacts hygiene --dns`` lists the domains of addresses and what the DNS says of them, and changes nothing."""

import sys
from functools import partial
from pathlib import Path

import pytest
from name_server import serving

from cli.conftest import Dateline, logged
from cli.test_json_reference import documented
from mailer.contacts import name_server

ZONE = {
    "courier.example.": "MX 10 mail.courier.example.",
    "ledger.example.": "MX 0 .",
    "sentinel.example.": "A 192.0.2.1",
    "alwadi.example.": "SERVFAIL",
}


def test_the_domains_are_listed_with_what_the_dns_says(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = logged(office)
    with serving(ZONE) as server:
        monkeypatch.setattr(name_server, "asking", partial(name_server.asking, servers=[server.address]))
        rows = dateline("contacts", "hygiene", "--dns", "--json").json()
        told = dateline("contacts", "hygiene", "--dns")
        few = dateline("contacts", "hygiene", "--dns", "--csv", "--limit", "1")
    by_domain = {row["domain"]: row for row in rows}
    assert {
        domain: by_domain[f"{domain}.example"]["mail"] for domain in ("courier", "ledger", "sentinel", "alwadi")
    } == {
        "courier": "accepts",
        "ledger": "accepts-none",
        "sentinel": "accepts",
        "alwadi": "not-known",
    }
    assert by_domain["ledger.example"]["addresses"] == ["hagop@ledger.example"]
    assert rows[0]["mail"] == "does-not-exist"  # those of the officers, whom no zone knows
    for row in rows:
        assert set(row) == set(documented()["contacts hygiene --dns"])
    assert "ledger.example" in told.out
    assert "accepts none" in told.out
    assert f"{len(rows)} domains" in told.err
    assert len(few.out.splitlines()) == 2
    assert logged(office) == before


def test_without_the_extra_it_is_said_which_to_install(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mailer.contacts.name_server", None)
    monkeypatch.delattr("mailer.contacts.name_server", raising=False)
    told = dateline("contacts", "hygiene", "--dns")
    assert (told.code, "pip install 'dateline[dns]'" in told.err) == (1, True), told.err
