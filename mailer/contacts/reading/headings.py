"""How people and programs call the columns of their lists: one table of names for each field, in their languages."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from mailer.contacts.fields import NAMES
from mailer.contacts.spelling import fold

FIELDS = (*NAMES, "role", "notes")
"""What a column can be: the fields of a list, and two that are kept with an outlet or apart from the contact."""

LEFT_OUT = "-"
"""Stands in for a field where a heading is known and its column is of no use here, such as a birthday."""

_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "name": """
            name; full name; contact; contact name; journalist; journalist name; display name; person
            first and last name
            file as; formatted name; media contact; reporter name; name en; name english; english name; latin name
            nom complet; nom et prénom; nom prénom; prénom et nom; prénom nom; journaliste; nom du journaliste
            contact presse
            nom du contact; nom affiché; nom affichage; noms et prénoms; nom latin; nom en anglais; nom en français
            الاسم; اسم; الاسم الكامل; الاسم الثلاثي; اسم الصحفي; اسم الصحافي; الصحفي; الصحافي; الاسم واللقب
            اسم جهة الاتصال
            جهة الاتصال; الإعلامي; اسم الإعلامي; الاسم بالإنجليزية; الاسم بالإنكليزية; الاسم باللغة الإنجليزية
            الاسم باللاتينية; الاسم بالفرنسية; اسم العرض; الاسم واسم العائلة
            """,
        "given_name": """
            given name; first name; firstname; forename; first
            prénom; prénoms; petit nom
            الاسم الأول; الاسم الشخصي; الاسم الاول
            """,
        "family_name": """
            family name; last name; lastname; surname; last
            nom de famille; nom; nom patronymique; patronyme
            اسم العائلة; العائلة; اللقب; اللقب العائلي; الكنية; الشهرة; الاسم الأخير; النسب
            """,
        "name_ar": """
            name ar; arabic name; name arabic; name in arabic; full name arabic; full name ar; full name in arabic
            nom arabe; nom en arabe; nom ar; nom complet en arabe
            الاسم بالعربية; الاسم العربي; الاسم باللغة العربية; الاسم بالعربي; الاسم الكامل بالعربية
            """,
        "address": """
            address; mail; email; e-mail; email address; e-mail address; mail address; email addresses; emails
            mailbox
            e-mail 1 - value; email value; primary email; work email; business email; email work; home email
            email home
            other email; email other; personal email; email personal; secondary email; alternate email
            additional email
            contact email; email id; preferred email; professional email
            courriel; courriels; adresse électronique; adresse courriel; adresse mail; adresse email; adresse e-mail
            mél
            adresse de messagerie; messagerie; courrier électronique; email professionnel; mail professionnel
            mail pro
            email pro; adresse e-mail professionnelle; courriel professionnel; autre courriel
            adresse électronique autre
            البريد الإلكتروني; بريد إلكتروني; البريد; الإيميل; ايميل; البريد الالكترونى; عنوان البريد الإلكتروني
            العنوان الإلكتروني; عنوان البريد; بريد; الايميل; البريد الإلكتروني للعمل; البريد الإلكتروني الشخصي
            """,
        "phone": """
            phone; telephone; tel; phone number; telephone number; phones; phone 1 - value; mobile; mobile phone
            cell
            cell phone; mobile number; business phone; work phone; phone work; direct line; office phone
            primary phone
            other phone; phone mobile; whatsapp; gsm; company main phone; main phone; direct phone; landline
            phone value
            home phone; phone home; contact number; cellphone; desk phone; car phone; phone main; tel no
            mobile value
            téléphone; numéro de téléphone; tél; portable; téléphone portable; téléphone mobile; tél portable
            tél mobile
            téléphone professionnel; téléphone bureau; tél bureau; ligne directe; numéro; téléphones
            numéro de portable
            téléphone fixe; fixe; tél fixe; tél professionnel; n° de téléphone; mobile professionnel; tél mobile 1
            الهاتف; هاتف; رقم الهاتف; الجوال; جوال; رقم الجوال; الموبايل; موبايل; رقم الموبايل; المحمول; رقم المحمول
            النقال
            الخلوي; رقم الخلوي; تلفون; التلفون; رقم التلفون; هاتف العمل; هاتف محمول; الهاتف المحمول; الهاتف الجوال
            الهاتف الخلوي; الهاتف النقال; واتساب; هاتف المكتب; أرقام الهاتف
            """,
        "city": """
            city; town; city name; work city; business city; address 1 - city; address city; locality; based in
            office city
            city town; contact city; city work; location city; mailing city
            ville; localité; commune; ville professionnelle; ville bureau; ville de travail
            المدينة; مدينة; مدينة العمل; البلدة; اسم المدينة
            """,
        "country": """
            country; country region; business country region; business country; work country; address 1 - country
            address country; nation; country name; country code; contact country; mailing country; country territory
            pays; pays région; pays région bureau; pays professionnel
            البلد; بلد; الدولة; دولة; اسم البلد; بلد العمل; البلد المنطقة
            """,
        "languages": """
            languages; language; lang; preferred language; spoken languages; contact language; working language
            working languages; language preference; reading language
            langue; langues; langue préférée; langue de travail; langues de travail; langues parlées
            اللغات; اللغة; لغة; لغات; اللغة المفضلة; لغة العمل; لغة التواصل; لغات العمل
            """,
        "salutations": """
            salutations; salutation; greeting; greetings; form of address; dear
            formule d'appel; formule de politesse; salutation d'usage; appel
            التحية; المخاطبة; صيغة المخاطبة; صيغة التحية
            """,
        "beats": """
            beats; beat; topics; topic; coverage; subjects; subject; covers; categories; category; sector; sectors
            areas of interest; interests; area of coverage; coverage areas; subject areas; topics covered; specialty
            beat topics; focus; expertise; areas of coverage; contact topics
            thèmes; thème; rubrique; rubriques; sujets; spécialité; spécialités; domaines; domaine; catégories
            catégorie
            thématiques; thématique; centres d'intérêt; domaines de couverture; secteur; secteurs
            المواضيع; الموضوعات; مجالات التغطية; التغطية; الاختصاص; التخصص; الاهتمامات; المجال; مجال التغطية
            الملفات
            المجالات; الاختصاصات; مجال الاهتمام; مجالات الاهتمام; الفئات; القطاع
            """,
        "outlets": """
            outlets; outlet; media outlet; media outlets; publication; publications; media; company; company name
            employer
            outlet name; organization 1 - name; organization name; newspaper; channel; station; media organisation
            media organization; media house; news outlet; publication name; primary outlet; media name; medium
            works for
            news organisation; news organization; media company; organization; publisher
            média; médias; nom du média; titre de presse; société; entreprise; journal; rédaction; employeur
            organe de presse
            support; chaîne; nom du support
            الوسيلة الإعلامية; وسيلة الإعلام; المؤسسة الإعلامية; المؤسسة; الجهة الإعلامية; الصحيفة; الجريدة; القناة
            الوسيلة
            جهة العمل; الشركة; اسم الوسيلة; اسم المؤسسة; اسم الوسيلة الإعلامية; الجهة; المحطة; مكان العمل
            وسائل الإعلام
            """,
        "outlet_type": """
            outlet type; media type; type of outlet; type of media; outlet category; publication type; medium type
            media category
            type de média; type de support; type média; catégorie de média; nature du média
            نوع الوسيلة; نوع الوسيلة الإعلامية; نوع المؤسسة; نوع وسيلة الإعلام; نوع الإعلام; نوع المؤسسة الإعلامية
            """,
        "role": """
            role; job title; jobtitle; position; function; occupation; contact title; organization 1 - title
            organization title; role at outlet; contact role; job role; role title; job position; contact type
            fonction; poste; rôle; intitulé du poste; profession; emploi; métier; qualité
            الدور; الوظيفة; المسمى الوظيفي; المنصب الوظيفي; الصفة; المهنة; العمل; الوظيفه; صفته; المهمة
            """,
        "organisation": """
            organisation; our organisation; agency; issuing organisation; officer of
            notre organisation; agence; organisme; organisation émettrice
            المنظمة; منظمتنا; الوكالة; المنظمة المصدرة
            """,
        "title": """
            title; officer title; title en; title in english
            titre; titre officiel; titre en français
            المنصب; اللقب الوظيفي; المسمى
            """,
        "title_ar": """
            title ar; arabic title; title arabic; title in arabic
            titre arabe; titre en arabe; titre ar
            المنصب بالعربية; اللقب بالعربية; المسمى الوظيفي بالعربية; المنصب باللغة العربية
            """,
        "tags": """
            tags; tag; keywords; keyword; lists; media lists; list; segments; contact tags
            étiquettes; étiquette; mots-clés; mot-clé; libellés; listes; liste
            الوسوم; وسوم; وسم; الكلمات المفتاحية; كلمات مفتاحية; القوائم; الكلمات الدالة
            """,
        "embargo_terms": """
            embargo terms; embargo; embargo accepted; terms accepted; embargo terms accepted; embargo agreement
            conditions d'embargo; embargo accepté; acceptation de l'embargo; conditions acceptées; accord d'embargo
            شروط الحظر; قبول الحظر; شروط حظر النشر; الحظر; حظر النشر; تاريخ قبول الحظر; قبول شروط الحظر
            """,
        "source": """
            source; origin; data source; where from; obtained from; how we met; contact source
            provenance; origine; origine du contact; source du contact; source des données
            المصدر; مصدر; مصدر العنوان; مصدر البيانات; المنشأ
            """,
        "basis": """
            basis; lawful basis; legal basis; legal ground; lawful ground; gdpr basis; consent basis
            base légale; base juridique; fondement juridique; base rgpd; fondement légal
            الأساس القانوني; السند القانوني; أساس المعالجة
            """,
        "basis_since": """
            basis since; lawful basis since; consent date; date of consent; since; consent given on
            base légale depuis; date du consentement; date de consentement; depuis
            تاريخ الموافقة; الأساس القانوني منذ; منذ
            """,
        "verified": """
            verified; last verified; verified on; date verified; checked; last checked; last updated
            verification date
            vérifié; vérifié le; dernière vérification; date de vérification; mis à jour le; contrôlé le
            تم التحقق; تاريخ التحقق; آخر تحقق; تاريخ آخر تحقق; آخر تحديث
            """,
        "notes": """
            notes; note; comments; comment; remarks; remark; description; contact notes; pitching notes
            remarques; commentaires; remarque; commentaire; observations; observation
            ملاحظات; ملاحظة; الملاحظات; تعليقات; تعليق
            """,
        LEFT_OUT: """
            middle name; additional name; name prefix; name suffix; prefix; suffix; initials; nickname; gender
            birthday
            anniversary; photo; home city; other city; home street; business street; other street
            home country region
            home country; other country region; home postal code; business postal code; other postal code
            home state
            business state; other state; business fax; home fax; other fax; fax; fax number; web page; website; url
            department; organization department; organization yomi name; organization symbol; organization location
            organization job description; organization type; e-mail 1 - type; e-mail 1 - label; phone 1 - type
            phone 1 - label
            address 1 - type; address 1 - label; address 1 - formatted; address 1 - street; address 1 - po box
            address 1 - region; address 1 - postal code; address 1 - extended address; website 1 - value
            website 1 - type
            website 1 - label; labels; group membership; e-mail display name; e-mail type; given name yomi
            family name yomi
            additional name yomi; yomi name; phonetic first name; phonetic middle name; phonetic last name; priority
            private
            sensitivity; account; billing information; directory server; government id number; hobby
            internet free busy
            manager's name; assistant's name; assistant's phone; children; spouse; profession details
            office location
            po box; street; street address; state; region; postal code; zip; zip code; postcode; id; no; twitter
            facebook
            linkedin; instagram; twitter handle; x handle; circulation; reach; uvm; domain authority; created
            created at
            updated; updated at; subscribed; gdpr status; status; business address po box; home address po box
            referred by
            mileage; pager; telex; isdn; callback; radio phone; tty tdd phone; user 1; keywords internal
            organizational id number
            deuxième prénom; civilité; suffixe; anniversaire; date de naissance; sexe; télécopie; télécopie bureau
            site web
            code postal; rue; rue bureau; code postal bureau; département; service; page web; adresse postale; n°
            région
            الرقم; ت; م; الجنس; تاريخ الميلاد; الفاكس; فاكس; الموقع الإلكتروني; الرمز البريدي; الشارع; تويتر; فيسبوك
            العنوان البريدي; القسم; رقم
            """,
    }
)

_NOT_LETTERS = re.compile(r"[\W\d_]+")


def key_of(heading: str) -> str:
    """The heading as it is compared: its folded letters only, so that ``E-mail 2 - Value`` is ``emailvalue``."""
    return _NOT_LETTERS.sub("", fold(heading[:200]))


def _table() -> dict[str, str]:
    table = {key_of(name): name for name in FIELDS}
    for field, names in _HEADINGS.items():
        for name in re.split(r"[;\n]", names):
            if key := key_of(name):
                table.setdefault(key, field)
    return table


_FIELD_BY_KEY = _table()


def field_called(heading: str) -> str:
    """The field that people mean by this heading, ``LEFT_OUT`` for one of no use here, or "" for one unknown."""
    return _FIELD_BY_KEY.get(key_of(heading), "")


def names_of(field: str) -> tuple[str, ...]:
    """The headings by which the field is known, beside its own name."""
    return tuple(name.strip() for name in re.split(r"[;\n]", _HEADINGS.get(field, "")) if name.strip())
