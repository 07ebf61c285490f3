"""Opaque identifiers: random numbers that tell nothing and are never given twice."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate._draws import integers
from rpcstats.simulate.cohort import Cohort

LOWEST: Final = 1_000_000
HIGHEST: Final = 9_999_999


class Register:
    """Gives identifiers, each once.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    """

    __slots__ = ("_given", "_rng")

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._given: dict[str, set[int]] = {}

    def take(self, prefix: str, n: int) -> NDArray[np.object_]:
        """Give new identifiers.

        Parameters
        ----------
        prefix : str
            First letters, one kind of thing each.
        n : int
            How many.

        Returns
        -------
        ndarray of str, shape (n,)
            The prefix and seven digits.
        """
        given = self._given.setdefault(prefix, set())
        taken: list[str] = []
        while len(taken) < n:
            for number in integers(self._rng, LOWEST, HIGHEST, n - len(taken)).tolist():
                if number not in given:
                    given.add(number)
                    taken.append(f"{prefix}{number}")
        return np.array(taken, dtype=np.object_)


@dataclass(frozen=True, slots=True, eq=False)
class Identifiers:
    """Identifiers of one cohort.

    Attributes
    ----------
    referral, person, family : ndarray of str, shape (n,)
        Of each referral.
    episode : ndarray of str, shape (n,)
        Of each referral that was enrolled; None for the others.
    group, practitioner : ndarray of str
        Of each group and worker.
    couple : ndarray of str, shape (n,), or None
        Of each referral, where couples take part.
    """

    referral: NDArray[np.object_]
    person: NDArray[np.object_]
    family: NDArray[np.object_]
    episode: NDArray[np.object_]
    group: NDArray[np.object_]
    practitioner: NDArray[np.object_]
    couple: NDArray[np.object_] | None = None


def take_identifiers(register: Register, cohort: Cohort, n_practitioners: int) -> Identifiers:
    """Give a cohort its identifiers.

    Parameters
    ----------
    register : Register
        Gives each identifier once.
    cohort : Cohort
        One programme's referrals.
    n_practitioners : int
        Workers, whether or not they led a group.

    Returns
    -------
    Identifiers
        A referral a row, and as many persons and families as the cohort has.
    """
    n = len(cohort.placement.started)
    enrolled = cohort.placement.enrolled
    episode = np.full(n, None, dtype=np.object_)
    episode[enrolled] = register.take("e", int(enrolled.sum()))
    n_persons, n_families = (int(of.max(initial=-1)) + 1 for of in (cohort.person, cohort.family))
    return Identifiers(
        referral=register.take("r", n),
        person=register.take("p", n_persons)[cohort.person],
        family=register.take("f", n_families)[cohort.family],
        episode=episode,
        group=register.take("g", len(cohort.placement.groups.start_day)),
        practitioner=register.take("w", n_practitioners),
        couple=register.take("c", n_families)[cohort.family] if cohort.couples else None,
    )
