"""What can be wrong with the plan and with sending: waves, deliveries, relays and keys."""

from mailer.errors.base import DatelineError


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


class AudienceFrozen(DatelineError):
    message = "The audience of wave {wave} is frozen since it was scheduled, and does not follow “{name}”."
    remedy = "To have today's list, cancel the wave and schedule it anew; with --live it follows the list."


class AudienceSettled(DatelineError):
    message = "Wave {wave} is {state}: its audience was settled when it {ended}, and follows the list no more."
    remedy = "Send to who has come since with another wave; who has this one is left out of it by itself."


class SourceChanged(DatelineError):
    message = (
        "Somebody who has come to the list of wave {wave} needs a text that was not made when it was scheduled "
        "({languages}), and the templates or the names of the organisations have changed since."
    )
    remedy = "Put them back as they were, or cancel the wave and schedule it anew: dateline waves cancel {wave}"


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


class UnfitAddress(DatelineError):
    message = "A message cannot be addressed to {address}: {reason}."
    remedy = "Correct the address."


class UnknownDelivery(DatelineError):
    message = "There is no delivery {delivery}."
    remedy = "Find its number with: dateline deliveries list"


class WrongDeliveryState(DatelineError):
    message = "Delivery {delivery} is {state} and cannot be {verb}; nothing was changed."
    remedy = "That works only on one that is {allowed}."


class BadDkimKey(DatelineError):
    message = "The DKIM key {file} cannot be used: {reason}."
    remedy = (
        "Correct key_file under [[dkim]] in config/dateline.toml, or make a new one: dateline dkim new SELECTOR"
    )


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
