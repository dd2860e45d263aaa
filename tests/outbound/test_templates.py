import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapter import DeliveryFailed
from bot.outbound.templates import Charset, Variable, code_of, fields_of, fill, plain, read_variables
from bot.playground.aliyun import Account
from bot.playground.aliyun import Template as AliyunTemplate
from bot.playground.tencent import Template as TencentTemplate
from cards.card import Note


def one(written: str, *, named: bool = False, longest: int = 6) -> Variable:
    [variable] = read_variables(written, named=named, longest=longest)
    return variable


def test_what_is_left_out_is_as_usual() -> None:
    assert one("title") == Variable("", "title", 6, Charset.TEXT, "-")
    assert one("number::digits") == Variable("", "number", 6, Charset.DIGITS, "0")
    assert one("t = title : 12 : text : 告警:x", named=True) == Variable("t", "title", 12, Charset.TEXT, "告警:x")
    assert read_variables(" ", named=True, longest=6) == ()


@pytest.mark.parametrize(
    ("written", "fields", "value"),
    [
        ("title", {"title": "磁盘将满 db.prod.cn"}, "磁盘将满 d"),
        ("title:5", {"title": "磁盘将满 db"}, "磁盘将满"),
        ("title", {}, "-"),
        ("title:4:text:告警", {"title": " 🔥 "}, "告警"),
        ("number:4:digits", {"number": "1234"}, "1234"),
        ("number:3:digits", {"number": "1234"}, "0"),
        ("number:3:digits", {"number": "12a"}, "0"),
        ("number:4:digits", {"number": "١٢"}, "0"),
    ],
)
def test_what_a_variable_is_filled_with(written: str, fields: dict[str, str], value: str) -> None:
    assert fill((one(written),), fields) == (value,)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("db.prod.cn", "db_prod_cn"),
        ("10.0.0.1", "10_0_0_1"),
        ("load is 3.5 now.", "load is 3.5 now."),
        ("see https://example.com/a?b=1", "see example_com/a?b=1"),
        ("．ｃｎ", "_cn"),
        ("a.🔥com", "a_com"),
        ("x:h:////y", "x: //y"),
        ("【紧急】{a}", "紧急a"),
        ("one\ntwo\u202ethree\ud800", "one two three"),
        ("CPU > 95% ①", "CPU > 95% 1"),
    ],
)
def test_what_services_refuse_is_taken_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_only_a_code_has_a_code() -> None:
    assert fields_of(Note(("123456",)), "zh")["code"] == ""
    assert fields_of(Note(("Your code",), code="123456"), "zh")["code"] == "123456"


@settings(max_examples=50)
@given(
    st.text(st.sampled_from("aZ9.。．:/【{}】🔥\n\u202e\ud800 磁-_①°é%http") | st.characters()),
    st.integers(1, 40),
    st.sampled_from(Charset),
)
def test_whatever_is_said_the_services_take_it(text: str, longest: int, charset: Charset) -> None:
    variable = one(f"title:{longest}:{charset}")
    [value] = fill((variable,), {"title": text})
    assert 0 < len(value) <= longest
    account = Account(banned=set())
    template = AliyunTemplate(
        "${a}", usual=longest, digits=frozenset("a") if charset is Charset.DIGITS else frozenset()
    )
    values: dict[str, object] = {"a": value}
    account.check(template, values)
    assert template.filled(values) == value
    assert TencentTemplate("{1}", longest=longest).filled([value], set()) == value


def test_a_template_that_calls_for_somebody_does_not_say_that_it_is_over() -> None:
    with pytest.raises(DeliveryFailed, match="over"):
        code_of(Note(("#42 is closed",), over=True))
    assert code_of(Note(("123456",), code="123456")) == "123456"
