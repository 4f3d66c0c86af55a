"""The JSON Schemas of papers in Hugging Face's shapes."""

from api.openapi.shapes import array, closed, described, nullable, ref
from schema.search import MAX_LIMIT
from schema.values import JsonSchema

_TEXT: JsonSchema = {"type": "string"}
_COUNT: JsonSchema = {"type": ["integer", "null"], "format": "int32", "minimum": 0}
_MOMENT = nullable({"type": "string", "format": "date-time"})
_ADDRESS: JsonSchema = {"type": "string", "format": "uri-reference"}

_LISTED = "Midnight (UTC) of the first day that listed the paper; null where none did."


def hub_schemas() -> dict[str, JsonSchema]:
    """The components by name."""
    author = {
        "name": described(_TEXT, "The name."),
        "hidden": {"type": "boolean", "description": "Never here.", "const": False},
    }
    shared = {
        "title": described(_TEXT, "The title."),
        "summary": described(_TEXT, "The abstract, perhaps empty."),
        "numComments": described(_COUNT, "Comments; null when unknown."),
        "submittedOnDailyAt": described(_MOMENT, _LISTED),
        "githubRepo": described(_ADDRESS, "Its code on GitHub; left out where there is none."),
        "projectPage": described(_ADDRESS, "Its project's page; left out where there is none."),
    }
    links = ("githubRepo", "projectPage")
    paper = shared | {
        "id": described(_TEXT, "The arXiv id, and where there is none the id of `/v1`."),
        "authors": {
            "type": ["array", "null"],
            "description": "The authors in order; null where at most their number is known.",
            "items": ref("HubAuthor"),
        },
        "publishedAt": described(_MOMENT, "Midnight (UTC) of the day of publication, or null."),
        "upvotes": described(_COUNT, "Upvotes; null when unknown."),
    }
    entry = shared | {
        "paper": ref("HubPaper"),
        "publishedAt": described(
            _MOMENT,
            "When the entry was: `submittedOnDailyAt`. Left out where the paper's own date is "
            "unknown, which huggingface_hub would take it for.",
        ),
    }
    return {
        "HubAuthor": closed(author, "An author."),
        "HubPaper": closed(paper, "A paper under Hugging Face's names.", links),
        "HubEntry": closed(entry, "A paper of a list.", (*links, "publishedAt")),
        "HubEntries": array(ref("HubEntry"), "Papers.", maxItems=MAX_LIMIT),
    }
