"""Parameters and refusals that several operations have, written once."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Json = dict[str, Any]


def share(paths: Mapping[str, Json], components: Json) -> None:
    """Move what operations have in common into `components`, and leave references to it.

    That are parameters, by their names, and responses that bring nothing. They are called after
    the operation that has them first where the name alone would not do.
    """
    operations = [operation for path in paths.values() for operation in path.values()]
    _share(list(_parameters(operations)), "parameters", components)
    _share(list(_responses(operations)), "responses", components)


Place = tuple[Any, Any, tuple[str, ...]]
"""Where something stands (`holder[key]`), and what to call it, the first that is free."""


def _parameters(operations: list[Json]) -> Iterator[Place]:
    for operation in operations:
        told = operation.get("parameters", [])
        for number, parameter in enumerate(told):
            name = parameter.get("name", "")
            own = f"{operation['operationId']}{name[:1].upper()}{name[1:]}"
            yield told, number, (name, own)


def _responses(operations: list[Json]) -> Iterator[Place]:
    for operation in operations:
        told = operation["responses"]
        for status in told:
            if status != "200":
                yield told, status, (f"{operation['operationId']}{status}",)


def _share(places: list[Place], kind: str, components: Json) -> None:
    alike: dict[bytes, list[Place]] = {}
    for place in places:
        told = place[0][place[1]]
        if "$ref" not in told:
            alike.setdefault(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), []).append(place)
    known: Json = components[kind]
    for found in alike.values():
        if len(found) > 1:
            first, number, names = found[0]
            name = next(each for each in names if each not in known)
            known[name] = first[number]
            for holder, key, _ in found:
                holder[key] = {"$ref": f"#/components/{kind}/{name}"}
