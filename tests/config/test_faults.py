"""Each fault of a file is named with its line and the way to mend it, all of them at once, and none shows a secret."""

import pytest

from bot.config.fault import Fault
from tests.config.example import APP_TOKEN, FULL, SECRETS, TOKEN, context, faults

HEAD = """\
accounts:
  - {name: Ana, email: ana@example.com}
teams:
  - {name: sre, members: [ana@example.com]}
workspaces:
  - {name: acme, platform: chat, bot_token: tok-1}
"""
CHANNEL = f"{HEAD}channels:\n  - name: c\n    team: sre\n"
LEVEL = f"{CHANNEL}    escalation:\n      - name: r\n        levels:\n          - targets: ['team:sre']\n            "
INTEGRATION = f"{CHANNEL}    integrations:\n      - name: i\n        source: standard\n        "
KEY = "key: 0123456789abcdef"
WORKSPACE = "workspaces:\n  - name: acme\n    platform: chat\n    bot_token: tok-1\n    "
ACCOUNT = "accounts:\n  - name: Ana\n    email: ana@example.com\n    "
SMS = "providers:\n  sms:\n    - kind: phones\n      "
LATER = "is not in this version of Oncard yet"


@pytest.mark.parametrize(
    ("text", "line", "what", "mend"),
    [
        # Keys
        ("acounts: []", 1, "there is no key `acounts` here", "did you mean `accounts`?"),
        (
            "accounts: []\nx: []",
            2,
            "there is no key `x` here",
            "use `accounts`, `teams`, `calendars`, `schedules`, `workspaces`, `providers`, `channels`",
        ),
        (f"{ACCOUNT}time_zone: UTC", 4, "there is no key `time_zone` here", "did you mean `timezone`?"),
        (f"{LEVEL}escalate: 5m", 14, "there is no key `escalate` here", "did you mean `escalate_after`?"),
        (
            f"{LEVEL}repeat: {{evry: 5m, every: 5m, times: 1}}",
            14,
            "there is no key `evry` here",
            "did you mean `every`?",
        ),
        (f"{ACCOUNT}name: Bo", 4, "`name` is given twice, first on line 2", "keep one of them"),
        ("teams:\n  - members: []", 2, "`name` is missing", "give it a value"),
        ("teams:\n  - members: []\n    name:", 3, "`name` is empty", "give it a value"),
        ("teams: sre", 1, "a list belongs here", "look at the indentation, and at the `-`"),
        ("teams:\n  - sre", 2, "a mapping belongs here", "look at the indentation, and at the `-`"),
        ("- teams", 1, "the file holds no keys such as `accounts:`", "begin with `accounts:`"),
        ("", 1, "the file holds no keys such as `accounts:`", "begin with `accounts:`"),
        ("# nothing\n", 1, "the file holds no keys such as `accounts:`", "begin with `accounts:`"),
        # What is not there yet
        ("integrations: []", 1, f"`integrations` {LATER}", "leave it out"),
        (f"{CHANNEL}    grouping: {{}}", 10, f"`grouping` {LATER}", "leave it out"),
        (f"{CHANNEL}    access: public", 10, f"`access` {LATER}", "leave it out"),
        (f"{INTEGRATION}{KEY}\n        pipeline: []", 14, f"`pipeline` {LATER}", "leave it out"),
        # Values
        ("teams: [{name: ''}]", 1, "this is empty", "write a value"),
        (f"teams: [{{name: {'x' * 65}}}]", 1, "this has 65 characters", "write at most 64"),
        ('teams: [{name: "s\\nre"}]', 1, "the name `s?re` holds", "write it on one line"),
        ('teams: [{name: "\\u202esre"}]', 1, "the name `?sre` holds", "write it on one line"),
        ("teams: [{name: [x]}]", 1, "text belongs here, and this is a list", "write one value"),
        ("teams: [{name: {a: b}}]", 1, "text belongs here, and this is a mapping", "write one value"),
        ("teams:\n  - name: a\n    members:\n      -", 4, "nothing stands here", "write a value"),
        ("accounts: [{name: A, email: ana}]", 1, "`ana` is no e-mail address", "write one such as"),
        ("accounts: [{name: A, email: ana@localhost}]", 1, "`ana@localhost` is no e-mail address", "write one such"),
        (
            f"{ACCOUNT}phone: 0612345678",
            4,
            "`0612345678` is no international phone number",
            "write it with the country",
        ),
        (
            f"{ACCOUNT}phone: +33612",
            4,
            "the phone number `+33612` has too many or too few",
            "write it with the country",
        ),
        (f"{ACCOUNT}role: boss", 4, "`boss` is no role", "write `owner`, `admin`, `member`"),
        (f"{ACCOUNT}role: Admin", 4, "`Admin` is no role", "did you mean `admin`?"),
        (f"{ACCOUNT}locale: fr", 4, "`fr` is no language of Oncard", "write `en`, `zh`"),
        (f"{ACCOUNT}timezone: europe/paris", 4, "`europe/paris` is no time zone", "did you mean `Europe/Paris`?"),
        (f"{ACCOUNT}timezone: Moon", 4, "`Moon` is no time zone", "write a name such as `Europe/Paris`"),
        (f"{LEVEL}escalate_after: 5", 14, "`5` is no duration", "write a number and `s`, `m`, `h` or `d`"),
        (f"{LEVEL}escalate_after: 5 min", 14, "`5 min` is no duration", "write a number and `s`"),
        (f"{LEVEL}escalate_after: 721m", 14, "the duration `721m` is out of range", "write one from 0s to 12h"),
        (f"{LEVEL}repeat: {{every: 29s, times: 1}}", 14, "the duration `29s` is out", "write one from 30s to 2h"),
        (f"{LEVEL}repeat: {{every: 121m, times: 1}}", 14, "the duration `121m` is out", "write one from 30s to 2h"),
        (f"{LEVEL}repeat: {{every: 5m, times: 7}}", 14, "`7` is no number of repeats", "write a number from 0 to 6"),
        (f"{LEVEL}repeat: {{every: 5m}}", 14, "`times` is missing", "give it a value"),
        (f"{LEVEL}unless: ack", 14, "`ack` is no state to wait for", "write `acknowledged`, `closed`"),
        (f"{LEVEL}methods: [pigeon]", 14, "these are no methods", "write `preferences`, or a list such as `[im, sms]`"),
        (f"{LEVEL}methods: []", 14, "these are no methods", "write `preferences`, or a list such as `[im, sms]`"),
        (f"{LEVEL}methods: im", 14, "these are no methods", "write `preferences`, or a list such as `[im, sms]`"),
        # References
        (
            "teams:\n  - name: sre\n    members:\n      - bo@example.com",
            4,
            "`bo@example.com` names no account",
            "add the",
        ),
        (f"{HEAD}channels: [{{name: c, team: sra}}]", 7, "`sra` names no team", "did you mean `sre`?"),
        (f"{LEVEL}chats: [C1]", 14, "`C1` is no chat", "write `workspace/chat`; group bots are not in this version"),
        (f"{LEVEL}chats: [acmee/C1]", 14, "the chat `acmee/C1` is in no workspace", "did you mean `acme`?"),
        (f"{LEVEL}chats: ['acme/a b']", 14, "`acme/a b` holds spaces", "copy the id from the chat app"),
        (f"{LEVEL.replace('team:sre', 'team:x')}unless: closed", 13, "`team:x` names no team", "add the team under"),
        (f"{LEVEL.replace('team:sre', 'sre')}unless: closed", 13, "`sre` is no target", "write `account:ana@example"),
        (
            f"{LEVEL.replace('team:sre', 'schedule:x')}unless: closed",
            13,
            "`schedule:x` names no schedule",
            "add the schedule under `schedules`",
        ),
        (
            f"{CHANNEL}    escalation: [{{name: r, levels: [{{targets: [team: sre]}}]}}]",
            10,
            "a target is one",
            "write it w",
        ),
        # Names
        ("teams: [{name: a}, {name: a}]", 1, "another team is called `a`, on line 1", "give each its own name"),
        ("teams:\n  - {name: a}\n  - {name: A}", 3, "another team is called `A`, on line 2", "give each its own name"),
        (f"{ACCOUNT}\n  - {{name: B, email: ANA@example.com}}", 5, "another account is called `ANA@exam", "give each"),
        (f"{CHANNEL}  - name: c", 10, "another channel is called `c`, on line 8", "give each its own name"),
        # Integrations
        (f"{INTEGRATION}key: {'x' * 256}", 13, "this key has 256 characters", "give one of 16 to 255"),
        (f"{WORKSPACE}app_token: {'x' * 4097}", 5, "this secret has 4097 characters", "give one of at most 4096"),
        (f"{INTEGRATION}key: short", 13, "this key has 5 characters", "give one of 16 to 255: `openssl rand -hex 16`"),
        (f"{INTEGRATION}key: 0123456789abcde é", 13, "this secret is empty, or holds spaces", "copy it once more"),
        (f"{INTEGRATION}key: stored:12345", 13, "this refers to no stored secret", "write `stored:` and the eight"),
        (f"{INTEGRATION}{KEY}\n        source: x", 14, "`source` is given twice", "keep one of them"),
        (f"{INTEGRATION}{KEY}\n        fields: {{titel: x}}", 14, "`fields.titel`: is no field", "use one of title"),
        (
            f"{INTEGRATION}{KEY}\n        fields: {{title: [x]}}",
            14,
            "text belongs here, and this is a list",
            "write one",
        ),
        # Workspaces
        (
            "workspaces: [{name: a, platform: chatt}]",
            1,
            "`chatt` is no platform of this version",
            "did you mean `chat`?",
        ),
        ("workspaces: [{name: a, platform: chat}]", 1, "the workspace has no `bot_token`", "add it"),
        ("workspaces: [{name: a, platform: chat, bot_token: }]", 1, "the workspace has no `bot_token`", "add it"),
        (
            f"{WORKSPACE}app_tokn: x",
            5,
            "a workspace of this platform has no key `app_tokn`",
            "did you mean `app_token`?",
        ),
        (f"{WORKSPACE}timeout: 61s", 5, "the duration `61s` is out of range", "write one from 1s to 1m"),
        (f"{WORKSPACE}api_base_url: example.com", 5, "this is no address", "write one such as"),
        (f"{WORKSPACE}api_base_url: http://x:y", 5, "this is no address", "write one such as"),
        (f"{WORKSPACE}api_base_url: http://a:b@x", 5, "this address holds a password", "write it without"),
        ("workspaces: [{name: a/b, platform: chat, bot_token: tok-1}]", 1, "the name `a/b` cannot stand", "begin with"),
        (f"{WORKSPACE}links: {{bo@example.com: U1}}", 5, "`bo@example.com` names no account", "add the account"),
        (f"{WORKSPACE}links: {{bo: U1}}", 5, "`bo` is no e-mail address", "write one such as"),
        # Providers
        ("providers: [sms]", 1, "a mapping belongs here", "look at the indentation"),
        ("providers: {pigeon: []}", 1, "there is no key `pigeon` here", "use `sms`, `voice`, `email`, `push`"),
        ("providers: {sms: {kind: phones}}", 1, "a list belongs here", "look at the indentation"),
        ("providers: {sms: [{name: a}]}", 1, "`kind` is missing", "give it a value"),
        (
            "providers: {sms: [{kind: mail}]}",
            1,
            "`mail` is no kind of sms provider of this version of Oncard",
            "write `phones`",
        ),
        ("providers: {email: [{kind: mial}]}", 1, "`mial` is no kind of email provider", "did you mean `mail`?"),
        ("providers: {sms: [{kind: phones}]}", 1, "the provider has no `token`", "add it"),
        (f"{SMS}token: x\n      sender: me", 5, "`sender`: this is no number", "write it with the country"),
        (
            f"{SMS}token: x\n      sendr: me",
            5,
            "a provider of this kind has no key `sendr`",
            "did you mean `sender`?",
        ),
        (f"{SMS}token: x y", 4, "this secret is empty, or holds spaces", "copy it once more"),
        (f"{SMS}token: x\n      timeout: 9", 5, "`9` is no duration", "write a number and `s`"),
        (f"{SMS}token: x\n      links: {{}}", 5, "a provider of this kind has no key `links`", "use"),
        (f"{SMS}token: x\n      name: a/b", 5, "the name `a/b` cannot stand in an address", "begin with a letter"),
        (f"{SMS}token: x\n      countries: +49", 5, "a list belongs here", "look at the indentation"),
        (
            f"{SMS}token: x\n      countries: [49]",
            5,
            "`49` is no beginning of phone numbers",
            "write `+` and the first",
        ),
        (
            f"{SMS}token: x\n    - kind: phones\n      token: x",
            5,
            "another sms provider is called `phones`, on line 3",
            "give",
        ),
        (
            f"{SMS}token: x\n    - {{kind: phones, name: Phones, token: x}}",
            5,
            "another sms provider is called `Phones`",
            "give",
        ),
        ("providers: {push: [{kind: bell}]}", 1, "`links` is missing", "give it a value"),
        (
            "providers: {push: [{kind: bell, links: {bo@example.com: x}}]}",
            1,
            "`bo@example.com` names no account",
            "add the account",
        ),
        (
            "providers: {email: [{kind: mail, host: h, countries: [+49]}]}",
            1,
            "a provider of this kind has no key `countries`",
            "use",
        ),
        # Preferences
        (f"{ACCOUNT}preferences: [im]", 4, "a mapping belongs here", "look at the indentation"),
        (f"{ACCOUNT}preferences: {{Critical: [im]}}", 4, "there is no key `Critical` here", "did you mean `critical`?"),
        (f"{ACCOUNT}preferences: {{critical: im}}", 4, "a list belongs here", "look at the indentation"),
        (f"{ACCOUNT}preferences: {{critical: []}}", 4, "this says no way", "name a method, or leave the line out"),
        (
            f"{ACCOUNT}preferences:\n      info:\n        - im\n        - smss",
            7,
            "`smss` is no method",
            "did you mean `sms`?",
        ),
        (f"{ACCOUNT}preferences: {{info: [im, im]}}", 4, "the method `im` stands here twice", "keep one of them"),
        (f"{ACCOUNT}preferences: {{info: [[im]]}}", 4, "a mapping belongs here", "look at the indentation"),
        (f"{ACCOUNT}preferences: {{info: [{{after: 3m}}]}}", 4, "`method` is missing", "give it a value"),
        (f"{ACCOUNT}preferences: {{info: [{{method: fax}}]}}", 4, "`fax` is no method", "write `im`, `sms`, `voice`"),
        (
            f"{ACCOUNT}preferences: {{info: [{{method: im, afer: 3m}}]}}",
            4,
            "there is no key `afer` here",
            "did you mean",
        ),
        (f"{ACCOUNT}preferences: {{info: [{{method: im, after: 3}}]}}", 4, "`3` is no duration", "write a number"),
        (
            f"{ACCOUNT}preferences: {{info: [{{method: im, after: 121m}}]}}",
            4,
            "the duration `121m` is out of range",
            "write one from 0s to 2h",
        ),
        # Variables
        (
            "teams: [{name: '${NOPE}'}]",
            1,
            "the environment has no variable `NOPE`",
            "set it, or write the value in place",
        ),
        ("teams: [{name: '${a-b}'}]", 1, "`${` begins a variable", "write `${NAME}`, or `$${`"),
        ("teams: [{name: 'x ${'}]", 1, "`${` begins a variable", "write `${NAME}`, or `$${`"),
        ("teams: [{name: '${EMPTY}'}]", 1, "this is empty", "write a value"),
    ],
)
def test_a_fault_has_its_line_and_its_mend(text: str, line: int, what: str, mend: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.what[: len(what)], fault.mend[: len(mend)]) == (line, what, mend)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = FULL.replace("role: owner", "role: king").replace("[bo@", "[dee@").replace("platform: chat", "platfrm: chat")
    text = text.replace("times: 3", "times: 33").replace("team: sre", "team: sra").replace("${ZONE}", "${ZONES}")
    assert [fault.said("oncard.yaml") for fault in faults(text)] == [
        "oncard.yaml:5: `king` is no role; write `owner`, `admin`, `member`",
        "oncard.yaml:7: the environment has no variable `ZONES`; set it, or write the value in place of `${ZONES}`",
        "oncard.yaml:13: `dee@example.com` names no account; did you mean `bo@example.com`?",
        "oncard.yaml:15: `platform` is missing; give it a value",
        "oncard.yaml:42: `sra` names no team; did you mean `sre`?",
        "oncard.yaml:60: `33` is no number of repeats; write a number from 0 to 6",
    ]


def test_a_reference_to_what_is_faulty_in_itself_is_no_second_fault() -> None:
    assert [fault.line for fault in faults(FULL.replace("+33 6 12 34 56 78", "none at all"))] == [4]


def test_each_key_opens_one_integration() -> None:
    text = f"{INTEGRATION}{KEY}\n      - name: j\n        source: standard\n        {KEY}"
    assert faults(text) == (
        Fault(
            16,
            "another integration has the same key",
            "give each its own: `openssl rand -hex 16` makes one",
        ),
    )


def test_a_chat_user_is_one_person_and_a_person_one_chat_user() -> None:
    links = "links:\n      ana@example.com: U1\n      bo@example.com: U1\n      ANA@example.com: U2\n"
    text = f"accounts:\n  - {{name: Ana, email: ana@example.com}}\n  - {{name: Bo, email: bo@example.com}}\n{WORKSPACE}"
    assert faults(text + links) == (
        Fault(10, "`bo@example.com` and `ana@example.com` are linked to the same chat user", "link each to their own"),
        Fault(11, "`ANA@example.com` is linked twice", "keep one of them"),
    )


def test_a_level_that_tells_nobody_is_a_fault() -> None:
    text = f"{CHANNEL}    escalation:\n      - name: r\n        levels:\n          - methods: [im]\n"
    assert faults(text) == (Fault(13, "this level tells nobody", "give it `targets` or `chats`"),)
    text = f"{CHANNEL}    escalation:\n      - name: r\n        levels: []\n"
    assert faults(text) == (Fault(12, "this rule has no level, so it tells nobody", "give it one, or remove the rule"),)


@pytest.mark.parametrize(
    ("section", "entry", "most"),
    [
        ("teams", "{{name: t{}}}", 500),
        ("workspaces", "{{name: w{}, platform: chat, bot_token: tok-1}}", 50),
        ("channels", "{{name: c{}}}", 1000),
    ],
)
def test_sizes_are_bounded(section: str, entry: str, most: int) -> None:
    text = f"{section}: [" + ", ".join(entry.format(number) for number in range(most + 1)) + "]"
    assert faults(text) == (Fault(1, f"`{section}` has {most + 1} entries", f"write at most {most}"),)


def test_a_value_of_the_environment_is_not_shown() -> None:
    secret = "hush-0123456789"
    text = f"{ACCOUNT}role: ${{SECRET}}\n    timezone: ${{SECRET}}\nteams: [{{name: a, members: ['${{SECRET}}']}}]"
    said = [fault.said("f") for fault in faults(text, context(environment={"SECRET": secret}))]
    assert said[0] == "f:4: `${SECRET}` is no role; write `owner`, `admin`, `member`"
    assert len(said) == 3
    assert secret not in "".join(said)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("key: ", "kye: "),
        ("key: ", "key: x "),
        ("bot_token: ", "bot_tokn: "),
        ("app_token: ", "app_token: ["),
        ("app_token: ", "app_token: *"),
        ("app_token: ", "app_token: &"),
        ("app_token: ", "app_token: !"),
        ("app_token: ", "app_token: !!"),
        ("app_token: ", "app_token: !x!"),
        ("app_token: ", "app_token: %"),
        ("app_token: ", "app_token: @"),
        ("app_token: ", "app_token: '"),
        ("app_token: ", 'app_token: "\\'),
        ("app_token: ", "app_token: |"),
        ("app_token: ", "app_token: }"),
        ("app_token: ", "app_token: a: "),
        ("app_token: ", "app_token: $${ ${"),
        ("app_token: ", "app_token: \x07"),
        ("app_token: ", "app_token:"),
        ("app_token: ", "\tapp_token: "),
        ("app_token: ", "app_token: stored:"),
        ("app_token: ", "app_token: é"),
        ("    - name: main\n      kind: phones\n      token: ", "    - name: main\n      kind: phones\n      tokn: "),
        ("kind: phones\n      token: ", "kind: phones\n      token: x "),
        ("kind: phones\n      token: ", "kind: phones\n      sender: "),
        ("{ANA@example.com: ", "{AN@example.com: "),
        ("{ANA@example.com: ", "{ANA@example.com: [x], bo@example.com: "),
        ("{ANA@example.com: ", "{ANA@example.com: x "),
        ("proxy: ", "api_base_url: "),
        ("proxy: ", "proxy: - "),
        ("proxy: ", "proxy: x "),
        ("bot_token: ${CHAT_TOKEN}", f"bot_token: 1-{TOKEN}"),
        ("bot_token: ${CHAT_TOKEN}", f"bot_token: {APP_TOKEN}"),
        ("name: search-alerts", "name: search-alerts\n        key: x"),
        ("workspaces:", "workspaces: x"),
    ],
)
def test_no_fault_shows_a_secret(before: str, after: str) -> None:
    assert before in FULL
    said = "\n".join(fault.said("f") for fault in faults(FULL.replace(before, after)))
    assert [secret for secret in (*SECRETS, f"1-{TOKEN}") if secret in said] == []
