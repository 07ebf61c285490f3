"""Disclosure control: nothing is published that could show a small group of people.

`disclose` takes a result or a frame and a policy; what comes back holds only numbers worked
out from rounded and withheld counts, with a record of what was done. Every count is rounded one way
under one policy, so that no two outputs narrow it. A grouped table is taken to be published
beside the same table without groups, and a funnel is protected together with the curves named by
`beside=`; other outputs are looked at one at a time.
"""

from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.medians import released_median
from rpcstats.disclosure.order import order_of_shares
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
    "order_of_shares",
    "released_median",
]
