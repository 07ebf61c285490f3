"""Blocks of random effects from the random terms and the rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from rpcstats.errors import FormulaError
from rpcstats.formula import Design, design
from rpcstats.formula.design_columns import DesignColumns
from rpcstats.mixed.structure.grouping import IntArray, code_column, make_factor
from rpcstats.mixed.structure.model_frame import Block, BlockEncoding
from rpcstats.mixed.structure.random_terms import EffectTerm
from rpcstats.mixed.structure.remarks import plain_effect


def make_blocks(terms: tuple[EffectTerm, ...], frame: pd.DataFrame) -> tuple[Block, ...]:
    """Make one block a grouping factor.

    Parameters
    ----------
    terms : tuple of EffectTerm
        Random terms, written out.
    frame : pandas.DataFrame
        Rows without missing values.

    Returns
    -------
    tuple of Block
        In formula order; the terms of one factor stand side by side, independent of each other.

    Raises
    ------
    FormulaError
        If an effect of a factor is asked for twice.
    DataError
        If the covariate of an effect can't be computed.
    """
    columns = dict.fromkeys(column for term in terms for column in term.columns)
    coded = {column: code_column(frame[column]) for column in columns}
    together: dict[frozenset[str], list[EffectTerm]] = {}
    for term in terms:
        together.setdefault(frozenset(term.columns), []).append(term)
    built: dict[str, Design] = {}
    for term in terms:
        expression = term.expression.fixed
        if expression not in built:
            built[expression] = design(term.expression, frame)
    return tuple(_make_block(found, coded, built) for found in together.values())


def _make_block(
    terms: list[EffectTerm],
    coded: Mapping[str, tuple[IntArray, tuple[str, ...]]],
    built: Mapping[str, Design],
) -> Block:
    factor, codes = make_factor(terms[0].columns, coded)
    designs = [built[term.expression.fixed] for term in terms]
    effects = tuple(name for found in designs for name in found.names)
    twice = {name for name in effects if effects.count(name) > 1}
    if twice:
        raise FormulaError(
            f'The effect "{plain_effect(min(twice))}" of "{factor.name}" is asked for twice: write '
            "it in one random term only, and 0 + x where an intercept is not wanted."
        )
    Z = designs[0].X if len(designs) == 1 else np.hstack([found.X for found in designs])
    Z.setflags(write=False)
    rows, cols = _template([len(found.names) for found in designs])
    return Block(
        group=factor.name,
        levels=factor.levels(),
        codes=codes,
        Z=Z,
        effects=effects,
        rows=rows,
        cols=cols,
        terms=tuple(dict.fromkeys(term.text for term in terms)),
        encoding=BlockEncoding(factor, tuple(_without_rows(found) for found in designs)),
    )


def _template(sizes: list[int]) -> tuple[IntArray, IntArray]:
    """Place θ column by column of the lower triangle, one triangle a term."""
    rows, cols = [], []
    start = 0
    for size in sizes:
        for col in range(start, start + size):
            for row in range(col, start + size):
                rows.append(row)
                cols.append(col)
        start += size
    places = np.array(rows, dtype=np.int64), np.array(cols, dtype=np.int64)
    for place in places:
        place.setflags(write=False)
    return places


def _without_rows(found: Design) -> Design:
    """Keep the encoding only."""
    empty = np.empty((0, found.X.shape[1]))
    empty.setflags(write=False)
    return replace(found, columns=DesignColumns(empty), kept=np.empty(0, dtype=np.int64))
