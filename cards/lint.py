"""What is said of findings: what is wrong, the proof, and how to mend it; in chats and on the command line alike.

Nothing here decides anything: what is found is decided in `bot.domain.lint`.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bot.domain.definition import Kind
from bot.domain.event import Severity, cut
from bot.domain.facts import Facts
from bot.domain.lint import Code, Finding, Grade, Shape, Where
from bot.domain.lint.finding import Hindrance, Local, Proof, Spell
from bot.domain.verification import Obstacle
from cards.answers import Readers
from cards.card import Card, Listing, Moment, Note, Text, Tone
from cards.contacts import METHODS
from cards.plain import clock, line
from cards.words import SEVERITIES, amount, count_of, form_of, name_of, say

MOST_SHOWN: Final = 8
MOST_IN_LISTING: Final = 5
SAID_IN_CHAT: Final = 240
SAID_IN_ROW: Final = 60
LABELS_SHOWN: Final = 4
NAMES_SHOWN: Final = 10
SAID_OF_PROOF: Final = 200

DOES_LINT: Final = "what in the configuration will go wrong, with the proof and how to mend it"
TITLE: Final = ("Configuration: {count} finding", "Configuration: {count} findings")
HEAD: Final = ("[Configuration: {count} finding]", "[Configuration: {count} findings], the worst first")
NOTHING_FOUND: Final = "[Configuration: no findings.] Alerts of the last 30 days, schedules for the next 90 days."
UNTOLD: Final = "May leave somebody untold"
OTHERWISE: Final = "Not as it seems, or of no use"
ROW_OF_CARD: Final = "[{where}] · {why}"
ROW: Final = "{mark} [{where}] · {why} → {mend}"
MORE: Final = ("and {count} more: oncard lint", "and {count} more: oncard lint")
STATUS: Final = "All of them, and how to mend each: oncard lint"
JOINTS: Final = MappingProxyType({"path": " → ", "why": "; ", "shapes": "; "})
MARKS: Final = {Grade.ERROR: "🔴", Grade.WARNING: "⚠️", Grade.NOTE: "·"}

WHERE_RULE: Final = "{object}, rule “{rule}”"
WHERE_LEVEL: Final = "{object}, rule “{rule}”, level {level}"
KINDS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.ACCOUNT: "account {name}",
        Kind.TEAM: "team “{name}”",
        Kind.CALENDAR: "calendar “{name}”",
        Kind.SCHEDULE: "schedule “{name}”",
        Kind.WORKSPACE: "workspace “{name}”",
        Kind.PROVIDER: "provider “{name}”",
        Kind.CHANNEL: "channel “{name}”",
        Kind.INTEGRATION: "integration “{name}”",
    }
)
SPELL: Final = "{start} to {end}"
HINDERED: Final = "{methods}: {why}"
SEEN: Final = "{example} {count} times, the last at {last}"
EXAMPLE: Final = "{severity} “{title}”"
EXAMPLE_LABELS: Final = "{severity} “{title}” ({labels})"
AND_MORE: Final = "{list} and {count} more"
ANY_ROLE: Final = "any role"
OBSTACLES: Final[Mapping[Obstacle, str]] = MappingProxyType(
    {
        Obstacle.NO_WORKSPACE: "no chat app is connected",
        Obstacle.NOT_LINKED: "no chat account is linked",
        Obstacle.NO_PROVIDER: "no provider is configured",
        Obstacle.NO_PHONE: "there is no phone number",
        Obstacle.NOT_SERVED: "no provider serves the number",
        Obstacle.NOT_VERIFIED: "not verified",
        Obstacle.NO_DEVICE: "no provider knows a device",
    }
)

WHAT: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.ALERT_WITHOUT_RULE: (
            "no rule is for such alerts, so nobody is told of them; seen within 30 days: {shapes}"
        ),
        Code.ALERT_WITHOUT_RULE_AT_TIMES: (
            "at {at} no rule that is for such alerts holds ({rules}), so nobody is told of them; seen within 30 days: "
            "{shapes}"
        ),
        Code.ALERT_REACHES_NOBODY: (
            "now this rule reaches nobody, and it is for such alerts; seen within 30 days: {shapes}"
        ),
        Code.CHANNEL_WITHOUT_RULES: "no rule is switched on here, so nobody is told of any alert",
        Code.RULE_REACHES_NOBODY: "none of its levels ({levels}) reaches anybody, now or within 90 days",
        Code.UNREACHABLE_PERSON: "{name} is told of {severity} by {by}, but there is no way to them: {why}",
        Code.TARGET_GONE: "{target} is named here and is there no more",
        Code.COVERAGE_GAP: "{used} counts on it, and nobody is on call ({role}) from {gaps}",
        Code.EMPTY_LAST_LEVEL: "the last level reaches nobody, now or within 90 days: the rule ends before it",
        Code.EMPTY_LEVEL: "this level reaches nobody, now or within 90 days: level {next} follows at once",
        Code.RULE_NEVER_MATCHES: "nothing matches the filter: {reason}",
        Code.RULE_NEVER_HOLDS: (
            "no day of the coming year is one of its days: {weekdays} that are “{kind}” by calendar “{calendar}”"
        ),
        Code.SHADOWED_RULE: "no alert ever comes to this rule: earlier ones take all that it is for ({rules})",
        Code.SCHEDULE_LOOP: "the fallback comes back to where it began: {path}",
        Code.NO_CATCH_ALL_RULE: "an alert such as {example} would be for no rule, so nobody would be told",
        Code.NO_CATCH_ALL_RULE_AT_TIMES: "at {at} an alert such as {example} would be for no rule that holds then",
        Code.NO_VERIFIED_METHOD: (
            "{name} is told of {severity} by {by}, but none of the ways that are wanted works ({why}); others are tried"
        ),
        Code.UNVERIFIED_METHOD: "{name} is told of {severity} by {by}, but not by every way that is wanted: {why}",
        Code.UNKNOWN_HOLIDAYS: "no holiday of {country} in {year} is known, so its days count as any other",
        Code.OUTDATED_HOLIDAYS: (
            "which days {country} works in exchange for holidays is known to the end of {year}, less than 90 days on"
        ),
        Code.EMPTY_TEAM: "nobody is in this team",
        Code.UNUSED_SCHEDULE: "no rule and no fallback names this schedule",
    }
)
_WIDEN: Final = "add a rule without `when` as the last one"
MEND: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.ALERT_WITHOUT_RULE: _WIDEN,
        Code.ALERT_WITHOUT_RULE_AT_TIMES: _WIDEN,
        Code.ALERT_REACHES_NOBODY: "give the rule a level with a person, a team or a chat that can be told",
        Code.CHANNEL_WITHOUT_RULES: "write rules under `escalation`",
        Code.RULE_REACHES_NOBODY: "name somebody who can be told under `targets`, or a chat under `chats`",
        Code.UNREACHABLE_PERSON: "let them type “link” in a chat, or verify a number with `oncard contact`",
        Code.TARGET_GONE: "name one that is there, or take the name out",
        Code.COVERAGE_GAP: "add a layer or an override for that time, a `fallback`, or say `when_nobody` on the level",
        Code.EMPTY_LAST_LEVEL: "name somebody who can be told, or remove the level",
        Code.EMPTY_LEVEL: "name somebody who can be told, or remove the level",
        Code.RULE_NEVER_MATCHES: "change the filter, or remove the rule",
        Code.RULE_NEVER_HOLDS: "change `when`, or remove the rule",
        Code.SHADOWED_RULE: "put it before them, narrow their filters, or remove it",
        Code.SCHEDULE_LOOP: "let one of them fall back on an account instead",
        Code.NO_CATCH_ALL_RULE: _WIDEN,
        Code.NO_CATCH_ALL_RULE_AT_TIMES: _WIDEN,
        Code.NO_VERIFIED_METHOD: "let them type “me” in a chat, or verify with `oncard contact`; or change the ways",
        Code.UNVERIFIED_METHOD: "let them type “me” in a chat, or verify with `oncard contact`; or change the ways",
        Code.UNKNOWN_HOLIDAYS: "write the days under `exceptions`, or mend `country`",
        Code.OUTDATED_HOLIDAYS: "update Oncard when they are announced, or write the days under `exceptions`",
        Code.EMPTY_TEAM: "add members, or remove the team",
        Code.UNUSED_SCHEDULE: "name it in a level, or remove it",
    }
)


def why(finding: Finding, locale: str) -> str:
    """Return what is wrong, with the proof."""
    proof = dict(finding.proof)
    if finding.code is Code.TARGET_GONE:
        proof["target"] = Where(Kind(str(proof.pop("kind"))), str(proof.pop("name")))
    if finding.code is Code.COVERAGE_GAP:
        proof["role"] = proof["role"] or name_of(locale, ANY_ROLE)
    hidden = proof.pop("more", 0)
    said = {name: _said(one, locale, JOINTS.get(name, ", ")) for name, one in proof.items()}
    if hidden:
        listed = "shapes" if "shapes" in said else "gaps"
        said[listed] = name_of(locale, AND_MORE, list=said[listed], count=str(hidden))
    return name_of(locale, WHAT[finding.code], **said)


def mend(finding: Finding, locale: str) -> str:
    """Return what to write instead."""
    return name_of(locale, MEND[finding.code])


def where(at: Where, locale: str) -> str:
    """Return which object it is about."""
    named = name_of(locale, KINDS[at.kind], name=cut(line(at.name), SAID_IN_ROW))
    rule = cut(line(at.rule), SAID_IN_ROW)
    if at.level:
        return name_of(locale, WHERE_LEVEL, object=named, rule=rule, level=at.level)
    return name_of(locale, WHERE_RULE, object=named, rule=rule) if rule else named


def note(findings: Sequence[Finding], readers: Readers) -> Note:
    """Return the findings as an answer, the worst first."""
    if not findings:
        return Note(say(readers.locale, NOTHING_FOUND))
    return Note(say(readers.locale, form_of(HEAD, len(findings)), count=len(findings)), rows=_rows(findings, readers))


def card(findings: Sequence[Finding], readers: Readers) -> Card:
    """Return the findings as the daily message, the worst first. There may be none left of those that it showed."""
    locale = readers.locale
    title = count_of(locale, TITLE, len(findings))
    errors = sum(one.grade is Grade.ERROR for one in findings)
    severity = Severity.WARNING if errors else Severity.INFO if findings else Severity.OK
    return Card(
        number=None,
        severity=severity,
        severity_word=name_of(locale, SEVERITIES[severity]),
        tone=Tone.WARNING if errors else Tone.INFO if findings else Tone.DONE,
        title=title,
        summary=title,
        status=say(locale, STATUS if findings else NOTHING_FOUND),
        listings=tuple(_listings(findings, locale)),
    )


def _listings(findings: Sequence[Finding], locale: str) -> Iterator[Listing]:
    """Yield the errors, and apart from them what is less bad."""
    for name, is_error in ((UNTOLD, True), (OTHERWISE, False)):
        of = [one for one in findings if (one.grade is Grade.ERROR) is is_error]
        rows = [
            say(locale, ROW_OF_CARD, where=where(one.where, locale), why=cut(why(one, locale), SAID_IN_CHAT))
            for one in of[:MOST_IN_LISTING]
        ]
        if len(of) > MOST_IN_LISTING:
            hidden = len(of) - MOST_IN_LISTING
            rows.append(say(locale, form_of(MORE, hidden), count=hidden))
        if rows:
            yield Listing(name_of(locale, name), tuple(rows))


def _rows(findings: Sequence[Finding], readers: Readers) -> tuple[Text, ...]:
    locale = readers.locale
    rows = [row(one, locale) for one in findings[:MOST_SHOWN]]
    hidden = len(findings) - MOST_SHOWN
    if hidden > 0:
        rows.append(say(locale, form_of(MORE, hidden), count=hidden))
    return tuple(rows)


def row(finding: Finding, locale: str) -> Text:
    """Return a finding on one line."""
    return say(
        locale,
        ROW,
        mark=MARKS[finding.grade],
        where=where(finding.where, locale),
        why=cut(why(finding, locale), SAID_IN_CHAT),
        mend=mend(finding, locale),
    )


def _said(proof: Proof, locale: str, joint: str = ", ") -> str:
    if isinstance(proof, tuple):
        shown = joint.join(_said(one, locale) for one in proof[:NAMES_SHOWN])
        return shown + (" …" if len(proof) > NAMES_SHOWN else "")
    if isinstance(proof, Severity):
        return name_of(locale, SEVERITIES[proof])
    if isinstance(proof, str | int):
        return cut(line(str(proof)), SAID_OF_PROOF)
    return _instant(proof) if isinstance(proof, Local) else _object(proof, locale)


def _object(proof: Spell | Where | Hindrance | Facts | Shape, locale: str) -> str:
    match proof:
        case Shape():
            last, count = _instant(Local(proof.last_seen, "UTC")), amount(locale, proof.count)
            return name_of(locale, SEEN, example=_example(proof.example, locale), count=count, last=last)
        case Spell():
            start, end = (_instant(Local(at, proof.timezone)) for at in (proof.start, proof.end))
            return name_of(locale, SPELL, start=start, end=end)
        case Where():
            return where(proof, locale)
        case Hindrance():
            methods = ", ".join(name_of(locale, METHODS[method]) for method in proof.methods)
            return name_of(locale, HINDERED, methods=methods, why=name_of(locale, OBSTACLES[proof.obstacle]))
        case _:
            return _example(proof, locale)


def _example(facts: Facts, locale: str) -> str:
    labels = [f"{cut(line(name), 40)}={cut(line(value), 40)}" for name, value in sorted(facts.labels.items())]
    severity = name_of(locale, SEVERITIES[facts.severity])
    title = cut(line(facts.title), SAID_IN_ROW)
    if not labels:
        return name_of(locale, EXAMPLE, severity=severity, title=title)
    shown = ", ".join(labels[:LABELS_SHOWN]) + (", …" if len(labels) > LABELS_SHOWN else "")
    return name_of(locale, EXAMPLE_LABELS, severity=severity, title=title, labels=shown)


def _instant(at: Local) -> str:
    return clock(Moment(at.at, at.timezone, day=True))
