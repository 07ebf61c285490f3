"""Published figures of the evaluations: read, given their intervals, and compared exactly."""

from rpcstats.published.audit import audit
from rpcstats.published.audit_result import Audit
from rpcstats.published.audit_sensitivity import AuditSensitivity, audit_sensitivity
from rpcstats.published.comparisons import ExactTests, exact_tests
from rpcstats.published.documents import CitedDocuments, cited_documents
from rpcstats.published.facts import Facts, read_facts
from rpcstats.published.proportions import PublishedFigures, published_figures

__all__ = [
    "Audit",
    "AuditSensitivity",
    "CitedDocuments",
    "ExactTests",
    "Facts",
    "PublishedFigures",
    "audit",
    "audit_sensitivity",
    "cited_documents",
    "exact_tests",
    "published_figures",
    "read_facts",
]
