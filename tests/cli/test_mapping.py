"""mapping import: all of a table is taken in or nothing, and what the configuration says stays."""

from pathlib import Path

import pytest

from tests.cli.shell import SAMPLE, Shell

LINKED = SAMPLE.replace("    bot_token:", "    links: {dee@example.com: U0DEE}\n    bot_token:")


def test_a_table_links_people_and_what_it_changes_is_told(shell: Shell) -> None:
    said = shell.say(
        "mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U1\nBo@Example.com , U2\n"
    )
    assert said == "+ ana@example.com U1\n+ bo@example.com U2\n2 added, 0 changed, 0 as before\n"
    again = "user,name,email\nU1,Ana,ana@example.com\n\nU3,Bo,bo@example.com\n"
    assert shell.say("mapping", "import", "links/acme", "-", "--dry-run", typed=again) == (
        "~ bo@example.com U3 (was U2)\ndry run, nothing was changed: would be 0 added, 1 changed, 1 as before\n"
    )
    for _ in range(2):
        said = shell.say("mapping", "import", "links/acme", "-", typed=again)
    assert said == "0 added, 0 changed, 2 as before\n"


def test_two_people_may_change_places(shell: Shell) -> None:
    shell.say("mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U1\nbo@example.com,U2\n")
    said = shell.say(
        "mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U2\nbo@example.com,U1\n"
    )
    assert "~ ana@example.com U2 (was U1, bo@example.com)" in said


def test_every_fault_is_named_with_its_line_and_nothing_is_changed(sqlite_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "email,user\n"
        "ana@example.com,U1\n"
        "anna@example.com,U2\n"
        "bo@example.com\n"
        ",U3\n"
        "dee@example.com,U 4\n"
        "ana@example.com,U5\n"
        '"bo@example.com","U1"\n'
        f"bo@example.com,{'U' * 129}\n"
    )
    result = sqlite_shell.run("mapping", "import", "links/acme", str(file))
    assert result.exit_code == 1
    assert result.stdout.replace(str(file), "FILE").splitlines() == [
        "FILE:3: there is no account `anna@example.com`; did you mean `ana@example.com`?",
        "FILE:4: there is no user; write the user's id in the chat app",
        "FILE:5: there is no e-mail address; write that of an account",
        "FILE:6: `U 4` holds spaces or characters that nobody sees; copy the id from the chat app",
        "FILE:7: `ana@example.com` is on line 2 already; remove one of the two",
        "FILE:8: the user `U1` is on line 2 already; remove one of the two",
        f"FILE:9: the user `{'U' * 79}…` is longer than 128 characters; copy the user's id",
    ]
    assert "7 faults: nothing was changed" in result.stderr
    sqlite_shell.say("mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U1\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "-:1: the file is empty; begin it with the line `email,user`"),
        ("email;user\nana@example.com;U1\n", "-:1: the first line names no column `email`"),
        ("email,email,user\n", "-:1: `email` is named twice"),
        ('email,user\nana@example.com,"U1\n', "this is no CSV"),
    ],
)
def test_a_file_that_is_no_table_says_what_one_is(sqlite_shell: Shell, text: str, said: str) -> None:
    result = sqlite_shell.run("mapping", "import", "links/acme", "-", typed=text)
    assert result.exit_code == 1
    assert said in result.stdout


def test_a_table_or_a_workspace_that_is_not_there_is_refused(sqlite_shell: Shell) -> None:
    assert "name one such as `links/acme`" in sqlite_shell.refused("mapping", "import", "acme", "-")
    assert "there is no workspace `acne`; did you mean `acme`?" in sqlite_shell.refused(
        "mapping", "import", "links/acne", "-", typed="email,user\n"
    )


def test_what_the_configuration_links_stays(shell: Shell) -> None:
    shell.say("apply", "-", typed=LINKED)
    same = "email,user\ndee@example.com,U0DEE\n"
    assert shell.say("mapping", "import", "links/acme", "-", typed=same) == "0 added, 0 changed, 1 as before\n"
    for row in ("dee@example.com,U1", "ana@example.com,U0DEE"):
        result = shell.run("mapping", "import", "links/acme", "-", typed=f"email,user\n{row}\n")
        assert "-:2: the configuration links `U0DEE` and" in result.stdout
    shell.say("mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U1\n")
    shell.say("apply", "-", typed=LINKED.replace("U0DEE", "U1"))
    assert "+ ana@example.com U7" in shell.say(
        "mapping", "import", "links/acme", "-", typed="email,user\nana@example.com,U7\n"
    ), "the configuration took U1 away from Ana"


def test_what_changes_as_json(sqlite_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email,user\nana@example.com,U1\n")
    said = sqlite_shell.json("mapping", "import", "links/acme", str(file))
    assert said == {
        "table": "links/acme",
        "dry_run": False,
        "changes": [{"email": "ana@example.com", "user": "U1", "before": []}],
        "unchanged": 0,
    }
