"""The real components that tests need: PostgreSQL, Chromium, opendkim and others."""

import os
from typing import NoReturn

import pytest

REQUIRED = bool(os.environ.get("DATELINE_REQUIRE_ALL"))


def lacking(what: str) -> NoReturn:
    """Skip for want of a component, or fail where all of them are required."""
    if REQUIRED:
        pytest.fail(f"{what} is required here but was not found")
    pytest.skip(f"{what} is not installed")
