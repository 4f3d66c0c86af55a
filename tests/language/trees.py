"""Query trees as readable text, and what they match among small papers made of words."""

from index.query import (
    And,
    Every,
    Fuzzy,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)


def show(node: Node) -> str:
    """A tree on one line: `(a AND NOT "b c"~2^3)`; the field `text` is left out."""
    match node:
        case And(nodes):
            text = f"({' AND '.join(map(show, nodes))})"
        case Or(nodes):
            text = f"({' OR '.join(map(show, nodes))})"
        case Not(inner):
            return f"NOT {show(inner)}"
        case Every():
            text = "everything"
        case Nothing():
            return "nothing"
        case Range(field, low, high):
            text = f"{field}:{'' if low is None else low}..{'' if high is None else high}"
        case _:
            text = ("" if node.field == "text" else f"{node.field}:") + _leaf(node)
    return text if node.boost == 1.0 else f"{text}^{node.boost:g}"


def _leaf(node: Term | Phrase | Prefix | Wildcard | Fuzzy) -> str:
    match node:
        case Term(_, text):
            return text
        case Phrase(_, words, slop):
            return f'"{" ".join(words)}"' + (f"~{slop}" if slop > 1 else "")
        case Prefix(_, text):
            return f"{text}*"
        case Wildcard(_, pattern):
            return f"wildcard {pattern}"
        case Fuzzy(_, text, distance):
            return f"{text}~{distance}"


def depth(node: Node) -> int:
    """How many nodes deep a tree is."""
    match node:
        case And(nodes) | Or(nodes):
            return 1 + max(map(depth, nodes), default=0)
        case Not(inner):
            return 1 + depth(inner)
        case _:
            return 1


def leaves(node: Node) -> list[Node]:
    """The leaves of a tree, from left to right."""
    match node:
        case And(nodes) | Or(nodes):
            return [leaf for each in nodes for leaf in leaves(each)]
        case Not(inner):
            return leaves(inner)
        case _:
            return [node]


def matches(node: Node, held: frozenset[Node]) -> bool:
    """Whether a paper matches for which exactly the leaves in `held` hold."""
    match node:
        case And(nodes):
            return all(matches(each, held) for each in nodes)
        case Or(nodes):
            return any(matches(each, held) for each in nodes)
        case Not(inner):
            return not matches(inner, held)
        case Every():
            return True
        case Nothing():
            return False
        case _:
            return node in held
