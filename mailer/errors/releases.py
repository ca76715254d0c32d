"""What can be wrong with a release: its file, parts, versions, approvals and templates."""

from mailer.errors.base import DatelineError


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


class TemplateMissing(DatelineError):
    message = "There is no template {name} in {folder}."
    remedy = "{known}"


class TemplateProblem(DatelineError):
    message = "{file}, line {line}: {reason}."
    remedy = "Correct the template and look at it with: dateline releases preview RELEASE"


class NoEdition(DatelineError):
    message = "Release {release} has no {language} edition."
    remedy = "There is: {known}."


class TrialRefused(DatelineError):
    message = "No test is sent to {address}: {reason}. Nothing was sent to anybody."
    remedy = "A test is for yourself and your colleagues. Leave that address out."


class TrialNotTaken(DatelineError):
    message = "The test to {address} was not taken. {reason}. {taken} of {asked} addresses have been sent it."
    remedy = "{remedy}"


class PictureMissing(DatelineError):
    message = "The picture {asset} of the {language} edition is not there."
    remedy = "Import the release again together with its picture."


class BadRelease(DatelineError):
    message = "{file}, {place}: {reason}."
    remedy = "{remedy}"


class EmbargoWithoutZone(DatelineError):
    message = "{file}: the embargo {embargo} has no time zone, so nobody could tell when it ends."
    remedy = "Write beside it, for instance: zone: Asia/Beirut"


class SlugNeeded(DatelineError):
    message = "{file}: no short name can be made from this headline."
    remedy = "Name the release with --slug, such as ports-agreement."
