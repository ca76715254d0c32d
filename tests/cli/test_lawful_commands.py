"""An officer says whom she must not write to and who accepted the terms, and is told what that did."""

from pathlib import Path

from cli.conftest import Dateline


def test_a_domain_is_suppressed_after_a_question_or_with_yes(office: Path, dateline: Dateline) -> None:
    words = ("contacts", "suppress", "@courier.example", "--reason", "asked")
    told = dateline(*words, "--dry-run")
    assert (told.code, told.out) == (0, "")
    assert "1 contacts have an address at @courier.example." in told.err
    assert dateline("contacts", "suppressions", "--json").json() == []
    told = dateline(*words)  # nobody is there to answer
    assert told.code == 2
    assert "--yes" in told.err
    told = dateline(*words, "--yes")
    assert (told.code, "not written to any more" in told.err) == (0, True)
    told = dateline("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo", "--dry-run")
    assert "1 are at a domain that must not be written to" in told.err
    assert "Nour Haddad, Beirut: suppressed-domain" in told.err
    assert dateline("contacts", "show", "nour@courier.example", "--json").json()["suppressed"] is True


def test_who_unsubscribed_from_one_organisation_is_left_out_of_its_releases(
    office: Path, dateline: Dateline
) -> None:
    words = ("contacts", "suppress", "nour@courier.example", "--reason", "unsubscribed", "--organisation")
    assert dateline(*words, "nobody").code == 1
    assert "in the name of ESRF" in dateline(*words, "ESRF").err
    told = dateline("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo", "--dry-run")
    assert "1 have unsubscribed from an organisation that issues it" in told.err
    (row,) = dateline("contacts", "suppressions", "--json").json()
    assert (row["address"], row["organisation"], row["kind"]) == ("nour@courier.example", "esrf", "asked")
    assert "was not suppressed" in dateline("contacts", "unsuppress", "nour@courier.example").err
    lifted = dateline("contacts", "unsuppress", "nour@courier.example", "--organisation", "esrf")
    assert "may be written to again in the name of ESRF" in lifted.err


def test_terms_are_added_accepted_and_withdrawn(office: Path, dateline: Dateline) -> None:
    (office / "terms.txt").write_text("أحتفظ به لنفسي.\n", "utf-8")
    assert dateline("terms", "add", "Embargo 2026", "terms.txt").code == 0
    assert dateline("terms", "add", "embargo 2026", "terms.txt").code == 1
    assert dateline("terms", "add", "Other", "missing.txt").code == 1
    assert dateline("terms", "show", "Embargo 2026").out == "أحتفظ به لنفسي.\n"
    words = ("contacts", "accept", "hagop@ledger.example", "--how", "by mail", "--terms", "Embargo 2026")
    assert dateline(*words, "--on", "yesterday").code == 1
    told = dateline(*words, "--on", "2026-11-20", "--until", "2026-12-31")
    assert "Hagop Terzian accepted “Embargo 2026” on 2026-11-20, until 2026-12-31." in told.err
    shown = dateline("contacts", "show", "hagop@ledger.example", "--json").json()
    assert shown["embargo_terms"] == "2026-11-20"
    assert dateline("contacts", "withdraw", "hagop@ledger.example").code == 0
    assert dateline("contacts", "withdraw", "hagop@ledger.example").code == 1
    assert dateline("contacts", "show", "hagop@ledger.example", "--json").json()["embargo_terms"] is None


def test_a_basis_is_recorded(office: Path, dateline: Dateline) -> None:
    words = ("contacts", "basis", "hagop@ledger.example")
    assert "basis, basis since recorded" in dateline(*words, "--basis", "consent", "--since", "2026-11-20").err
    assert "Nothing to change" in dateline(*words, "--basis", "consent").err
    assert "legitimate-interest" in dateline(*words, "--basis", "because").err
