"""The members of a paper, under the one name that each has in JSON, GraphQL and exports."""

LIST_MEMBERS: tuple[str, ...] = (
    "id",
    "title",
    "abstract",
    "authors",
    "authorCount",
    "publishedAt",
    "publishedPrecision",
    "publishedYearInferred",
    "listedAt",
    "upvotes",
    "comments",
    "links",
    "hasCode",
    "categories",
    "externalIds",
    "createdSeq",
    "updatedSeq",
)
"""What a row of a list carries, in this order."""

FURTHER_MEMBERS: tuple[str, ...] = ("abstractRaw", "publishedRaw", "sources")
"""What only the whole paper carries; `fields` reaches them in lists too."""

MEMBERS = LIST_MEMBERS + FURTHER_MEMBERS
