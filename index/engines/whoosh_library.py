"""The parts of Whoosh that we use: the one place that imports it.

Its source has invalid escapes, which Python warns of when it compiles a module; under `-W error`
that would be a failed import. So all is imported here, what it imports late included.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import whoosh.automata.fsa
    import whoosh.codec.whoosh3
    import whoosh.collectors
    import whoosh.spelling  # noqa: F401
    from whoosh import analysis, fields, formats, matching, query, scoring, searching, writing
    from whoosh import index as storage
    from whoosh.filedb import filestore

__all__ = [
    "analysis",
    "fields",
    "filestore",
    "formats",
    "matching",
    "query",
    "scoring",
    "searching",
    "storage",
    "writing",
]
