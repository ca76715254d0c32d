"""One problem of one cell, before it has a place in a file."""


class Unfit(Exception):
    """What is wrong with a field, and what to do about it, in an officer's words."""

    def __init__(self, field: str, reason: str, remedy: str, value: str = "") -> None:
        self.field, self.reason, self.remedy, self.value = field, reason, remedy, value
