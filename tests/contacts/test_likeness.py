"""Names of one person in several spellings and scripts, and names of several people that look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts.likeness import Name, likeness
from mailer.contacts.names import skeleton, words


def alike(one: str, two: str) -> float:
    return likeness(Name.of(one), Name.of(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Nour Haddad", "نور حداد"),
        ("Mohammed Salem", "Muhammad Salem"),
        ("Mohammed Salem", "محمد سالم"),
        ("Mohamad Salem", "مُحَمَّد سالم"),
        ("Haddad, Nour", "Nour Haddad"),
        ("حداد نور", "Nour Haddad"),
        ("Dr. Nour Haddad", "Nour Haddad"),
        ("N. Haddad", "Nour Haddad"),
        ("Nour Elias Haddad", "Nour Haddad"),
        ("Abdul Rahman Khoury", "عبد الرحمن خوري"),
        ("Abdelrahman Khoury", "عبدالرحمن الخوري"),
        ("Abdullah Osman", "Abdallah Osman"),
        ("Fatimah Zein", "فاطمة زين"),
        ("Rachid Gemayel", "رشيد الجميل"),
        ("Rasheed el-Gemayel", "Rachid Gemayel"),
        ("Ghassan Tueni", "غسان تويني"),
        ("Gamal Youssef", "جمال يوسف"),
        ("Hélène Dupont", "Helene Dupont"),
        ("Khalil Sami", "سامي خليل"),
    ],
)
def test_one_person_is_known_again(one: str, two: str) -> None:
    assert alike(one, two) >= 80
    assert alike(one, two) == alike(two, one)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Nour Haddad", "Hagop Terzian"),
        ("Nour Haddad", "Mona Rashwan"),
        ("Nour Haddad", "منى رشوان"),
        ("Nour Haddad", "Omar Haddad"),
        ("R. Haddad", "Nour Haddad"),
        ("Haddad", "Nour Haddad"),
        ("", "Nour Haddad"),
        ("...", "؟"),
        ("李明", "王芳"),
    ],
)
def test_two_people_are_not(one: str, two: str) -> None:
    assert alike(one, two) < 80


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [
        ("haddad", "حداد"),
        ("khalil", "خليل"),
        ("sharif", "شريف"),
        ("cherif", "شريف"),
        ("djamel", "جمال"),
        ("qasem", "قاسم"),
    ],
)
def test_both_scripts_have_one_skeleton(latin: str, arabic: str) -> None:
    assert skeleton(latin) == skeleton(arabic)


def test_words_leave_titles_and_articles_out_and_keep_who_is_called_so() -> None:
    assert words("الأستاذ نور الحداد") == ("نور", "حداد")
    assert words("Abd el-Karim") == ("abdkarim",)
    assert words("Abd") == ("abd",)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_is_compared(one: str, two: str) -> None:
    assert 0 <= alike(one, two) <= 100
    assert alike(one, two) == pytest.approx(alike(two, one))
