"""
Questions to the search index: filters, periods, query text, pages, counts.

Specified in spec/query.md.
"""

from indelible.server.query.explain import explain
from indelible.server.query.filter import Defaults, Filter, Page
from indelible.server.query.query import Events, Nearest, Query
from indelible.server.query.reach import Reach
from indelible.server.query.request import parse_filter, parse_page
from indelible.server.query.stats import Stats

__all__ = [
    "Defaults",
    "Events",
    "Filter",
    "Nearest",
    "Page",
    "Query",
    "Reach",
    "Stats",
    "explain",
    "parse_filter",
    "parse_page",
]
