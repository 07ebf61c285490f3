"""Words for the axes of a curve: those of a course only where the data are said to be of one."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

_CLOCKS: Final = {"session": "Session", "day": "Days", "week": "Weeks"}
_COURSES: Final = {
    "dropout": ("Still attending", "Share of starters"),
    "completion": ("Not yet completed", "Share of starters"),
    "start": ("Not yet started", "Share of those referred"),
}


class CourseWords(NamedTuple):
    """Words for the axes of a curve.

    Attributes
    ----------
    clock : str
        What time is counted in.
    survival : str
        The probability of no event.
    event_free : str
        Those without an event, where they are one share of several.
    base : str
        What shares are shares of.
    """

    clock: str = "Time"
    survival: str = "Survival"
    event_free: str = "No event yet"
    base: str = "Share of people"

    def of_survival(self) -> dict[str, Any]:
        """Give the words of survival curves.

        Returns
        -------
        dict
            Options of `rpcstats.figures.step_curve`.
        """
        return {"xlabel": self.clock, "ylabel": self.survival}

    def of_incidence(self, kind: str) -> dict[str, Any]:
        """Give the words of cumulative incidences.

        Parameters
        ----------
        kind : {"stacked", "curves"}
            How they are drawn.

        Returns
        -------
        dict
            Options of `rpcstats.figures.stacked_incidence` or `incidence_curves`.
        """
        if kind != "stacked":
            return {"xlabel": self.clock}
        return {"xlabel": self.clock, "ylabel": self.base, "event_free": self.event_free}


PLAIN: Final = CourseWords()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Worded:
    """A result that knows the words for its axes.

    Attributes
    ----------
    words : CourseWords
        The words.
    """

    words: CourseWords = PLAIN


def course_words(data: Any) -> CourseWords:
    """Find the words that suit a frame.

    Parameters
    ----------
    data : frame
        The data of a curve; ``data.attrs["unit"]`` ("session", "day" or "week") and
        ``data.attrs["event"]`` ("dropout", "completion" or "start") say what they are of, as
        `followup` does.

    Returns
    -------
    CourseWords
        Plain ones where the frame says nothing.
    """
    attrs = getattr(data, "attrs", None)
    said = attrs if isinstance(attrs, dict) else {}
    clock = _CLOCKS.get(str(said.get("unit")), PLAIN.clock)
    course = _COURSES.get(str(said.get("event")))
    if course is None:
        return PLAIN._replace(clock=clock)
    return CourseWords(clock, course[0], course[0], course[1])
