"""Disclosure control: nothing is published that could show a small group of people.

`disclose` takes a result or a frame and a policy; what comes back holds only numbers worked
out from rounded and withheld counts, with a record of what was done. It looks at one output
at a time, and takes a grouped table to be published beside the same table without groups.
"""

from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.medians import released_median
from rpcstats.disclosure.policy import DisclosurePolicy, disclosure_policy
from rpcstats.disclosure.release import disclose
from rpcstats.disclosure.sealed import Disclosed, is_disclosed

__all__ = [
    "Disclosed",
    "DisclosurePolicy",
    "LedgerEntry",
    "disclose",
    "disclosure_policy",
    "is_disclosed",
    "released_median",
]
