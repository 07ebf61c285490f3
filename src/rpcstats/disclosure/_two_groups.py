"""The crude effect of two groups, from true or from rounded counts. Arrays only."""

from dataclasses import dataclass

import numpy as np

from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.policy import DisclosurePolicy


@dataclass(frozen=True, slots=True, eq=False)
class TwoGroups:
    """Events and people without one, the reference first.

    Attributes
    ----------
    events, others : ndarray of shape (2,)
        Those with the event and those without.
    fewest_people, fewest : ndarray of shape (2,) and float
        The smallest numbers of people, and the smallest number with or without the event, that
        the counts may stand for.
    width : float
        Width of the classes to which people and events were rounded.
    """

    events: FloatArray
    others: FloatArray
    fewest_people: float
    fewest: float
    width: float = 0.0

    @property
    def people(self) -> FloatArray:
        """All in each group."""
        return self.events + self.others

    def smallest(self, is_ratio: bool) -> float:
        """Give the smallest count on which an effect may rest.

        Parameters
        ----------
        is_ratio : bool
            Whether the effect is a ratio of odds, else a difference of shares.

        Returns
        -------
        float
            Those with or without the event for a ratio, people for a difference.
        """
        return self.fewest if is_ratio else self.fewest_people

    def effect(self, is_ratio: bool) -> float:
        """Give the logarithm of the odds ratio, or the difference of shares.

        Parameters
        ----------
        is_ratio : bool
            Which of the two.

        Returns
        -------
        float
            Second group against the first.
        """
        each = np.log(self.events / self.others) if is_ratio else self.events / self.people
        return float(each[1] - each[0])

    def variance(self, is_ratio: bool) -> float:
        """Give the variance of the effect among independent people.

        Parameters
        ----------
        is_ratio : bool
            Which effect.

        Returns
        -------
        float
            Woolf's (1955) for the ratio, the binomial one for the difference.
        """
        if is_ratio:
            return float((1 / self.events + 1 / self.others).sum())
        return float((self.events * self.others / self.people**3).sum())

    def of_rounding(self, is_ratio: bool) -> float:
        """Give the variance that rounding the counts adds, to first order.

        Parameters
        ----------
        is_ratio : bool
            Which effect.

        Returns
        -------
        float
            That of errors spread evenly over the classes.
        """
        if is_ratio:
            by_event, by_people = 1 / self.events + 1 / self.others, 1 / self.others
        else:
            by_event, by_people = 1 / self.people, self.events / self.people**2
        return float((by_event**2 + by_people**2).sum() * self.width**2 / 12)


def true_groups(people: FloatArray, events: FloatArray) -> TwoGroups:
    """Take the counts as they are.

    Parameters
    ----------
    people, events : ndarray of shape (2,)
        True counts, some with and some without the event in each group.

    Returns
    -------
    TwoGroups
        The groups.
    """
    events = np.asarray(events, dtype=np.float64)
    others = people - events
    return TwoGroups(events, others, float(np.min(people)), float(min(events.min(), others.min())))


def rounded_groups(people: FloatArray, events: FloatArray, policy: DisclosurePolicy) -> TwoGroups:
    """Round the counts of people and of events.

    Parameters
    ----------
    people, events : ndarray of shape (2,)
        True counts, none of them small.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    TwoGroups
        Rounded groups, with what they may stand for.
    """
    width, rule = policy.round_to, policy.rounding
    n, d = round_counts(people, width, rule), round_counts(events, width, rule)
    fewest = float(policy.fewest_events)
    n_low, _ = possible_counts(n, width, rule)
    d_low, d_high = possible_counts(d, width, rule)
    least = min(float(d_low.min()), float((n_low - d_high).min()))
    events = np.maximum(d, fewest)
    return TwoGroups(
        events=events,
        others=np.maximum(n - events, fewest),
        fewest_people=max(float(n_low.min()), 2 * fewest),
        fewest=max(least, fewest),
        width=float(width),
    )
