"""``dateline releases diff``: what changed between two versions, part by part and word by word."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text

from mailer.cli.office import opened
from mailer.cli.options import JsonOption
from mailer.cli.output import fail_usage, out, say, show_document
from mailer.releases.differences import Change, Difference, differences
from mailer.releases.versions import release_named, versions_between
from mailer.releases.wording import MARKS, Fate, Run
from mailer.reports.values import has_rtl, isolated
from mailer.reports.words import seen

_STYLES: Mapping[Fate, str] = {Fate.KEPT: "", Fate.REMOVED: "red strike", Fate.ADDED: "green bold"}


def show_differences(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name (slug).")],
    *,
    before: Annotated[
        int | None, typer.Option("--from", min=1, help="A version; the one before --to where left out.")
    ] = None,
    after: Annotated[int | None, typer.Option("--to", min=1, help="A version; the latest where left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what changed between two versions of a release: [-words that went-], [+words that came+], figures."""
    if before is not None and before == after:
        fail_usage("--from and --to name the same version.")
    with opened() as office, office.database.read() as session:
        old, new = versions_between(release_named(session, release), before, after)
        found = differences(old.frozen, new.frozen)
        versions = (("from", old), ("to", new))
        document = {
            "release": release,
            **{name: version.number for name, version in versions},
            **{f"{name}_sha256": version.sha256 for name, version in versions},
            "differences": [fields(one) for one in found],
        }
    if as_json:
        show_document(document)
        return
    out.print(Text(f"{release}, version {old.number} → {new.number}", style="bold"))
    for one in found:
        out.print()
        out.print(Text(heading(one), style="bold"))
        if one.change is not Change.MOVED:
            out.print(marked(one.wording.runs))
        for word, figures in (("went", one.wording.figures_removed), ("came", one.wording.figures_added)):
            if figures:
                out.print(f"  figures that {word}: {'; '.join(map(seen, figures))}", markup=False)
    say(f"{len(found)} parts differ. [-went-] [+came+]" if found else "Nothing differs.")


def heading(one: Difference) -> str:
    """Which part it is, and what became of it."""
    places = " → ".join(str(place) for place in dict.fromkeys((one.before, one.after)) if place is not None)
    what = " ".join(filter(None, (one.language, one.part.value, places)))
    words = {Change.SPACING: "only its spaces or line ends differ"}.get(one.change, one.change.value)
    return f"{what}: {words}"


def fields(one: Difference) -> Mapping[str, object]:
    """A difference as ``--json`` gives it."""
    return {
        "language": one.language,
        "part": one.part.value,
        "change": one.change.value,
        "before": one.before,
        "after": one.after,
        "words_removed": one.wording.words_removed,
        "words_added": one.wording.words_added,
        "figures_removed": list(one.wording.figures_removed),
        "figures_added": list(one.wording.figures_added),
        "runs": [{"fate": run.fate.value, "text": run.text} for run in one.wording.runs],
    }


def marked(runs: Sequence[Run]) -> Text:
    """The text with what went and what came in marks; on one line, with nothing in it that cannot be seen."""
    apart = any(has_rtl(run.text) for run in runs)
    text = Text()
    for run in runs:
        start, end = MARKS[run.fate]
        words = seen(run.text)
        bare = words.rstrip() if start else words
        # In Arabic, what is marked has a direction of its own: a figure would change places with its mark.
        inner = isolated(bare) if apart and start else bare
        text.append(f"{start}{inner}{end}", _STYLES[run.fate])
        text.append(words[len(bare) :])
    return text
