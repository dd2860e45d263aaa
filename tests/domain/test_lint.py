"""The lint finds in each file of the corpus what the file says, on its lines, and nothing else."""

import pytest

from bot.domain.lint import Code
from tests.domain.linting import CASES, Case


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_the_corpus_has_the_findings_that_it_says(name: str) -> None:
    case = Case(name)
    assert case.found == case.expected
    assert [one.rank for one in case.findings] == sorted(one.rank for one in case.findings)


def test_each_code_has_a_case_of_its_own_that_is_named_for_it() -> None:
    assert set(CASES) == {*map(str, Code), "sound"}
    assert all(str(code) in {one for _, one in Case(str(code)).expected} for code in Code)
