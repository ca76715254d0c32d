"""What can be wrong in the registry: lists in and out, contacts, outlets, media lists, and what the law asks."""

from mailer.errors.base import DatelineError


class BadTable(DatelineError):
    message = "{file} cannot be imported: {reason}."
    remedy = "{remedy}"


class UnclearEncoding(BadTable):
    message = "{file} can be read in more than one way: {readings}."
    remedy = "Say which is right: {choices}."


class BadMapping(BadTable):
    message = "The mapping “{mapping}” cannot be used: {reason}."


class BadDefault(DatelineError):
    message = "--default {default} cannot be used: {reason}."
    remedy = "{remedy}"


class MappingMissing(DatelineError):
    message = "There is nothing to keep as the mapping “{name}”."
    remedy = (
        "Say beside it which column is which field: --map 'HEADING=FIELD'. Or a default: --default FIELD=VALUE"
    )


class UnknownMapping(DatelineError):
    message = "There is no mapping “{name}”."
    remedy = "{nearest}"


class BadQuery(DatelineError):
    """``position`` counts from 1, as the officer does: a caret goes below that character."""

    message = "The query is wrong at character {position}, {shown}: {reason}."
    remedy = "{advice}"


class BrokenList(BadQuery):
    """A saved query names what is not there any more, or is not understood by this version."""

    message = (
        "It cannot be told who is on the media list “{name}”: "
        "its query {query} is wrong at character {position}, {shown}: {reason}."
    )
    remedy = "{advice} Take that query away, and add it as it should be, with: dateline lists change"


class UnknownList(DatelineError):
    message = "There is no media list “{name}”."
    remedy = "{nearest}"


class ListExists(DatelineError):
    message = "There is a media list “{name}” already; nothing was changed."
    remedy = "Change that one, or choose another name."


class ListExistsArchived(ListExists):
    message = "There is a media list “{name}” already, put aside as archived; nothing was changed."
    remedy = (
        "Take it back with: dateline lists restore “{name}”. Or choose another name, or give that one another: "
        "dateline lists rename “{name}” NEW-NAME"
    )


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
    remedy = "Use between 1 and 200 letters."


class OutletExists(DatelineError):
    message = "There is an outlet “{name}” already; nothing was changed."
    remedy = "If they are the same, make them one with: dateline outlets merge"


class SameOutlet(DatelineError):
    message = "Both names are those of one outlet, “{name}”; nothing was changed."
    remedy = "Name the one that is to be kept, then the other spelling of it."


class ListInUse(DatelineError):
    message = "The media list “{name}” cannot be {verb}: it is used by {users}."
    remedy = "{advice}"


class ListArchived(DatelineError):
    message = "The media list “{name}” was archived on {day}, and is kept for the record only."
    remedy = "Take it back with: dateline lists restore “{name}”"


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


class BadEntry(DatelineError):
    """Somebody entered or changed by hand: each problem names the option, or the field of a form, that it is in."""

    message = "{problems}. Nothing was changed."
    remedy = "{remedies}"


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


class UnknownOrganisation(DatelineError):
    message = "{organisation} is not one of our organisations."
    remedy = "Name it by its slug or acronym; add it to contacts/organisations.toml and import that file."


class UnknownCity(DatelineError):
    message = "{city} is not a city that Dateline knows."
    remedy = "{advice}"


class AmbiguousCity(DatelineError):
    message = "{city} can mean more than one city: {reason}."
    remedy = "{advice}"


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
