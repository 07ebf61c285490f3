import pytest

from rpcstats.data.schema import TableSchema, calendar, coded, identifier, number, whole


def test_makers_carry_what_they_are_given():
    code = coded("sex", "female male", "Sex.", optional=True, sensitive=True)
    assert (code.kind, code.codes, code.sensitive) == ("code", ("female", "male"), True)
    assert (code.required, code.nullable) == (False, True)
    bounded = whole("decile", "Decile.", minimum=1, maximum=10)
    assert (bounded.kind, bounded.minimum, bounded.maximum) == ("integer", 1, 10)
    assert (bounded.required, bounded.nullable) == (True, False)
    key = identifier("group_id", "Group.", references=["groups.group_id"], pattern=r"G\d")
    assert (key.kind, key.references, key.pattern) == ("id", ("groups.group_id",), r"G\d")
    assert calendar("day", "Day.").kind == "date"
    assert number("cost", "Cost.", minimum=0).kind == "number"


def test_a_table_finds_its_columns():
    table = TableSchema("pairs", "one pair", (identifier("a", "A."), calendar("b", "B.")), ("a",))
    assert table.names() == ("a", "b")
    assert table.has("b")
    assert not table.has("c")
    assert table.column("b").kind == "date"
    with pytest.raises(KeyError, match="pairs has no column c"):
        table.column("c")
