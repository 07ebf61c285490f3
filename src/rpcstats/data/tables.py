"""The eight tables of an extract."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rpcstats.data.schema import (
    Column,
    TableSchema,
    calendar,
    coded,
    identifier,
    number,
    whole,
)

MODES: Final = "in_person online hybrid one_to_one"
GSS_PATTERN: Final = r"[EWSNK]\d{8}"


def _programme(description: str, *, optional: bool = False) -> Column:
    return Column(
        "programme",
        "code",
        description,
        required=not optional,
        nullable=optional,
        registry="programmes",
    )


REFERRALS: Final = TableSchema(
    "referrals",
    "one referral of one parent or carer, with what is known of the person at referral",
    (
        identifier("referral_id", "Opaque id of the referral."),
        identifier("person_id", "Opaque id of the parent or carer."),
        identifier("family_id", "Opaque id of the family."),
        identifier("couple_id", "Opaque id of the couple, at most two persons.", optional=True),
        identifier(
            "area_id", "Area the referral belongs to.", optional=True, references=["areas.area_id"]
        ),
        _programme("Programme the person is referred to."),
        calendar("referred_on", "Date of the referral."),
        coded(
            "source",
            "self school early_help social_care health police court other",
            "Who referred.",
        ),
        coded("preference", "online in_person none unknown", "Preferred way to take part."),
        calendar("screened_on", "Date of the screening.", optional=True),
        coded("tool_used", "yes no", "Whether the screening tool was used.", optional=True),
        coded("decision", "appropriate inappropriate pending", "Result of the screening."),
        coded(
            "decision_reason",
            "domestic_abuse no_parental_conflict out_of_area no_consent other",
            "Why the referral was found inappropriate.",
            optional=True,
            sensitive=True,
        ),
        coded("sex", "female male other unknown", "Sex as recorded."),
        coded(
            "age_band",
            "under_20 20_29 30_39 40_49 50_plus unknown",
            "Age at referral, in bands.",
            optional=True,
        ),
        coded(
            "ethnicity",
            "asian black mixed white other unknown",
            "Ethnic group, the five groups of the census.",
            optional=True,
            sensitive=True,
        ),
        coded(
            "resident",
            "resident non_resident shared together unknown",
            "Whether the parent lives with the child.",
        ),
        coded(
            "send_child",
            "yes no unknown",
            "Whether a child has special educational needs or a disability.",
            sensitive=True,
        ),
        whole(
            "imd_decile",
            "Decile of deprivation of the home area, 1 the most deprived.",
            optional=True,
            minimum=1,
            maximum=10,
        ),
    ),
    ("referral_id",),
)

EPISODES: Final = TableSchema(
    "episodes",
    "one person on one course",
    (
        identifier("episode_id", "Opaque id of the episode."),
        identifier(
            "referral_id",
            "Referral the episode follows from.",
            references=["referrals.referral_id"],
        ),
        identifier(
            "group_id",
            "Group the person was placed in.",
            optional=True,
            references=["groups.group_id"],
        ),
        calendar("enrolled_on", "Date of the enrolment.", optional=True),
        calendar("started_on", "Date of the first session attended.", optional=True),
        calendar("ended_on", "Date the episode ended; empty while it is open.", optional=True),
        coded(
            "outcome",
            "completed not_completed dropped_out not_started transferred open",
            "How the episode ended. `not_completed`: stayed to the last session and attended "
            "fewer sessions than the programme's rule asks for.",
        ),
        coded(
            "reason",
            "practical relationship_or_safety not_right_fit other_support lost_contact other",
            "Why the person dropped out.",
            optional=True,
            sensitive=True,
        ),
        coded("milestone", "yes no", "Milestone as the provider defines it.", optional=True),
        calendar(
            "marker_on",
            "Date of an event the programme defines, for example a release.",
            optional=True,
        ),
    ),
    ("episode_id",),
)

SESSIONS: Final = TableSchema(
    "sessions",
    "one session of one episode, attended or not",
    (
        identifier("episode_id", "Episode.", references=["episodes.episode_id"]),
        whole("session_no", "Number of the session in the course, from 1.", minimum=1),
        calendar("held_on", "Date the session was held."),
        coded("attended", "yes no excused cancelled", "Whether the person was there."),
        coded("mode", MODES, "How the session was delivered."),
    ),
    ("episode_id", "session_no"),
)

SCORES: Final = TableSchema(
    "scores",
    "one rating of one item on one occasion",
    (
        identifier(
            "subject_id",
            "Episode, or practitioner, the rating belongs to.",
            references=["episodes.episode_id", "practitioners.practitioner_id"],
        ),
        Column("instrument", "code", "Instrument.", registry="instruments"),
        Column("item", "text", "Goal number, subscale, or `total`; never the text of a goal."),
        coded("occasion", "baseline session end m3 m6 m12", "When it was rated."),
        whole("session_no", "Session, where the occasion is one.", optional=True, minimum=1),
        Column(
            "rated_on", "date", "Date of the rating; empty where none was given.", nullable=True
        ),
        coded("respondent", "self partner practitioner child", "Who rated."),
        Column(
            "value",
            "number",
            "Rating, within the range of the instrument; empty where none was given.",
            nullable=True,
        ),
        number("weight", "Weight of a goal.", optional=True, minimum=0),
    ),
    ("subject_id", "instrument", "item", "occasion", "session_no", "respondent"),
)

GROUPS: Final = TableSchema(
    "groups",
    "one run of one course",
    (
        identifier("group_id", "Opaque id of the group."),
        identifier("area_id", "Area it is run in.", optional=True, references=["areas.area_id"]),
        _programme("Programme the group follows."),
        coded("mode", MODES, "How it is delivered."),
        identifier(
            "lead_id",
            "Practitioner who leads.",
            optional=True,
            references=["practitioners.practitioner_id"],
        ),
        identifier(
            "co_id",
            "Second practitioner.",
            optional=True,
            references=["practitioners.practitioner_id"],
        ),
        calendar("starts_on", "Date of the first session."),
        whole("sessions_planned", "Number of sessions planned.", minimum=1),
        whole("capacity", "Number of places.", optional=True, minimum=1),
        number("cost_gbp", "Cost of the run in pounds.", optional=True, minimum=0),
    ),
    ("group_id",),
)

PRACTITIONERS: Final = TableSchema(
    "practitioners",
    "one worker trained to deliver",
    (
        identifier("practitioner_id", "Opaque id of the worker."),
        identifier("area_id", "Area of work.", optional=True, references=["areas.area_id"]),
        Column("agency", "text", "Organisation the worker belongs to."),
        _programme("Programme the worker is trained in.", optional=True),
        calendar("trained_on", "Date the training ended."),
        calendar("first_delivered_on", "Date of the first delivery.", optional=True),
        calendar("last_delivered_on", "Date of the latest delivery.", optional=True),
        calendar("left_on", "Date the worker left the post.", optional=True),
    ),
    ("practitioner_id",),
)

AREAS: Final = TableSchema(
    "areas",
    "one place",
    (
        identifier("area_id", "Opaque id of the place."),
        Column("area_name", "text", "Name of the place."),
        coded("level", "council locality centre practice school prison", "Kind of place."),
        identifier(
            "parent_id", "Place it is part of.", optional=True, references=["areas.area_id"]
        ),
        identifier(
            "gss_code",
            "Code of the Government Statistical Service.",
            optional=True,
            pattern=GSS_PATTERN,
        ),
        whole(
            "imd_decile",
            "Decile of deprivation, 1 the most deprived.",
            optional=True,
            minimum=1,
            maximum=10,
        ),
    ),
    ("area_id",),
)

AREA_PERIODS: Final = TableSchema(
    "area_periods",
    "one measure of one place in one month",
    (
        identifier("area_id", "Place.", references=["areas.area_id"]),
        Column("period", "month", "Month, as YYYY-MM."),
        Column("measure", "text", "Short key of what is counted."),
        whole("events", "Number of events.", minimum=0),
        whole("population", "Number at risk.", minimum=0),
        coded("phase", "control transition intervention", "Phase of a roll-out.", optional=True),
    ),
    ("area_id", "period", "measure"),
)

TABLES: Final[Mapping[str, TableSchema]] = MappingProxyType(
    {
        table.name: table
        for table in (
            REFERRALS,
            EPISODES,
            SESSIONS,
            SCORES,
            GROUPS,
            PRACTITIONERS,
            AREAS,
            AREA_PERIODS,
        )
    }
)
