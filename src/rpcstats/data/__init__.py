"""One extract per council: read, check, and turn into analysis frames."""

from rpcstats.data.council_file import CouncilFile
from rpcstats.data.extract import Extract, check_extract, read_extract
from rpcstats.data.faults import Fault
from rpcstats.data.flow import flow
from rpcstats.data.followup import followup
from rpcstats.data.funnel import funnel
from rpcstats.data.locate import (
    find_council,
    find_notebook,
    find_published,
    list_councils,
    list_notebooks,
)
from rpcstats.data.mapping import suggest_columns
from rpcstats.data.person_period import person_period
from rpcstats.data.registries import (
    Band,
    Council,
    Instrument,
    Programme,
    council,
    councils,
    instrument,
    instruments,
    programme,
    programmes,
)
from rpcstats.data.response import rating_flow, response_flow
from rpcstats.data.schema import Column, TableSchema
from rpcstats.data.tables import TABLES
from rpcstats.data.trajectories import goal_scores

__all__ = [
    "TABLES",
    "Band",
    "Column",
    "Council",
    "CouncilFile",
    "Extract",
    "Fault",
    "Instrument",
    "Programme",
    "TableSchema",
    "check_extract",
    "council",
    "councils",
    "find_council",
    "find_notebook",
    "find_published",
    "flow",
    "followup",
    "funnel",
    "goal_scores",
    "instrument",
    "instruments",
    "list_councils",
    "list_notebooks",
    "person_period",
    "programme",
    "programmes",
    "rating_flow",
    "read_extract",
    "response_flow",
    "suggest_columns",
]
