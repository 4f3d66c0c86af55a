"""The JSON Schemas of papers, pages and totals, which come from the GraphQL types.

Both doors show the same members under the same names, so their types and descriptions are declared
once, in `api.graphql.types` and `api.graphql.connection`. Where REST differs stands here as data.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
)

from api.openapi.shapes import array, closed, described, nullable, ref
from api.routes import MAX_BATCH
from schema.members import LIST_MEMBERS, MEMBERS
from schema.search import FACETS, MAX_ALTERNATIVES, MAX_LIMIT, MAX_SUGGESTIONS
from schema.values import JsonSchema

SCALARS: Mapping[str, JsonSchema] = {
    "String": {"type": "string"},
    "ID": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Float": {"type": "number", "format": "double"},
    "Int": {"type": "integer", "format": "int32", "minimum": 0},
    "Long": {"type": "integer", "format": "int64", "minimum": 0},
    "Date": {"type": "string", "format": "date"},
}
"""No number that we show is negative but a score, which is a `Float`."""

SHARED_TYPES = (
    "Author",
    "Link",
    "LinkKind",
    "ExternalIds",
    "Source",
    "PublishedPrecision",
    "Fragment",
    "Highlight",
    "ScoreKind",
    "ScorePart",
    "Explanation",
    "FacetValue",
    "Facet",
    "QueryWarning",
    "AlternativeKind",
    "AlternativeParameter",
    "Alternative",
    "SuggestionKind",
    "Suggestion",
)
"""GraphQL types that REST shows as they are."""

NEVER_NULL = {
    "abstractRaw": "The abstract exactly as its source wrote it.",
    "sources": "Where the paper came from.",
}
"""Members of a whole paper that REST always has; GraphQL must reckon with a removal meanwhile."""


def _type(declared: Any) -> JsonSchema:
    """The schema of a GraphQL type. Types that REST knows by name are references."""
    if isinstance(declared, GraphQLNonNull):
        return _non_null(declared.of_type)
    return nullable(_non_null(declared))


def _non_null(declared: Any) -> JsonSchema:
    if isinstance(declared, GraphQLList):
        return {"type": "array", "items": _type(declared.of_type)}
    if isinstance(declared, GraphQLScalarType):
        return dict(SCALARS[declared.name])
    return ref(declared.name)


def _members(fields: Mapping[str, GraphQLField]) -> dict[str, JsonSchema]:
    return {
        name: described(_type(field.type), field.description or "")
        for name, field in fields.items()
    }


class _Types:
    """The members of GraphQL types as JSON Schemas."""

    def __init__(self, declared: GraphQLSchema) -> None:
        self._types = declared.type_map

    def members(self, name: str) -> dict[str, JsonSchema]:
        """Those of an object type, in order."""
        found = self._types[name]
        assert isinstance(found, GraphQLObjectType)
        return _members(found.fields)

    def component(self, name: str) -> JsonSchema:
        """The whole type: an object, or an enum in the spelling of REST."""
        found = self._types[name]
        description = found.description or ""
        if isinstance(found, GraphQLEnumType):
            values = [
                str(getattr(value.value, "value", value.value)) for value in found.values.values()
            ]
            return {"type": "string", "description": description, "enum": values}
        return closed(self.members(name), description)


def paper_schemas(declared: GraphQLSchema) -> dict[str, JsonSchema]:
    """The components of everything that holds papers or counts them, by name."""
    types = _Types(declared)
    return (
        {name: types.component(name) for name in SHARED_TYPES}
        | _papers(types)
        | _pages(types)
        | _lookups(types)
        | _days_and_stats(types)
    )


def _papers(types: _Types) -> dict[str, JsonSchema]:
    declared = types.members("Paper")
    edge = types.members("PaperEdge")
    whole = {name: declared[name] for name in MEMBERS}
    for name, description in NEVER_NULL.items():
        whole[name] = described(_never_null(whole[name]), description)
    search = closed(
        {
            "score": edge["score"],
            "highlights": {
                "type": ["array", "null"],
                "description": edge["highlights"]["description"] + " Null where not asked for.",
                "items": ref("Highlight"),
            },
            "explanation": edge["explanation"]
            | {
                "description": edge["explanation"]["description"] + " Null where not asked for.",
            },
        },
        "How a paper of a search with `q` was found.",
    )
    row = {name: declared[name] for name in LIST_MEMBERS} | {"search": ref("SearchResult")}
    some = {name: declared[name] for name in MEMBERS} | {"search": ref("SearchResult")}
    return {
        "Paper": closed(whole, "A research paper, whole."),
        "SearchResult": search,
        "PaperRow": closed(
            row, "A paper as a list shows it; `search` is there only with `q`.", ["search"]
        ),
        "PaperFields": closed(
            some, "The members of a paper that `fields` names; `search` only with `q`.", some
        ),
    }


def _never_null(value: JsonSchema) -> JsonSchema:
    kind = next(each for each in value["type"] if each != "null")
    return {key: each for key, each in value.items() if key != "description"} | {"type": kind}


def _pages(types: _Types) -> dict[str, JsonSchema]:
    facets = {name: described(nullable(ref("Facet")), text) for name, text in FACETS.items()}
    rows = array(
        {"anyOf": [ref("PaperRow"), ref("PaperFields")]},
        "The papers of this page; with `fields` those members alone.",
        maxItems=MAX_LIMIT,
    )
    page = {
        "data": rows,
        "meta": ref("PageMeta"),
        "facets": described(nullable(ref("Facets")), "Null where none were asked for."),
        "links": ref("PageLinks"),
    }
    return {
        "Facets": closed(
            facets,
            "The facets that were asked for, by name; null for one that cannot be counted exactly.",
            facets,
        ),
        "PageMeta": _page_meta(types.members("PaperConnection")),
        "PageLinks": _links(
            self="This page.", next=_NEXT, prev="The page ahead; null on the first."
        ),
        "PaperPage": closed(page, "A page of papers."),
    }


def _page_meta(connection: Mapping[str, JsonSchema]) -> JsonSchema:
    total_all = (
        "How many papers hold every word of the query; less than `total` where `matched` is `any`."
    )
    meta = {
        "total": connection["totalCount"],
        "totalAll": connection["totalAll"] | {"description": total_all},
        "matched": {
            "type": "string",
            "description": "How the words were combined in the end.",
            "enum": ["all", "any"],
        },
        "limit": _limit(),
        "nextCursor": _cursor("For `cursor`: the page that follows; null on the last page."),
        "previousCursor": _cursor("For `before`: the page ahead; null on the first page."),
        "revision": connection["revision"],
        "warnings": connection["warnings"],
        "alternatives": connection["alternatives"] | {"maxItems": MAX_ALTERNATIVES},
    }
    return closed(meta, "What holds for the whole result, and how to go on.")


def _limit(description: str = "How many papers a page has.", most: int = MAX_LIMIT) -> JsonSchema:
    return {
        "type": "integer",
        "format": "int32",
        "description": description,
        "minimum": 1,
        "maximum": most,
    }


def _lookups(types: _Types) -> dict[str, JsonSchema]:
    revision = types.members("PaperConnection")["revision"]
    several = array(nullable(ref("PaperRow")), "A paper or null for each id.", maxItems=MAX_BATCH)
    near = array(ref("PaperRow"), "The papers, the nearest first.", maxItems=MAX_LIMIT)
    asked = {"ids": array({"type": "string"}, "Ids of any kind.", maxItems=MAX_BATCH)}
    return {
        "RevisionMeta": closed({"revision": revision}, "What was read."),
        "SelfLinks": _links(self="Where this answer is found."),
        "PaperAnswer": _answer(ref("Paper"), "One paper.", "PaperLinks"),
        "PaperLinks": _links(self="The paper.", related="Papers like it."),
        "RelatedMeta": closed({"limit": _limit(), "revision": revision}, "What was read."),
        "RelatedLinks": _links(self="Where this answer is found.", paper="The paper."),
        "SuggestMeta": closed(
            {"limit": _limit("How many suggestions there are at most.", MAX_SUGGESTIONS)}
            | {"revision": revision},
            "What was read.",
        ),
        "Suggestions": closed(
            {
                "data": array(ref("Suggestion"), "The suggestions.", maxItems=MAX_SUGGESTIONS),
                "meta": ref("SuggestMeta"),
                "links": ref("SelfLinks"),
            },
            "What a text being typed may become.",
        ),
        "RelatedPapers": closed(
            {"data": near, "meta": ref("RelatedMeta"), "links": ref("RelatedLinks")},
            "Papers like another.",
        ),
        "Batch": _answer(several, "The papers of a list of ids, in its order."),
        "BatchRequest": closed(asked, "Which papers to read."),
    }


_NEXT = "The page that follows; null on the last."


def _cursor(description: str) -> JsonSchema:
    return {"type": ["string", "null"], "description": description}


def _links(**descriptions: str) -> JsonSchema:
    """Links by relation; `self` alone is never null."""
    members = {
        name: {
            "type": "string" if name == "self" else ["string", "null"],
            "format": "uri-reference",
            "description": text,
        }
        for name, text in descriptions.items()
    }
    return closed(members, "Addresses: relative, or below the server's public address.")


def _answer(data: JsonSchema, description: str, links: str = "SelfLinks") -> JsonSchema:
    return closed({"data": data, "meta": ref("RevisionMeta"), "links": ref(links)}, description)


def _days_and_stats(types: _Types) -> dict[str, JsonSchema]:
    day, stats = types.members("DailyPage"), types.members("Stats")
    meta = {name: day[name] for name in ("date", "previous", "next")} | {
        "total": day["totalCount"],
        "nextCursor": _cursor("For `cursor`: the papers that follow; null at the end."),
        "revision": day["revision"],
    }
    links = _links(
        self="This page.",
        next=_NEXT,
        prev="Always null: days are read forward.",
        previousDay="The nearest earlier day that has papers; null when there is none.",
        nextDay="The nearest later day that has papers; null when there is none.",
    )
    del stats["revision"]  # in `meta` here, as everywhere
    rows = array(ref("PaperRow"), "The papers of this page, by position.", maxItems=MAX_LIMIT)
    return {
        "DailyMeta": closed(meta, "The day and its neighbours, and how to go on."),
        "DailyLinks": links,
        "DailyPage": closed(
            {"data": rows, "meta": ref("DailyMeta"), "links": ref("DailyLinks")},
            "Papers listed on a day.",
        ),
        "Stats": closed(stats, "Counts, positions and the range of dates."),
        "StatsAnswer": _answer(ref("Stats"), "The numbers of the shelf."),
    }
