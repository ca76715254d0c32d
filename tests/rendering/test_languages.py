"""A contact gets the edition that she reads best, and every language runs its own way."""

import pytest

from mailer.rendering import Layout, direction, pick_languages


@pytest.mark.parametrize(
    ("reads", "offered", "preferred", "both"),
    [
        (["ar", "en"], ["en", "ar"], ["ar"], ["ar", "en"]),
        (["fr"], ["en", "ar"], ["en"], ["en", "ar"]),
        (["fr", "ar"], ["en", "ar", "fr"], ["fr"], ["fr", "ar", "en"]),
        (["de"], ["ar", "fr"], ["ar"], ["ar", "fr"]),
        (["pt-BR"], ["en", "pt"], ["pt"], ["pt", "en"]),
        (["pt"], ["en", "pt-BR", "pt-PT"], ["pt-BR"], ["pt-BR", "en", "pt-PT"]),
        (["pt-BR"], ["pt-PT", "pt-BR"], ["pt-BR"], ["pt-BR", "pt-PT"]),
        (["zh-Hant-TW"], ["zh-Hans", "zh-Hant"], ["zh-Hant"], ["zh-Hant", "zh-Hans"]),
        (["PT-br"], ["en", "pt-BR"], ["pt-BR"], ["pt-BR", "en"]),
        ([], ["ar", "en"], ["en"], ["en", "ar"]),
        (["en"], [], [], []),
    ],
)
def test_a_contact_gets_the_edition_that_she_reads_best(
    reads: list[str], offered: list[str], preferred: list[str], both: list[str]
) -> None:
    assert pick_languages(reads, offered, default="en", layout=Layout.PREFERRED) == tuple(preferred)
    assert pick_languages(reads, offered, default="en", layout=Layout.BOTH) == tuple(both)


@pytest.mark.parametrize(
    ("language", "way"),
    [("ar", "rtl"), ("ar-LB", "rtl"), ("fa", "rtl"), ("he", "rtl"), ("en", "ltr"), ("fr-CA", "ltr"),
     ("ku-Arab", "rtl"), ("ku", "ltr"), ("az-Arab-IR", "rtl"), ("ar-Latn", "ltr")],
)  # fmt: skip
def test_a_language_runs_its_way(language: str, way: str) -> None:
    assert direction(language) == way
