"""A formula and a frame to arrays."""

import sys
from pathlib import Path
from subprocess import run

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.encode import encode_new

DATA = Path(__file__).parents[2] / "reference" / "data" / "mixed"
SLEEP = pd.read_csv(DATA / "sleepstudy.csv")
MACHINES = pd.read_csv(DATA / "Machines.csv")
PASTES = pd.read_csv(DATA / "Pastes.csv")


def places(block):
    return list(zip(block.rows.tolist(), block.cols.tolist(), strict=True))


def test_a_random_slope():
    frame = model_frame("Reaction ~ Days + (Days | Subject)", SLEEP)
    (block,) = frame.blocks
    assert frame.names == block.effects == ("Intercept", "Days")
    np.testing.assert_array_equal(frame.X[:, 1], SLEEP["Days"])
    np.testing.assert_array_equal(block.Z, frame.X)
    assert block.group == "Subject"
    assert (block.n_level, block.levels[:2]) == (18, ("308", "309"))
    assert block.codes.tolist() == np.repeat(np.arange(18), 10).tolist()
    assert places(block) == [(0, 0), (1, 0), (1, 1)]
    assert block.terms == ("Days | Subject",)
    assert (frame.n_missing, frame.remarks, frame.weights, frame.offset) == (0, (), None, None)
    for array in (frame.X, frame.y, frame.kept, block.Z, block.codes, block.rows):
        assert not array.flags.writeable
    assert frame.X.flags.c_contiguous
    assert block.Z.flags.c_contiguous


def test_independent_effects_stand_side_by_side_in_one_block():
    double = model_frame("Reaction ~ Days + (1 + Days || Subject)", SLEEP).blocks
    apart = model_frame("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", SLEEP).blocks
    for (block,) in (double, apart):
        assert block.effects == ("Intercept", "Days")
        assert places(block) == [(0, 0), (1, 1)]
    assert double[0].terms == ("1 + Days || Subject",)
    assert apart[0].terms == ("1 | Subject", "0 + Days | Subject")


def test_terms_of_one_factor_meet_across_others():
    formula = "score ~ Machine + (1 | Worker) + (1 | Machine:Worker) + (0 + Machine | Worker)"
    first, second = model_frame(formula, MACHINES.assign(z=1)).blocks
    assert first.effects == ("Intercept", "Machine[A]", "Machine[B]", "Machine[C]")
    assert places(first) == [(0, 0), (1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (3, 3)]
    assert (second.group, second.levels[:2]) == ("Machine:Worker", ("A:1", "A:2"))


@pytest.mark.parametrize(
    ("term", "effects", "n_theta"),
    [
        ("(Machine | Worker)", ("Intercept", "Machine[T.B]", "Machine[T.C]"), 6),
        ("(0 + Machine | Worker)", ("Machine[A]", "Machine[B]", "Machine[C]"), 6),
        ("(Machine || Worker)", ("Intercept", "Machine[A]", "Machine[B]", "Machine[C]"), 7),
        ("(0 + Machine || Worker)", ("Machine[A]", "Machine[B]", "Machine[C]"), 6),
    ],
)
def test_a_factor_as_slope_is_coded_as_lme4_does(term, effects, n_theta):
    (block,) = model_frame(f"score ~ Machine + {term}", MACHINES).blocks
    assert block.effects == effects
    assert block.n_theta == n_theta


def test_a_nested_factor_is_the_interaction():
    nested = model_frame("strength ~ 1 + (1 | batch/cask)", PASTES).blocks
    written = model_frame("strength ~ 1 + (1 | batch) + (1 | batch:cask)", PASTES).blocks
    for one, other in zip(nested, written, strict=True):
        assert (one.group, one.levels, one.effects) == (other.group, other.levels, other.effects)
        np.testing.assert_array_equal(one.codes, other.codes)
    assert [block.n_level for block in nested] == [10, 30]
    assert nested[1].levels[:2] == ("A:a", "A:b")


def test_an_interaction_in_either_order_is_one_factor():
    (block,) = model_frame(
        "strength ~ 1 + (1 | batch:cask) + (0 + x | cask:batch)",
        PASTES.assign(x=np.arange(60.0)),
    ).blocks
    assert (block.group, block.effects) == ("batch:cask", ("Intercept", "x"))


def test_rows_with_a_gap_in_any_column_are_left_out_and_counted():
    data = SLEEP.assign(w=1.0, o=0.5, g=SLEEP["Subject"].astype(str))
    for row, column in enumerate(["Reaction", "Days", "w", "o", "g"]):
        data[column] = data[column].astype(object if column == "g" else float)
        data.loc[10 * row, column] = None
    extra = np.ones(len(data))
    extra[100] = np.nan
    frame = model_frame("Reaction ~ Days + offset(o) + (1 | g)", data, weights="w", offset=extra)
    assert frame.n_missing == 6
    assert frame.kept.tolist() == [i for i in range(180) if i not in (0, 10, 20, 30, 40, 100)]
    assert {len(frame.X), len(frame.y), len(frame.blocks[0].codes), len(frame.weights)} == {174}
    np.testing.assert_allclose(frame.offset, 1.5)
    assert frame.design.n_missing == 6
    np.testing.assert_array_equal(frame.design.kept, frame.kept)


def test_a_level_that_loses_its_rows_is_no_level():
    data = SLEEP.assign(Reaction=SLEEP["Reaction"].where(SLEEP["Subject"] != 309))
    frame = model_frame("Reaction ~ Days + (1 | Subject)", data)
    assert frame.blocks[0].levels[:2] == ("308", "310")
    assert frame.blocks[0].codes.max() == 16


def test_the_declared_order_of_categories_holds_everywhere():
    data = MACHINES.assign(
        Machine=pd.Categorical(MACHINES["Machine"], categories=["C", "A", "unused", "B"]),
        Worker=pd.Categorical(MACHINES["Worker"], categories=[6, 5, 4, 3, 2, 1, 0]),
    )
    frame = model_frame("score ~ Machine + (Machine | Worker)", data)
    assert frame.names == ("Intercept", "Machine[T.A]", "Machine[T.B]")
    assert frame.blocks[0].effects == frame.names
    assert frame.blocks[0].levels == ("6", "5", "4", "3", "2", "1")


def test_names_in_backticks():
    data = SLEEP.rename(columns={"Reaction": "Reaction (ms)", "Days": "Days off", "Subject": "a|b"})
    frame = model_frame("log(`Reaction (ms)`) ~ `Days off` + (`Days off` | `a|b`)", data)
    np.testing.assert_allclose(frame.y, np.log(SLEEP["Reaction"]))
    assert frame.names == frame.blocks[0].effects == ("Intercept", "Days off")
    assert frame.blocks[0].group == "a|b"


def test_an_arrow_table_gives_the_same_arrays():
    formula = "score ~ Machine + (Machine | Worker)"
    ours = model_frame(formula, MACHINES)
    theirs = model_frame(formula, pa.Table.from_pandas(MACHINES))
    np.testing.assert_array_equal(ours.X, theirs.X)
    np.testing.assert_array_equal(ours.blocks[0].codes, theirs.blocks[0].codes)
    new = encode_new(ours, pa.Table.from_pandas(MACHINES.iloc[:3]))
    np.testing.assert_array_equal(new.X, ours.X[:3])


def test_the_frame_given_is_not_changed():
    data = PASTES.assign(x=1.5)
    before = data.copy(deep=True)
    model_frame("strength ~ 1 + x + (1 | batch/cask)", data, weights="x")
    pd.testing.assert_frame_equal(data, before)


def test_a_determined_column_is_left_out_and_said():
    data = SLEEP.assign(hours=24.0 * SLEEP["Days"])
    frame = model_frame("Reaction ~ Days + hours + (1 | Subject)", data)
    assert frame.names == ("Intercept", "Days")
    assert frame.dropped == ("hours",)
    assert frame.remarks[0].startswith("hours is left out")
    assert encode_new(frame, data.iloc[:4]).X.shape == (4, 2)


@pytest.mark.parametrize("right", ["temp + contact", "0 + temp + contact", "temp + contact - 1"])
def test_an_ordinal_model_has_no_intercept_but_its_coding(right):
    wine = pd.read_csv(DATA / "wine.csv")
    frame = model_frame(f"rating ~ {right} + (1 | judge)", wine, response="ordinal")
    assert frame.names == ("temp[T.warm]", "contact[T.yes]")
    assert frame.categories == ("1", "2", "3", "4", "5")
    assert (frame.y.min(), frame.y.max()) == (0, 4)
    np.testing.assert_array_equal(encode_new(frame, wine.iloc[:9]).X, frame.X[:9])
    alone = model_frame("rating ~ 1 + (1 | judge)", wine, response="ordinal")
    assert (alone.X.shape, alone.dropped) == ((72, 0), ())


def test_new_rows():
    data = PASTES.assign(x=np.arange(60.0), t=2.0)
    frame = model_frame("strength ~ x + offset(log(t)) + (x || batch/cask)", data)
    new = data.iloc[[3, 7, 11, 15]].assign(
        batch=["A", "A", "new", None], cask=["b", "new", "a", "a"]
    )
    rows = encode_new(frame, new)
    np.testing.assert_array_equal(rows.X, [[1, 3], [1, 7], [1, 11], [1, 15]])
    np.testing.assert_allclose(rows.offset, np.log(2.0))
    assert [codes.tolist() for codes in rows.codes] == [[0, 0, -1, -1], [1, -1, -1, -1]]
    for Z in rows.Z:
        np.testing.assert_array_equal(Z, rows.X)
    without = encode_new(frame, new.drop(columns="batch"))
    assert [codes.tolist() for codes in without.codes] == [[-1] * 4] * 2


def test_new_rows_without_what_the_fit_needs_are_refused():
    data = PASTES.assign(x=np.arange(60.0), z=np.arange(60.0) ** 2, o=1.0)
    frame = model_frame("strength ~ x + offset(o) + (z | batch)", data)
    for column in ("x", "z", "o"):
        with pytest.raises(DataError, match=f"{column} is not there"):
            encode_new(frame, data.drop(columns=column))
    with pytest.raises(DataError, match="filled in"):
        encode_new(frame, data.assign(x=np.nan))
    with pytest.raises(DataError, match="pandas, polars or Arrow"):
        encode_new(frame, {"x": [1]})
    given = model_frame("strength ~ x + (1 | batch)", data, offset=np.zeros(60))
    with pytest.raises(DataError, match="given as an array"):
        encode_new(given, data)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ x", "no random term"),
        ("~ x + (1 | g)", "left side must be the response"),
        ("y ~ x + strata(g) + (1 | g)", r"takes no strata\(\)"),
        ("y ~ x + cluster(g) + (1 | g)", r"takes no cluster\(\)"),
        ("y ~ x + (1 | h)", 'no column "h"'),
        ("y ~ x + (1 | g) + (x | g)", '"Intercept" of "g" is asked for twice'),
        ("y ~ x + (1 | g/k) + (1 | g)", '"Intercept" of "g" is asked for twice'),
        ("y ~ x + offset(x, sin(x)) + (1 | g)", "can't be computed"),
    ],
)
def test_a_formula_that_is_no_mixed_model_is_refused(formula, message):
    data = pd.DataFrame({"y": [1.0, 2, 3, 5], "x": [1, 2, 1, 2], "g": [1, 1, 2, 2], "k": [1] * 4})
    with pytest.raises(FormulaError, match=message):
        model_frame(formula, data)


def test_an_unknown_kind_of_response_is_refused():
    with pytest.raises(ParameterError, match="response is one of"):
        model_frame("Reaction ~ Days + (1 | Subject)", SLEEP, response="normal")


def test_plain_terms_do_not_wait_for_formulaic():
    code = (
        "import sys, pandas as pd\n"
        "from rpcstats.mixed.structure.build import model_frame\n"
        f"data = pd.read_csv({str(DATA / 'Machines.csv')!r})\n"
        "model_frame('score ~ Machine + (0 + Machine | Worker)', data)\n"
        "sys.exit('formulaic' in sys.modules)"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
