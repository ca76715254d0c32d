"""Every error that a person can cause, with what was wrong, where, and what to do about it.

The class says the kind, ``message`` and ``remedy`` are its words with named fields, so that a face
(command line, web) can show or translate them without knowing the kinds one by one.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """A sentence that suggests the known name most like a mistyped one, or lists the first few; else empty."""
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1, cutoff=cutoff):
        return f"Did you mean {near[0]}?"
    return f"There is: {', '.join(names[:10])}." if names else ""


class DatelineError(Exception):
    """Something that a person can put right; never shown as a traceback."""

    message: ClassVar[str] = "Something went wrong."
    remedy: ClassVar[str] = ""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(" ".join(filter(None, (self.problem, self.advice))))

    @property
    def problem(self) -> str:
        """What was wrong and where, as one sentence."""
        return self.message.format(**self.fields)

    @property
    def advice(self) -> str:
        """What to do about it; empty where the problem says it all."""
        return self.remedy.format(**self.fields).strip()


class OfficeMissing(DatelineError):
    message = "{folder} is not a press office: it has no config/dateline.toml."
    remedy = "Go to your office's folder, name it with --home, or make one with: dateline init FOLDER"


class OfficeExists(DatelineError):
    message = "{folder} already holds a press office; nothing was changed."
    remedy = "Choose another folder, or delete that one yourself if you are sure."


class UnreadableFile(DatelineError):
    message = "{file} cannot be read: {reason}."
    remedy = "Check that the file exists and that this user may read it."


class BadSyntax(DatelineError):
    message = "{file}, {place}: {reason}."
    remedy = "Correct that line; the comments in the default file show how each setting is written."


class UnknownSetting(DatelineError):
    message = "{file}: {key} is not a setting."
    remedy = "{nearest}"


class BadSetting(DatelineError):
    message = "{file}: {key} cannot be {value}."
    remedy = "Allowed: {allowed}."


class BadWallTime(DatelineError):
    message = "{value} is not a date and time."
    remedy = "Write it as 2026-12-22 10:00, 24-hour clock."


class UnknownZone(DatelineError):
    message = "{zone} is not a time zone."
    remedy = "Use an IANA name, such as Asia/Beirut or Africa/Cairo.{nearest}"


class SkippedWallTime(DatelineError):
    message = "{wall} does not exist in {zone}: the clocks go forward over it, from {before} to {after}."
    remedy = "Choose a time before {before} or from {after} on."


class AmbiguousWallTime(DatelineError):
    message = "{wall} comes twice in {zone} that day: {first} and {second}."
    remedy = "Say which one by its offset: {choices}."


class WrongOffset(DatelineError):
    message = "{wall} is never {offset} in {zone}; there it is {right}."
    remedy = "Leave the offset out, or correct it or the zone."


class BadDatabaseURL(DatelineError):
    message = "The database's URL cannot be used: {reason}."
    remedy = "Write sqlite:///data/dateline.db or postgresql://user@host/name under [database] url."


class DatabaseUnreachable(DatelineError):
    message = "The database {database} cannot be opened: {reason}."
    remedy = "Check that it runs, that the URL is right and that this user may open it."


class DatabaseBusy(DatelineError):
    message = "The database {database} is busy with another process; nothing was changed."
    remedy = "Try again in a moment; if it stays so, look for a process that hangs."


class DatabaseUnusable(DatelineError):
    message = "The database {database} cannot be used: {reason}; nothing was changed."
    remedy = "Make room on its disk, and let this user write to it and to its folder."


class SchemaBehind(DatelineError):
    message = "The database {database} is at level {level}, and this version needs {needed}."
    remedy = "Make a copy of it, then run: dateline migrate"


class SchemaUnknown(DatelineError):
    message = "The database {database} is at level {level}, which this version does not know."
    remedy = "A newer Dateline has worked on it: install that version here too."


class BadTable(DatelineError):
    message = "{file} cannot be imported: {reason}."
    remedy = "{remedy}"


class BadMapping(BadTable):
    message = "The mapping “{mapping}” cannot be used: {reason}."


class MappingMissing(DatelineError):
    message = "There is nothing to keep as the mapping “{name}”."
    remedy = "Say which column is which field beside it: --map 'HEADING=FIELD'"


class UnknownMapping(DatelineError):
    message = "There is no mapping “{name}”."
    remedy = "{nearest}"


class UnknownRelease(DatelineError):
    message = "There is no release {release}."
    remedy = "{nearest} List them with: dateline releases list"


class BadSlug(DatelineError):
    message = "“{slug}” cannot be a release's short name."
    remedy = (
        "Name it with --slug: small Latin letters, digits and single hyphens, 80 at most, such as ports-agreement."
    )


class BadPicture(DatelineError):
    message = "The picture {file} cannot be used: {reason}."
    remedy = "Save it as a JPEG of some 1200 pixels' width and name that file."


class ReleaseIncomplete(DatelineError):
    message = "Release {release} cannot be frozen: {reason}."
    remedy = "{remedy}"


class NotFrozen(DatelineError):
    message = "Release {release} has not got {number}."
    remedy = "Freeze what it says now with: dateline releases freeze {release}"


class NotIssuedBy(DatelineError):
    message = "{organisation} does not issue release {release}."
    remedy = "Only the organisations that issue a release approve it; see: dateline releases show {release}"


class AlreadyApproved(DatelineError):
    message = "{organisation} has approved version {version} of {release} already; nothing was changed."
    remedy = "See: dateline releases show {release}"


class NotApproved(DatelineError):
    message = "Version {version} of {release} is not approved by {organisations}."
    remedy = "Each organisation signs off first: dateline releases approve {release} --organisation NAME"


class BeforeEmbargo(DatelineError):
    message = "A public wave at {due} would break the embargo of {release}, {embargo}."
    remedy = "Schedule it at the embargo or later, or say --under-embargo for those who accepted the terms."


class AfterEmbargo(DatelineError):
    message = "An under-embargo wave at {due} comes when the embargo of {release}, {embargo}, is over."
    remedy = "Schedule it earlier, or leave --under-embargo out."


class NoEmbargo(DatelineError):
    message = "Release {release}, version {version}, has no embargo, so nothing can go out under it."
    remedy = (
        "Leave --under-embargo out, or enter the embargo and freeze again: dateline releases embargo {release}"
    )


class TimePassed(DatelineError):
    message = "{due} is past: it is {now} now."
    remedy = "Choose a later time, or leave --at out to send at once."


class StaleTooSoon(DatelineError):
    message = "The wave would be stale from {stale} on, which is not after its time, {due}."
    remedy = "Choose a later end with --not-after or --stale-after, or leave it out."


class WaveStale(DatelineError):
    message = "Wave {wave} is stale since {stale} and cannot be {verb}."
    remedy = "If it should go out all the same, schedule it anew: dateline waves schedule {release} --list LIST"


class NobodyToSendTo(DatelineError):
    message = "Nobody on {name} would get this wave: {excluded} left out, none remaining."
    remedy = "{reasons}"


class UnknownWave(DatelineError):
    message = "There is no wave {wave}."
    remedy = "List them with: dateline waves list"


class WrongWaveState(DatelineError):
    message = "Wave {wave} is {state} and cannot be {verb}."
    remedy = "That works only on a wave that is {allowed}."


class NoRelay(DatelineError):
    message = "No relay is set up: there is nowhere to hand mail to."
    remedy = "Add a [[relay]] to config/dateline.toml, then see: dateline check"


class BadJournal(DatelineError):
    message = "The sending journal {file} cannot be written: {reason}."
    remedy = "Make room on that disk and let this user write there; sending goes on by itself."


class BadOption(DatelineError):
    message = "{option} cannot be {value}."
    remedy = "Allowed: {allowed}."


class BadQuery(DatelineError):
    """``position`` counts from 1, as the officer does: a caret goes below that character."""

    message = "The query is wrong at character {position}, {shown}: {reason}."
    remedy = "{advice}"


class UnknownList(DatelineError):
    message = "There is no media list “{name}”."
    remedy = "{nearest}"


class ListExists(DatelineError):
    message = "There is a media list “{name}” already; nothing was changed."
    remedy = "Change that one, or choose another name."


class EmptyList(DatelineError):
    message = "The media list “{name}” would have no members and no query: it could never reach anybody."
    remedy = "Give it a query, such as city:Beirut language:ar, or name its members."


class BadList(DatelineError):
    message = "The media list “{name}” cannot be kept so: {reason}."
    remedy = "{advice}"


class BadBeat(DatelineError):
    message = "The beat “{slug}” cannot be added: {reason}."
    remedy = "{advice}"


class BeatExists(DatelineError):
    message = "“{name}” is the name of a beat already ({beat}); nothing was changed."
    remedy = "Use that one, or choose other names. See them with: dateline beats list"


class UnknownOutlet(DatelineError):
    message = "There is no outlet “{name}”."
    remedy = "{nearest}"


class UnknownOutletType(DatelineError):
    message = "“{text}” is not a type of outlet."
    remedy = "There is: {known}."


class BadOutletName(DatelineError):
    message = "“{name}” cannot be an outlet's name; nothing was changed."
    remedy = "Use at most 200 letters, and no brackets: they are for somebody's role there."


class OutletExists(DatelineError):
    message = "There is an outlet “{name}” already; nothing was changed."
    remedy = "If they are the same, make them one with: dateline outlets merge"


class SameOutlet(DatelineError):
    message = "Both names are those of one outlet, “{name}”; nothing was changed."
    remedy = "Name the one that is to be kept, then the other spelling of it."


class ListInUse(DatelineError):
    message = "The media list “{name}” cannot be deleted: it is used by {users}."
    remedy = "Take it out there first; a list that a wave went to stays, as the record of that wave names it."


class UnknownContact(DatelineError):
    message = "There is no contact {text}."
    remedy = "{nearest}"


class AmbiguousContact(DatelineError):
    message = "{text} is the name of {count} contacts."
    remedy = "Say which one by address: {choices}."


class CannotMerge(DatelineError):
    message = "Contact {merged} cannot be merged into {kept}: {reason}."
    remedy = "{advice}"


class CannotUnmerge(DatelineError):
    message = "The merge of contact {merged} cannot be undone: {reason}."
    remedy = "{advice}"


class NotAtOutlet(DatelineError):
    message = "{name} does not work for {outlet}."
    remedy = "{outlets}"


class AlreadyAtOutlet(DatelineError):
    message = "{name} works for {outlet} already{role}; nothing was changed."
    remedy = "Another role begins with: dateline contacts join {contact} “{outlet}” --role ROLE"


class BadMove(DatelineError):
    message = "{name} cannot have {verb} {outlet} on {day}: {reason}."
    remedy = "{advice}"


class ContactGone(DatelineError):
    """She was merged or erased: her row is history, and what changes is elsewhere."""

    message = "Contact {contact} cannot be changed: {reason}."
    remedy = "{advice}"


class BadField(DatelineError):
    message = "{field} cannot be {value}: {reason}."
    remedy = "{advice}"


class BadAddress(DatelineError):
    message = "{address} is not a mail address: {reason}."
    remedy = "Write it as name@paper.example."


class BadDomain(DatelineError):
    message = "{domain} is not a domain: {reason}."
    remedy = "Write it as @paper.example; it stands for all addresses there, and at every domain below it."


class TermsExist(DatelineError):
    message = "There are embargo terms “{name}” already; nothing was changed."
    remedy = (
        "A text that somebody may have accepted never changes: give the new one another name, such as its year."
    )


class BadTerms(DatelineError):
    message = "The embargo terms “{name}” cannot be kept: {reason}."
    remedy = "{advice}"


class UnknownTerms(DatelineError):
    message = "There are no embargo terms “{name}”."
    remedy = "{nearest}"


class BadAcceptance(DatelineError):
    message = "That {name} accepted embargo terms cannot be recorded so: {reason}."
    remedy = "{advice}"


class BadWithdrawal(DatelineError):
    message = "No withdrawal from embargo terms was recorded for {name}: {reason}."
    remedy = "See what is recorded with: dateline contacts show"


class BadBasis(DatelineError):
    message = "The lawful basis of {name} cannot be kept so: {reason}."
    remedy = "{advice}"


class TemplateMissing(DatelineError):
    message = "There is no template {name} in {folder}."
    remedy = "{known}"


class TemplateProblem(DatelineError):
    message = "{file}, line {line}: {reason}."
    remedy = "Correct the template and look at it with: dateline releases preview RELEASE"


class PictureMissing(DatelineError):
    message = "The picture {asset} of the {language} edition is not there."
    remedy = "Import the release again together with its picture."


class UnfitAddress(DatelineError):
    message = "A message cannot be addressed to {address}: {reason}."
    remedy = "Correct the address."


class BadRelease(DatelineError):
    message = "{file}, {place}: {reason}."
    remedy = "{remedy}"


class UnknownOrganisation(DatelineError):
    message = "{organisation} is not one of our organisations."
    remedy = "Name it by its slug or acronym; add it to contacts/organisations.toml and import that file."


class EmbargoWithoutZone(DatelineError):
    message = "{file}: the embargo {embargo} has no time zone, so nobody could tell when it ends."
    remedy = "Write beside it, for instance: zone: Asia/Beirut"


class SlugNeeded(DatelineError):
    message = "{file}: no short name can be made from this headline."
    remedy = "Name the release with --slug, such as ports-agreement."


class UnknownDelivery(DatelineError):
    message = "There is no delivery {delivery}."
    remedy = "Find its number with: dateline deliveries list"


class WrongDeliveryState(DatelineError):
    message = "Delivery {delivery} is {state} and cannot be {verb}; nothing was changed."
    remedy = "That works only on one that is {allowed}."


class UnknownCity(DatelineError):
    message = "{city} is not a city that Dateline knows."
    remedy = "{advice}"


class AmbiguousCity(DatelineError):
    message = "{city} can mean more than one city: {reason}."
    remedy = "{advice}"


class DemoFailed(DatelineError):
    message = "The demonstration did not end well: {reason}."
    remedy = "That is a defect of Dateline, not yours: please report it with what stands above."


class UnwritableFile(DatelineError):
    message = "{file} cannot be written: {reason}."
    remedy = "Check that its folder exists, that there is room, and that this user may write there."


class BadDkimKey(DatelineError):
    message = "The DKIM key {file} cannot be used: {reason}."
    remedy = (
        "Correct key_file under [[dkim]] in config/dateline.toml, or make a new one: dateline dkim new SELECTOR"
    )


class FileExists(DatelineError):
    message = "There is a file {file} already; nothing was written."
    remedy = "Choose another name, or write over it with --force."


class TooMuchForFormat(DatelineError):
    message = "That cannot be written as {format}: {reason}."
    remedy = "{remedy}"


class ErasureKeyMissing(DatelineError):
    message = "The key {file} is not there, though people have been erased with it."
    remedy = "Put it back from your copy: nobody is taken in or erased while it cannot be told who was erased."


class BadErasureKey(DatelineError):
    message = "The key {file} cannot be used: {reason}."
    remedy = "Put the right one back from your copy, or name it in [privacy] erasure_key_file."


class BeingSentTo(DatelineError):
    message = "Contact {contact} is being sent a message at this moment; nothing was changed."
    remedy = "Try again in a minute."


class AlreadyErased(DatelineError):
    message = "Contact {contact} was erased on {day}."
    remedy = "Her number stays in the log; nothing that identifies her is left."


class PersonForgotten(DatelineError):
    message = "Delivery {delivery} cannot be {verb}: whom it went to was erased."
    remedy = "The log still has its entries and the hash of its message."


class DkimKeyExists(DatelineError):
    message = "There is a key in {file} already; nothing was changed."
    remedy = "Take another selector, such as one with the year in it."


class PlaceLost(DatelineError):
    message = "This process lost its lock in the database, and another has taken over its work."
    remedy = (
        "Nothing is lost. Start dateline run anew; if it happens again, look at the database server's connection."
    )


class EmbargoMoved(DatelineError):
    message = "Version {version} of {release} names an embargo until {told}, and it has been moved to {now}."
    remedy = "Freeze the release anew, have that version approved, and schedule it."
