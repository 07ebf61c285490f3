"""Fits as arrays, and textbook algebra with n by n matrices to check the kernels against."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.model_frame import ModelFrame, split_theta

GOALS = Path(__file__).parents[2] / "reference" / "data" / "mixed" / "goalprogress.csv.gz"


@pytest.fixture(scope="session")
def goals():
    """Goal progress, arms in the order R was given."""
    data = pd.read_csv(GOALS)
    return data.assign(arm=pd.Categorical(data["arm"], categories=["usual", "programme"]))


class Fitted(NamedTuple):
    frame: ModelFrame
    problem: LinearProblem
    evaluation: Evaluation

    @property
    def each(self):
        """One row a coefficient."""
        return np.eye(self.problem.p)


def fit_rows(formula, data, *, reml=True, weights=None, theta=None):
    frame = model_frame(formula, data, weights=weights)
    y = frame.y if frame.offset is None else frame.y - frame.offset
    problem = linear_problem(frame.X, y, frame.blocks, frame.weights)
    if theta is None:
        theta = fit_linear(problem, reml)[0].theta
    return Fitted(frame, problem, problem.evaluate(np.array(theta), reml=reml, order=2))


@pytest.fixture(scope="session")
def fitted():
    """Fit a formula; the deviance at its minimum comes with second derivatives."""
    return fit_rows


class Textbook:
    """V and everything made of it, written out."""

    def __init__(self, frame):
        self.X, self.blocks = frame.X, frame.blocks
        self.y = frame.y if frame.offset is None else frame.y - frame.offset
        weights = np.ones(len(self.y)) if frame.weights is None else frame.weights
        self.R = np.diag(1 / weights)

    def spread(self, block, Sigma):
        same = block.codes[:, None] == block.codes
        return same * (block.Z @ Sigma @ block.Z.T)

    def working(self, theta):
        V = self.R.copy()
        for block, part in zip(self.blocks, split_theta(self.blocks, theta), strict=True):
            Lambda = block.factor(part)
            V += self.spread(block, Lambda @ Lambda.T)
        return V

    def directions(self):
        """Derivatives of V by each covariance and by the residual variance."""
        found = []
        for block in self.blocks:
            for row, col in zip(block.rows, block.cols, strict=True):
                E = np.zeros((block.n_effect, block.n_effect))
                E[row, col] = E[col, row] = 1
                found.append(self.spread(block, E))
        return [*found, self.R]

    def cov(self, theta, sigma):
        return sigma**2 * np.linalg.inv(self.X.T @ np.linalg.solve(self.working(theta), self.X))

    def deviance(self, theta, sigma, *, reml):
        V = sigma**2 * self.working(theta)
        information = self.X.T @ np.linalg.solve(V, self.X)
        beta = np.linalg.solve(information, self.X.T @ np.linalg.solve(V, self.y))
        left = self.y - self.X @ beta
        n, p = self.X.shape
        value = np.linalg.slogdet(V)[1] + left @ np.linalg.solve(V, left)
        if not reml:
            return value + n * np.log(2 * np.pi)
        return value + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi)


@pytest.fixture(scope="session")
def textbook():
    return Textbook
