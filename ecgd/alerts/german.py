"""German: the same names and actions as ``ecgd.decision.advice`` has them in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ecgd.alerts.news import News
from ecgd.alerts.words import Words, called_for_help
from ecgd.decision.advice import NAMES
from ecgd.model.finding import EventType, Severity

_NAMES: Final[Mapping[EventType, str]] = {
    EventType.STEMI_DETECTED: "Muster eines Herzinfarkts mit ST-Hebung",
    EventType.ACUTE_MI_RISK: "Zeichen eines möglichen akuten Herzinfarkts",
    EventType.CARDIAC_ISCHEMIA: "Zeichen einer Minderdurchblutung des Herzens",
    EventType.CARDIAC_ANOMALY: "Ungewöhnliches Herzsignal",
    EventType.ASYSTOLE: "Kein Herzschlag zu sehen",
    EventType.VENTRICULAR_FIBRILLATION: "Kammerflimmern",
    EventType.VENTRICULAR_TACHYCARDIA: "Kammertachykardie",
    EventType.EXTREME_BRADYCARDIA: "Extrem langsamer Herzschlag",
    EventType.EXTREME_TACHYCARDIA: "Extrem schneller Herzschlag",
    EventType.PAUSE: "Lange Pause zwischen Herzschlägen",
    EventType.SUPRAVENTRICULAR_TACHYCARDIA: "Verdacht auf supraventrikuläre Tachykardie",
    EventType.ATRIAL_FIBRILLATION: "Verdacht auf Vorhofflimmern",
    EventType.FREQUENT_ECTOPY: "Häufige Extraschläge",
    EventType.RATE_CHANGE: "Plötzliche Änderung der Herzfrequenz",
    EventType.CHECK_PATIENT: "Herzsignal im falschen Moment verloren: nach der Person sehen",
    EventType.ELECTRODE_OFF: "Elektrode ab",
    EventType.ELECTRODE_SWAPPED: "Elektroden vertauscht",
    EventType.CHANNEL_FAULT: "Die gemessenen Ableitungen widersprechen einander",
    EventType.SIGNAL_UNUSABLE: "Signal nicht beurteilbar",
    EventType.LINK_LOST: "Verbindung zum Gerät verloren",
    EventType.DEVICE_FOREIGN: "Ein anderes Gerät als das der Person",
    EventType.DEVICE_CHANGED: "Das Gerät misst anders als zuvor",
    EventType.BATTERY_LOW: "Akku des Geräts schwach",
    EventType.BATTERY_CRITICAL: "Akku des Geräts fast leer",
    EventType.DATABASE_FAULT: "Die Aufzeichnung auf die Platte ist ausgefallen",
    EventType.DELIVERY_FAILING: "Alarme erreichen ihre Empfänger nicht",
    EventType.ALARM_OVERFLOW: "Mehr Alarme, als zugestellt werden können",
    EventType.NOBODY_ANSWERED: "Auf einen Alarm hat niemand geantwortet",
    EventType.ROSTER_FAULT: "Die Liste der Personen ist beschädigt oder nicht zu speichern",
    EventType.MODEL_DEMOTED: "Ein Netz der Zweitmeinung ist nicht nutzbar",
    EventType.SOUND_FAULT: "Summer, Lichter oder Taste arbeiten nicht",
    EventType.FAULT_LIGHT_MISSING: "Die Störungsleuchte überwacht das Gateway nicht",
    EventType.ANSWERS_FAILING: "Antworten von Telefonen kommen nicht an",
    EventType.GATEWAY_POWER: "Das Gateway bekommt zu wenig Spannung",
    EventType.GATEWAY_HOT: "Das Gateway ist zu heiß",
    EventType.STORAGE_NEARLY_FULL: "Die Platte des Gateways ist fast voll",
    EventType.CLOCK_UNSYNCHRONISED: "Die Uhr des Gateways wird von keinem Zeitdienst gestellt",
    EventType.CLOCK_STEPPED: "Die Uhr des Gateways wurde gestellt",
    EventType.DELIVERY_UNPROVEN: "Zu lange ist nicht bewiesen, dass Alarme ankommen",
    EventType.TEST_ALARM: "Probe der Alarme",
}

_RESUSCITATE: Final = (
    "Ohne Reaktion und ohne normale Atmung: {number} rufen, mit der Herzdruckmassage beginnen und "
    "einen Defibrillator holen lassen."
)
_SYMPTOMS: Final = "Schwindel, Ohnmacht, Atemnot oder Brustschmerz"

_ACTIONS: Final[Mapping[EventType, Mapping[Severity, str]]] = {
    EventType.STEMI_DETECTED: {
        Severity.CRITICAL: (
            "Jetzt {number} rufen: Es kann ein Herzinfarkt sein, jede Minute zählt. Bei der Person "
            "bleiben, sie ruhen und nicht selbst fahren lassen."
        ),
        Severity.HIGH: "Dringend {number} rufen: Verdacht auf Herzinfarkt.",
        Severity.MEDIUM: "Dringend ein Krankenhaus anrufen: ST-Veränderungen gesehen.",
        Severity.LOW: "Arzttermin vereinbaren und bis dahin genau beobachten.",
    },
    EventType.ACUTE_MI_RISK: {
        Severity.CRITICAL: "Jetzt {number} rufen: Ein akuter Herzinfarkt ist wahrscheinlich.",
        Severity.HIGH: (
            "Sofort ins Krankenhaus oder {number} rufen: Ein akuter Herzinfarkt ist möglich."
        ),
        Severity.MEDIUM: "Dringend ärztlichen Rat holen: Zeichen eines Infarktrisikos.",
        Severity.LOW: "Arzttermin vereinbaren.",
    },
    EventType.CARDIAC_ISCHEMIA: {
        Severity.CRITICAL: "Jetzt {number} rufen: Das Herz bekommt vielleicht zu wenig Blut.",
        Severity.HIGH: "Dringend {number} rufen: Das Herz bekommt vielleicht zu wenig Blut.",
        Severity.MEDIUM: (
            "Ruhen und heute noch ärztlichen Rat holen; bei Beschwerden, oder wenn es in Ruhe "
            "anhält, {number} rufen."
        ),
        Severity.LOW: "Arzttermin vereinbaren und diese Aufzeichnung dort zeigen.",
    },
    EventType.CARDIAC_ANOMALY: {
        Severity.CRITICAL: "Jetzt {number} rufen: Verdacht auf einen kritischen Herzzustand.",
        Severity.HIGH: "Dringend {number} rufen: deutliche Auffälligkeit des Herzens.",
        Severity.MEDIUM: "Ärztlich abklären lassen: Auffälligkeit im Herzsignal.",
        Severity.LOW: "Arzttermin vereinbaren.",
    },
    EventType.ASYSTOLE: {
        Severity.CRITICAL: f"Sofort zur Person gehen. {_RESUSCITATE}",
    },
    EventType.VENTRICULAR_FIBRILLATION: {
        Severity.CRITICAL: (
            f"Sofort zur Person gehen. {_RESUSCITATE} Er kann diesen Rhythmus beenden."
        ),
    },
    EventType.VENTRICULAR_TACHYCARDIA: {
        Severity.CRITICAL: f"Sofort zur Person gehen und {{number}} rufen. {_RESUSCITATE}",
        Severity.HIGH: (
            f"Sofort zur Person gehen. Bei {_SYMPTOMS} {{number}} rufen, sonst sofort ärztlichen "
            "Rat holen: Es kam eine Folge von Schlägen aus der Kammer."
        ),
    },
    EventType.EXTREME_BRADYCARDIA: {
        Severity.HIGH: (
            f"Sofort zur Person gehen. Bei {_SYMPTOMS} {{number}} rufen, sonst sofort ärztlichen "
            "Rat holen."
        ),
    },
    EventType.EXTREME_TACHYCARDIA: {
        Severity.HIGH: (
            "Sofort zur Person gehen und sie ruhen lassen. Wenn es sich nicht beruhigt, oder bei "
            f"{_SYMPTOMS}, {{number}} rufen."
        ),
    },
    EventType.PAUSE: {
        Severity.HIGH: (
            "Sofort zur Person gehen. Nach einer Ohnmacht {number} rufen, sonst sofort eine Ärztin "
            "oder einen Arzt."
        ),
        Severity.MEDIUM: (
            "Nach der Person sehen und heute noch ärztlichen Rat holen; nach einer Ohnmacht "
            "{number} rufen."
        ),
    },
    EventType.SUPRAVENTRICULAR_TACHYCARDIA: {
        Severity.MEDIUM: (
            "Die Person ruhen lassen und ärztlichen Rat holen: Der Rhythmus braucht ein "
            f"12-Kanal-EKG, solange er anhält. Bei {_SYMPTOMS} {{number}} rufen."
        ),
    },
    EventType.ATRIAL_FIBRILLATION: {
        Severity.MEDIUM: (
            "Ärztlichen Rat holen: Der Rhythmus braucht ein 12-Kanal-EKG und eine Beurteilung."
        ),
    },
    EventType.FREQUENT_ECTOPY: {
        Severity.LOW: "Beim nächsten Arztbesuch erzählen und diese Aufzeichnung zeigen.",
    },
    EventType.RATE_CHANGE: {
        Severity.LOW: (
            "Die Person fragen, wie es ihr geht: Auch Anstrengung, Schmerz, Angst und Ohnmacht "
            "bewirken das."
        ),
    },
}

_TECHNICAL_ACTIONS: Final[Mapping[EventType, str]] = {
    EventType.CHECK_PATIENT: (
        "Sofort zur Person gehen. Ohne Reaktion {number} rufen. Danach Elektroden und Gerät prüfen."
    ),
    EventType.ELECTRODE_OFF: (
        "Elektrode und Kabel prüfen: Das Herz wird jetzt vielleicht nicht überwacht."
    ),
    EventType.ELECTRODE_SWAPPED: (
        "Die genannten Elektroden so setzen, wie ihre Kabel beschriftet sind: RA rechter Arm, LA "
        "linker Arm, LL linkes Bein, RL rechtes Bein. Bis dahin wird ST nicht beurteilt und ein "
        "Infarkt nicht gesehen; Frequenz und Rhythmus werden überwacht. Sitzen sie richtig, "
        "ärztlichen Rat holen: Ein Herz auf der rechten Seite sieht ebenso aus."
    ),
    EventType.CHANNEL_FAULT: (
        "Gerät oder Kabel tauschen: Es misst falsch, und was die genannten Kanäle zeigen, wird "
        "nicht verwendet. Die Elektroden sind nicht die Ursache."
    ),
    EventType.SIGNAL_UNUSABLE: (
        "Die Person bitten, still zu halten, und Elektroden und Kabel prüfen: Das Herz wird jetzt "
        "nicht überwacht."
    ),
    EventType.LINK_LOST: (
        "Das Gerät in die Nähe des Gateways bringen und sehen, dass es eingeschaltet ist: Das Herz "
        "wird jetzt nicht überwacht."
    ),
    EventType.DEVICE_FOREIGN: (
        "Sehen, dass die Person ihr eigenes Gerät trägt: Von diesem wird nichts verwendet, das "
        "Herz wird jetzt nicht überwacht. Ist es das richtige, mit dem genannten Befehl annehmen."
    ),
    EventType.DEVICE_CHANGED: (
        "Herausfinden, warum das Gerät anders misst: Ein falscher Maßstab macht jede Zahl falsch. "
        "Soll es so sein, mit dem genannten Befehl annehmen."
    ),
    EventType.BATTERY_LOW: "Den Akku des Geräts bald laden oder tauschen.",
    EventType.BATTERY_CRITICAL: (
        "Den Akku des Geräts jetzt laden oder tauschen: Die Überwachung endet sonst."
    ),
    EventType.DATABASE_FAULT: (
        "Alarme gehen ohne die Platte weiter. Freien Platz und Platte des Gateways prüfen."
    ),
    EventType.DELIVERY_FAILING: (
        "Nicht auf Nachrichten verlassen: das Gateway selbst beobachten. Sein Netz und die "
        "Empfänger prüfen."
    ),
    EventType.ALARM_OVERFLOW: (
        "Am Gateway selbst nach allen Personen sehen, danach nach seinem Netz."
    ),
    EventType.NOBODY_ANSWERED: (
        "Zu der genannten Person gehen und den Alarm quittieren: Alle, die eingetragen sind, "
        "wurden verständigt, niemand hat geantwortet. Im Zweifel {number} rufen."
    ),
    EventType.ROSTER_FAULT: (
        "Mit ecgctl patients list prüfen, ob alle Personen überwacht werden; was fehlt, neu "
        "eintragen. Freien Platz und Platte des Gateways prüfen."
    ),
    EventType.MODEL_DEMOTED: (
        "Die Regeln arbeiten allein oder mit den anderen Netzen weiter. Sehen, was ecgctl models "
        "verify sagt; beschädigte Modelle neu installieren."
    ),
    EventType.SOUND_FAULT: (
        "Nicht auf Ton und Lichter des Gateways verlassen: ein Telefon bereithalten, das seine "
        "Nachrichten bekommt. Seine Verdrahtung prüfen und sehen, was ecgctl status zu gpio sagt."
    ),
    EventType.FAULT_LIGHT_MISSING: (
        "Die Störungsleuchte wieder starten und sehen, was systemctl status ecgd-fault-light sagt: "
        "Bis dahin zeigt kein Licht, wenn das Gateway ausfällt."
    ),
    EventType.ANSWERS_FAILING: (
        "Am Gateway, auf seiner Seite oder mit ecgctl quittieren: Tasten auf Telefonen wirken "
        "jetzt nicht, und weitere Kontakte werden verständigt. Netz des Gateways und Dienst prüfen."
    ),
    EventType.GATEWAY_POWER: (
        "Dem Gateway sein eigenes Netzteil und ein kurzes, dickes Kabel geben: Mit zu wenig "
        "Spannung kann es jederzeit ausfallen, und dann wird niemand überwacht."
    ),
    EventType.GATEWAY_HOT: (
        "Dem Gateway Luft oder einen Kühlkörper geben: Es wird langsamer, Alarme können sich "
        "verspäten."
    ),
    EventType.STORAGE_NEARLY_FULL: (
        "Auf der Platte des Gateways Platz schaffen oder kürzer aufbewahren: Alarme gehen weiter, "
        "aber bald kann nichts mehr aufgezeichnet werden."
    ),
    EventType.CLOCK_UNSYNCHRONISED: (
        "Das Gateway mit einem Netz mit Zeitdienst verbinden: Alarme kommen rechtzeitig, aber die "
        "Zeiten, die sie nennen, können falsch sein."
    ),
    EventType.CLOCK_STEPPED: (
        "Zeiten von Aufzeichnungen vor und nach diesem Moment mit Vorsicht vergleichen; Alarme "
        "gingen weiter."
    ),
    EventType.DELIVERY_UNPROVEN: (
        "Nicht auf Nachrichten verlassen: das Gateway selbst beobachten. ecgctl alerts test "
        "ausführen und sehen, was es zu dem genannten Empfänger sagt."
    ),
    EventType.TEST_ALARM: "Sofort zu der Person gehen.",
}

_BY_SEVERITY: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "Jetzt {number} rufen.",
    Severity.HIGH: "Dringend {number} rufen.",
    Severity.MEDIUM: "Ärztlich abklären lassen.",
    Severity.LOW: "Arzttermin vereinbaren.",
}

_TERRITORIES: Final[Mapping[str, str]] = {
    "inferior": "Hinterwand (inferior)",
    "high lateral": "hohe Seitenwand",
    "left main or multi-vessel pattern": "Muster wie bei Hauptstamm- oder Mehrgefäßerkrankung",
}


def _happened(news: News) -> str:
    """Name it, the place and the figures; evidence that has words keeps the stored ones."""
    if news.event_type is None or news.event_type not in TRANSLATED:
        return news.description
    place = _TERRITORIES.get(news.territory, "")
    where = f", {place}" if place else ""
    because = f": {'; '.join(news.evidence)}" if news.evidence else ""
    return f"{_NAMES[news.event_type]}{where}{because}."


def _to_do(news: News, number: str) -> str:
    if news.event_type is None or news.event_type not in TRANSLATED:
        return news.recommended_action
    action = _TECHNICAL_ACTIONS.get(news.event_type)
    if action is None:
        action = _ACTIONS[news.event_type].get(news.severity, _BY_SEVERITY[news.severity])
    return called_for_help(action, number)


def _when(at: datetime) -> str:
    return f"{at:%d.%m.%Y, %H:%M:%S} {at.tzname() or ''}".strip()


GERMAN: Final = Words(
    tag="de-DE",
    severities={
        Severity.CRITICAL: "KRITISCH",
        Severity.HIGH: "HOCH",
        Severity.MEDIUM: "MITTEL",
        Severity.LOW: "NIEDRIG",
    },
    names={**NAMES, **_NAMES},
    happened=_happened,
    to_do=_to_do,
    supplement=(
        "Dieser Monitor ergänzt ärztliche Hilfe und ersetzt sie nie: bei Brustschmerz, Atemnot "
        "oder Ohnmacht {number} rufen, was immer er zeigt."
    ),
    test_title="TEST, kein echter Alarm",
    test_line="Das ist ein Test. Niemand ist krank, nichts ist zu tun.",
    if_real="Ein echter Alarm würde sagen: {action}",
    late="Verspätet gesendet: Es war vor {ago}.",
    rescue="den Rettungsdienst",
    patient="Person {number}",
    where="Wo: {location}.",
    position="Wo: {latitude}, {longitude}, {accuracy}, vor {age}.",
    within="auf {accuracy_m} m genau",
    how_exact_unknown="Genauigkeit unbekannt",
    usual_place="Sonst: {location}.",
    map="Karte: {url}",
    heart_rate="Herzfrequenz {rate}/min.",
    not_visible="Diese Ableitungen zeigen nicht jeden Infarkt; nicht zu sehen: {places}.",
    places={
        "anterior": "Vorderwand",
        "septal": "Scheidewand",
        "posterior": "hintere Wand (posterior)",
        "right ventricular": "rechte Kammer",
    },
    quality="Signalqualität {span} %.",
    quality_unknown="Die Signalqualität ist nicht bekannt.",
    when=_when,
    when_unknown="Die Zeit ist nicht bekannt.",
    clock_unsure="Die Uhr des Gateways war nicht gestellt: Die Zeit kann falsch sein.",
    acknowledge="Quittieren",
    open_page="Öffnen",
    answered_title="Beantwortet",
    answered="{who} hat diesen Alarm beantwortet und kümmert sich.",
)

TRANSLATED: Final[frozenset[EventType]] = frozenset(_NAMES) & {
    *_ACTIONS,
    *_TECHNICAL_ACTIONS,
}
"""Kinds of alarm that are told in German; others are told as they are stored."""
