"""The words by which the parts of a release are known, per language, and how a line is matched with them.

All matching is done on folded text (no case, accents or hamza forms), with a way back to the places in the
text as written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from mailer.contacts.spelling import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """One language's words. A longer phrase comes before a shorter one that it begins with."""

    labels: tuple[str, ...]
    """Lines that only say that this is a press release."""
    immediate: tuple[str, ...]
    """Lines that say that it may be published at once."""
    embargo: tuple[str, ...]
    until: tuple[str, ...]
    """What may follow a bare word of embargo; a headline about an arms embargo goes on otherwise."""
    credit: tuple[str, ...]
    caption: tuple[str, ...]
    about: tuple[str, ...]
    articles: tuple[str, ...]
    """May stand, in lower case, before a name."""
    contact: tuple[str, ...]
    turn_to: tuple[str, ...]
    """The verb that ends a contact heading: “… please contact”."""
    related: tuple[str, ...]
    notes: tuple[str, ...]
    ends: tuple[str, ...]
    months: tuple[tuple[str, ...], ...]
    weekdays: tuple[str, ...]
    date_fillers: tuple[str, ...]
    """Between cities and date, and inside a date."""
    conjunctions: tuple[str, ...]
    city_in: Mapping[str, str]
    """“In” before a contact's city, with the article that it has swallowed: “au Caire” is Le Caire."""
    at: tuple[str, ...]
    """Between a title and an office."""
    of: tuple[str, ...]
    """The same, where a name in capitals must follow."""
    titles: tuple[str, ...]
    """Words that make a title a title."""
    said: tuple[str, ...]
    common: frozenset[str]
    """Frequent words that no other language here has; for telling the language."""
    uncased: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ENGLISH = Anatomy(
    labels=("Press release", "News release", "Media release", "Joint press release"),
    immediate=("For immediate release", "For immediate publication"),
    embargo=(
        "Strictly embargoed",
        "Strict embargo",
        "Under strict embargo",
        "Under embargo",
        "Embargoed",
        "Embargo",
        "Not for publication before",
        "Not for release before",
        "Hold for release until",
        "Hold until",
    ),
    until=("until", "till", "to", "for release", "for publication", "for use", "for broadcast", "lifts", "ends"),
    credit=(
        "Photo credit",
        "Picture credit",
        "Image credit",
        "Photograph",
        "Photo by",
        "Photo",
        "Picture",
        "Credit",
    ),
    caption=("Photo caption", "Caption"),
    about=("About",),
    articles=("the", "our"),
    contact=(
        "For more information",
        "For further information",
        "For additional information",
        "For media enquiries",
        "For media inquiries",
        "For press enquiries",
        "For interviews",
        "For more details",
        "Media enquiries",
        "Media inquiries",
        "Media contacts",
        "Media contact",
        "Press contacts",
        "Press contact",
        "Contacts",
        "Contact",
    ),
    turn_to=("contact",),
    related=("Related press releases", "Related news releases", "Related releases", "Related news", "Related"),
    notes=("Notes to editors", "Note to editors", "Notes for editors", "Editors' notes", "Editor's notes"),
    ends=("Ends", "End"),
    months=(
        ("January", "Jan"),
        ("February", "Feb"),
        ("March", "Mar"),
        ("April", "Apr"),
        ("May",),
        ("June", "Jun"),
        ("July", "Jul"),
        ("August", "Aug"),
        ("September", "Sept", "Sep"),
        ("October", "Oct"),
        ("November", "Nov"),
        ("December", "Dec"),
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    date_fillers=("on", "of"),
    conjunctions=("and",),
    city_in={"in": ""},
    at=("at",),
    of=("of the",),
    titles=_words(
        "head officer director manager spokesperson spokeswoman spokesman communications communication "
        "media press "
        "coordinator co-ordinator adviser advisor chief specialist secretary assistant president lead delegate"
    ),
    said=("said", "says", "added", "adds", "explained", "stated", "warned", "concluded", "noted"),
    common=frozenset(_words("the and of to for with that their were which from have has by this")),
)

ARABIC = Anatomy(
    labels=("بيان صحفي", "بيان صحافي", "بيان صحفي مشترك", "خبر صحفي"),
    immediate=("للنشر الفوري", "للنشر فورا"),
    embargo=(
        "محظور النشر",
        "محظور نشره",
        "يحظر النشر",
        "يحظر نشره",
        "حظر النشر",
        "حظر نشر",
        "تحت الحظر",
        "لا ينشر قبل",
        "غير مخصص للنشر قبل",
        "غير قابل للنشر قبل",
        "ممنوع النشر",
    ),
    until=("حتى", "الى غاية", "قبل", "لغاية"),
    credit=("مصدر الصورة", "حقوق الصورة", "الصورة", "صورة", "تصوير", "عدسة"),
    caption=("تعليق الصورة", "شرح الصورة", "التعليق"),
    about=("نبذة تعريفية عن", "نبذة عن", "لمحة عن", "معلومات عن", "حول", "عن"),
    articles=(),
    contact=(
        "للمزيد من المعلومات",
        "لمزيد من المعلومات",
        "للحصول على مزيد من المعلومات",
        "للحصول على المزيد من المعلومات",
        "لمعلومات إضافية",
        "للاستفسارات الإعلامية",
        "للتواصل الإعلامي",
        "للتواصل",
        "للاتصال",
        "جهات الاتصال الإعلامية",
        "جهات الاتصال",
        "جهة الاتصال",
        "مسؤولو الاتصال",
    ),
    turn_to=("الاتصال", "التواصل", "الاتصال بـ", "التواصل مع", "الاتصال على"),
    related=(
        "بيانات صحفية ذات صلة",
        "البيانات الصحفية ذات الصلة",
        "بيانات صحافية ذات صلة",
        "بيانات ذات صلة",
        "أخبار ذات صلة",
        "مواضيع ذات صلة",
    ),
    notes=("ملاحظات للمحررين", "ملاحظة للمحررين", "ملاحظات إلى المحررين", "ملاحظة إلى المحررين"),
    ends=("انتهى", "انتهى البيان", "النهاية"),
    # As in Egypt and the Gulf, in the Levant and Iraq, and in the Maghreb.
    months=(
        ("يناير", "كانون الثاني", "جانفي"),
        ("فبراير", "شباط", "فيفري"),
        ("مارس", "آذار"),
        ("أبريل", "إبريل", "نيسان", "أفريل"),
        ("مايو", "أيار", "ماي"),
        ("يونيو", "يونية", "حزيران", "جوان"),
        ("يوليو", "يولية", "تموز", "جويلية", "يوليوز"),
        ("أغسطس", "آب", "أوت", "غشت"),
        ("سبتمبر", "أيلول", "شتنبر"),
        ("أكتوبر", "تشرين الأول", "اكتوبر"),
        ("نوفمبر", "تشرين الثاني", "نونبر"),
        ("ديسمبر", "كانون الأول", "دجنبر"),
    ),
    weekdays=("الاثنين", "الإثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    date_fillers=("في", "الموافق", "يوم", "من"),
    conjunctions=(),
    city_in={"في": ""},
    at=("في", "لدى"),
    of=(),
    titles=_words(
        "رئيس رئيسة مسؤول مسؤولة مدير مديرة متحدث متحدثة ناطق ناطقة منسق منسقة مستشار مستشارة أخصائي أخصائية "
        "اختصاصي اختصاصية المتحدث المتحدثة الناطق الناطقة المدير المديرة المسؤول المسؤولة المنسق المنسقة "
        "موظف موظفة"
    ),
    said=(
        "قال",
        "قالت",
        "وقال",
        "وقالت",
        "أضاف",
        "أضافت",
        "وأضاف",
        "وأضافت",
        "وأوضح",
        "وأوضحت",
        "وتابع",
        "وتابعت",
    ),
    common=frozenset(),
    uncased=True,
)

FRENCH = Anatomy(
    labels=(
        "Communiqué de presse",
        "Communiqué de presse conjoint",
        "Communiqué",
    ),
    immediate=("Pour diffusion immédiate", "Pour publication immédiate"),
    embargo=("Strictement sous embargo", "Sous embargo strict", "Sous embargo", "Embargo", "Ne pas publier avant"),
    until=("jusqu'au", "jusqu'a", "avant"),
    credit=("Crédit photo", "Crédits photo", "Crédit", "Crédits", "Photographie", "Photo"),
    caption=("Légende de la photo", "Légende photo", "Légende"),
    about=("À propos de", "À propos du", "À propos des", "À propos d'", "À propos"),
    articles=("la", "le", "les", "l'"),
    contact=(
        "Pour plus d'informations",
        "Pour plus d'information",
        "Pour en savoir plus",
        "Pour tout renseignement",
        "Pour de plus amples informations",
        "Pour toute information complémentaire",
        "Contacts presse",
        "Contact presse",
        "Contacts médias",
        "Contact médias",
        "Contact média",
        "Relations presse",
        "Contacts",
        "Contact",
    ),
    turn_to=("contacter", "contactez", "vous adresser a", "contact"),
    related=(
        "Communiqués de presse connexes",
        "Communiqués de presse liés",
        "Communiqués connexes",
        "Communiqués liés",
        "Articles liés",
        "À lire aussi",
        "Sur le même sujet",
    ),
    notes=("Notes aux rédacteurs", "Note aux rédacteurs", "Notes aux rédactions", "Note aux rédactions"),
    ends=("Fin", "Fin du communiqué"),
    months=(
        ("janvier", "janv."),
        ("février", "févr."),
        ("mars",),
        ("avril",),
        ("mai",),
        ("juin",),
        ("juillet", "juil."),
        ("août",),
        ("septembre", "sept."),
        ("octobre", "oct."),
        ("novembre", "nov."),
        ("décembre", "déc."),
    ),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    date_fillers=("le", "ce"),
    conjunctions=("et",),
    city_in={"à": "", "au": "Le ", "aux": "Les ", "en": ""},
    at=("au", "aux", "à la", "à l'", "chez", "auprès de"),
    of=("de l'", "de la", "du", "des", "de"),
    titles=_words(
        "directrice directeur chargée chargé responsable porte-parole attachée attaché coordinatrice "
        "coordinateur "
        "conseillère conseiller cheffe chef communication presse médias secrétaire présidente président "
        "déléguée délégué"
    ),
    said=(
        "a déclaré",
        "a ajouté",
        "déclare",
        "ajoute",
        "a expliqué",
        "a souligné",
        "a affirmé",
        "a dit",
        "a indiqué",
        "a précisé",
        "a conclu",
    ),
    common=frozenset(_words("les des est une dans pour avec sur aux ont qui sont ce et ses leur cette")),
)

SPANISH = Anatomy(
    labels=(
        "Comunicado de prensa",
        "Comunicado de prensa conjunto",
        "Nota de prensa",
        "Nota de prensa conjunta",
        "Comunicado conjunto",
        "Comunicado",
    ),
    immediate=("Para publicación inmediata", "Para difusión inmediata"),
    embargo=("Estrictamente embargado", "Bajo embargo", "Embargado", "Embargada", "Embargo", "No publicar antes"),
    until=("hasta",),
    credit=("Crédito de la foto", "Créditos de la foto", "Crédito", "Créditos", "Fotografía", "Foto"),
    caption=("Pie de foto", "Leyenda"),
    about=("Acerca del", "Acerca de", "Sobre"),
    articles=("la", "el", "los", "las"),
    contact=(
        "Para más información",
        "Para mayor información",
        "Para obtener más información",
        "Para consultas de prensa",
        "Para solicitar entrevistas",
        "Contactos de prensa",
        "Contacto de prensa",
        "Contactos para la prensa",
        "Contactos",
        "Contacto",
    ),
    turn_to=("contactar con", "contactar a", "contactar", "contacte", "contacte con", "póngase en contacto con"),
    related=("Comunicados de prensa relacionados", "Comunicados relacionados", "Noticias relacionadas"),
    notes=("Notas para editores", "Nota para editores", "Nota a los editores", "Notas a los redactores"),
    ends=("Fin", "Fin del comunicado"),
    months=(
        ("enero",),
        ("febrero",),
        ("marzo",),
        ("abril",),
        ("mayo",),
        ("junio",),
        ("julio",),
        ("agosto",),
        ("septiembre", "setiembre"),
        ("octubre",),
        ("noviembre",),
        ("diciembre",),
    ),
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    date_fillers=("el", "a", "de", "del"),
    conjunctions=("y", "e"),
    city_in={"en": ""},
    at=("en el", "en la", "en"),
    of=("de la", "del", "de los", "de"),
    titles=_words(
        "jefa jefe directora director oficial responsable portavoz encargada encargado coordinadora "
        "coordinador asesora "
        "asesor comunicación prensa medios secretaria secretario presidenta presidente delegada delegado"
    ),
    said=("dijo", "declaró", "añadió", "afirmó", "explicó", "señaló", "agregó", "indicó", "subrayó", "concluyó"),
    common=frozenset(_words("el los las y del una según más sus han por este esta fue para con")),
)

ANATOMIES: Mapping[str, Anatomy] = {"en": ENGLISH, "ar": ARABIC, "fr": FRENCH, "es": SPANISH}

STOPS = (".", "!", "?", "؟", "…", "”", "»", '"')
"""What a sentence ends with and a heading doesn't."""


def anatomy_of(language: str) -> Anatomy | None:
    """The words for a language tag, its region set aside; ``None`` for a language that we cannot read."""
    return ANATOMIES.get(language.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded letter by letter, each place with its place in the text as written."""

    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, written: str) -> "Folded":
        """Fold, keeping spaces as they are."""
        letters: list[str] = []
        places: list[int] = []
        for place, letter in enumerate(written):
            folded = " " if letter.isspace() else _folded(letter)
            letters.append(folded)
            places.extend([place] * len(folded))
        return cls("".join(letters), (*places, len(written)))


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    return fold(letter)


@cache
def any_of(phrases: tuple[str, ...]) -> str:
    """A pattern for folded text that matches the longest of the phrases, however many spaces are between words."""
    folded = sorted({fold(phrase) for phrase in phrases}, key=len, reverse=True)
    return (
        "(?:" + "|".join(re.escape(phrase).replace(r"\ ", " +") for phrase in folded) + ")" if folded else "(?!)"
    )


def said_first(phrases: tuple[str, ...], line: str) -> str | None:
    """What follows one of the phrases at the beginning of a line, as written; ``None`` where none is there."""
    folded = Folded.of(line[:200])
    match = re.match(rf"[\W_]*{any_of(phrases)}(?:(?<=')|(?!\w))", folded.text)
    return line[folded.places[match.end()] :] if match else None
