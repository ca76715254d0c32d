"""A backup from whoever hands it over: nothing of it is written anywhere unless all of it is as it should be."""

import hashlib
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from offices import brought_back, kept, seal, settings_of

from mailer.database import Database
from mailer.errors import BackupNewer, BadBackup, DatelineError, UnreadableFile
from mailer.keeping.manifest import Manifest

Contents = dict[str, bytes]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, finished_file: Path) -> Path:
    """A backup as it should be; do not change it."""
    folder = tmp_path_factory.mktemp("good")
    settings_of(folder / "office")
    shutil.copyfile(finished_file, folder / "dateline.db")
    database = Database(f"sqlite:///{folder}/dateline.db")
    seal(database, folder / "office")
    kept(database, folder / "office", folder / "b.zip")
    database.close()
    return folder / "b.zip"


def contents_of(file: Path) -> Contents:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(file: Path, contents: Contents, *, tell: bool = True) -> Path:
    """An archive of these files; with a manifest that fits them, as whoever makes one by hand would see to it."""
    document = json.loads(contents["manifest.json"])
    if tell:
        document["members"] = [
            {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in contents.items()
            if name != "manifest.json"
        ]
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, json.dumps(document) if name == "manifest.json" else content)
    return file


def refused(file: Path, tmp_path: Path, words: str = "is no backup") -> None:
    """It is refused with these words, and there is nothing new on the disk."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadBackup, match=words):
        brought_back(file, tmp_path / "back")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name",
    [
        "office/../escaped.txt",
        "office/config/../../../escaped.txt",
        "/etc/escaped.txt",
        "../escaped.txt",
        "office//config/escaped.txt",
        "office/./config/escaped.txt",
        "office/config\\..\\escaped.txt",
        "office/config/dateline.toml/inside",
        "office/config/esc\u202eaped.txt",
        "office/config/esc\x1baped.txt",
        "office/config/" + "x" * 2000,
        "office/config/folder/",
        "office/",
        "loose.txt",
        "elsewhere/escaped.txt",
        "database/other.db",
        "C:/escaped.txt",
    ],
)
def test_a_name_that_leads_out_of_the_office_is_refused(good: Path, tmp_path: Path, name: str) -> None:
    refused(written(tmp_path / "b.zip", contents_of(good) | {name: b"x"}), tmp_path)


def test_two_files_of_one_name_are_refused(good: Path, tmp_path: Path) -> None:
    shutil.copyfile(good, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("office/config/dateline.toml", "[office]")
    refused(tmp_path / "b.zip", tmp_path, "two files")


def rewritten(good: Path, file: Path, change: Callable[[zipfile.ZipInfo], None], name: str) -> Path:
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(file, "w") as new:
        for info in old.infolist():
            fresh = zipfile.ZipInfo(info.filename)
            fresh.compress_type = info.compress_type
            if info.filename == name:
                change(fresh)
            new.writestr(fresh, old.read(info.filename))
    return file


TOML = "office/config/dateline.toml"


def as_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_pipe(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFIFO | 0o600) << 16


def packed(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


def packed_otherwise(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_LZMA


@pytest.mark.parametrize("change", [as_link, as_pipe, packed, packed_otherwise])
def test_links_pipes_and_what_is_packed_otherwise_are_refused(
    good: Path, tmp_path: Path, change: Callable[[zipfile.ZipInfo], None]
) -> None:
    refused(rewritten(good, tmp_path / "b.zip", change, TOML), tmp_path)


def test_a_database_that_unpacks_to_a_thousand_times_its_size_is_refused(good: Path, tmp_path: Path) -> None:
    content = contents_of(good)
    zeros = bytes(70_000_000)
    document = json.loads(content["manifest.json"])
    for member in document["members"]:
        if member["name"] == "database/dateline.db":
            member["size"], member["sha256"] = len(zeros), hashlib.sha256(zeros).hexdigest()
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("database/dateline.db", zeros)
        for name in content.keys() - {"database/dateline.db", "manifest.json"}:
            archive.writestr(zipfile.ZipInfo(name), content[name])
        archive.writestr("manifest.json", json.dumps(document))
    assert (tmp_path / "b.zip").stat().st_size < 200_000
    refused(tmp_path / "b.zip", tmp_path, "many times")


@pytest.mark.parametrize("name", ["database/dateline.db", TOML, "office/config/keys/log.pub"])
def test_a_file_that_was_changed_is_refused(good: Path, tmp_path: Path, name: str) -> None:
    contents = contents_of(good)
    contents[name] = contents[name][:-1] + bytes([contents[name][-1] ^ 1])
    refused(written(tmp_path / "b.zip", contents, tell=False), tmp_path, "not what was backed up")


@pytest.mark.parametrize("name", ["database/dateline.db", TOML, "manifest.json"])
def test_a_file_that_is_missing_is_missed(good: Path, tmp_path: Path, name: str) -> None:
    contents = contents_of(good)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for member in contents.keys() - {name}:
            archive.writestr(member, contents[member])
    refused(tmp_path / "b.zip", tmp_path)


def test_a_file_that_the_manifest_does_not_name_is_refused(good: Path, tmp_path: Path) -> None:
    contents = contents_of(good) | {"office/config/extra.toml": b"x"}
    refused(written(tmp_path / "b.zip", contents, tell=False), tmp_path, "manifest names")


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(good: Path, tmp_path: Path, part: float) -> None:
    content = good.read_bytes()
    (tmp_path / "b.zip").write_bytes(content[: int(len(content) * part)])
    refused(tmp_path / "b.zip", tmp_path, "whole zip archive")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_has_turned_over_does_no_harm(good: Path, tmp_path: Path, place: float, bit: int) -> None:
    content = bytearray(good.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    (tmp_path / "b.zip").write_bytes(content)
    shutil.rmtree(tmp_path / "back", ignore_errors=True)
    try:
        brought_back(tmp_path / "b.zip", tmp_path / "back")
    except DatelineError:
        assert [file.name for file in tmp_path.iterdir()] == ["b.zip"]
    else:
        # Then it was one that means nothing, such as a file's date.
        assert contents_of(good) == contents_of(tmp_path / "b.zip")


def test_a_newer_datelines_backup_is_refused(good: Path, tmp_path: Path) -> None:
    contents = contents_of(good)
    document = json.loads(contents["manifest.json"]) | {"level": "9999", "dateline": "9.0"}
    contents["manifest.json"] = json.dumps(document).encode()
    with pytest.raises(BackupNewer, match=r"Dateline 9\.0"):
        brought_back(written(tmp_path / "b.zip", contents), tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_database_of_another_level_than_it_says_is_refused(good: Path, tmp_path: Path) -> None:
    contents = contents_of(good)
    document = json.loads(contents["manifest.json"]) | {"level": "0007"}
    contents["manifest.json"] = json.dumps(document).encode()
    with pytest.raises(BadBackup, match="level"):
        brought_back(written(tmp_path / "b.zip", contents), tmp_path / "back")
    assert [file.name for file in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize("content", [b"", b"PK", b"nothing at all", b"SQLite format 3\0" + bytes(4000)])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    refused(tmp_path / "b.zip", tmp_path)


def test_a_folder_or_nothing_is_told(tmp_path: Path) -> None:
    for name in (".", "gone.zip"):
        with pytest.raises(UnreadableFile):
            brought_back(tmp_path / name, tmp_path / "back")


CHANGES: list[dict[str, Any]] = [
    {"format": "other"},
    {"version": 2},
    {"version": True},
    {"made_at": "yesterday"},
    {"made_at": "2026-11-24T12:00:00"},
    {"made_at": "9999-12-31T23:59:59-14:00"},
    {"made_at": "0001-01-01T00:00:00+14:00"},
    {"left_out": ["config/\x1b[2J"]},
    {"left_out": ["x" * 5000]},
    {"kind": "mysql"},
    {"kind": None},
    {"level": "../0001"},
    {"dateline": "\x1b[2J"},
    {"entries": -1},
    {"entries": "many"},
    {"entries": True},
    {"sealed": 1e300},
    {"checkpoint": "nothing"},
    {"with_keys": "yes"},
    {"left_out": [1]},
    {"left_out": 7},
    {"members": 7},
    {"members": [{"name": "x"}]},
    {"members": [{"name": 1, "size": 1, "sha256": "0" * 64}]},
    {"members": [{"name": "x", "size": -1, "sha256": "0" * 64}]},
    {"members": [{"name": "x", "size": 1, "sha256": "0" * 63}]},
    {"extra": 1},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_manifest_of_another_form_is_refused(good: Path, change: dict[str, Any]) -> None:
    document = json.loads(contents_of(good)["manifest.json"])
    Manifest.parsed(json.dumps(document).encode())
    with pytest.raises(ValueError, match=r"manifest|checkpoint"):
        Manifest.parsed(json.dumps(document | change).encode())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_a_manifest_of_anything_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ValueError, match="manifest"):
        Manifest.parsed(content)
