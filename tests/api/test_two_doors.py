"""REST and GraphQL, asked the same, say the same."""

import random
import re
from collections import Counter
from dataclasses import replace

from tests.api.client import Client
from tests.api.questions import Question, ask_graphql, ask_rest, random_question
from tests.conftest import Tell
from tests.paths import SAMPLE
from tests.scale import SEED, scaled


def test_both_doors_answer_random_questions_alike(client: Client, engine: str, tell: Tell) -> None:
    chance = random.Random(f"{SEED} doors {engine}")
    words = sorted(set(re.findall(r"[a-z]{4,}", SAMPLE.read_text(encoding="utf-8").lower())))
    mix: Counter[str] = Counter()
    cursors: list[tuple[Question, str, bool]] = []
    count = max(100, scaled(500))
    for number in range(count):
        kind = number % 10
        if kind in (3, 6, 9) and cursors:
            question, cursor, backward = cursors.pop(chance.randrange(len(cursors)))
            question = replace(question, cursor=cursor, backward=backward)
        else:
            question = random_question(chance, words, wrong=kind in (1, 5))
        rest, rest_cursors = ask_rest(client, question)
        graphql, graphql_cursors = ask_graphql(client, question)
        assert rest == graphql, question
        for following, previous in (rest_cursors, graphql_cursors):
            cursors += [(question, following, False)] if following else []
            cursors += [(question, previous, True)] if previous else []
        mix["error" if rest.code else "answer" if rest.ids else "empty"] += 1
        mix["cursor"] += question.cursor is not None and rest.code is None
        mix["backward"] += question.backward and rest.code is None
        mix["extras"] += question.extras and rest.code is None
    tell(f"{count} questions, {dict(mix)}")
    assert mix["answer"] >= count / 2
    assert mix["error"] >= count / 5
    assert mix["cursor"] >= count / 5


def test_lookups_agree(client: Client) -> None:
    ids = [paper["id"] for paper in client.get("/v1/papers?limit=5").json()["data"]]
    for identifier in [*ids, "nobody-0000", "arxiv:2407.09941", "", "\N{SNOWMAN}", "doi:10.1/x"]:
        document = (
            "query($id: ID!) { paper(id: $id) { id title abstractRaw } node(id: $id) { id } }"
        )
        graphql = client.graphql(document, id=identifier)["data"]
        rest = client.get(f"/v1/papers/{identifier}") if identifier else None
        if rest is not None and rest.status_code == 200:
            paper = rest.json()["data"]
            assert graphql["paper"] == {n: paper[n] for n in ("id", "title", "abstractRaw")}
            assert graphql["node"] == {"id": paper["id"]}
        else:
            assert graphql == {"paper": None, "node": None}


def test_daily_and_stats_agree(client: Client) -> None:
    document = """{ daily { date previous next papers { id } }
      stats { papers storePosition indexPosition engine publishedFrom publishedTo } }"""
    graphql = client.graphql(document)["data"]
    daily = client.get("/v1/daily").json()
    assert graphql["daily"]["date"] == daily["meta"]["date"]
    assert graphql["daily"]["previous"] == daily["meta"]["previous"]
    assert graphql["daily"]["next"] == daily["meta"]["next"]
    ids = [paper["id"] for paper in daily["data"]]
    assert [paper["id"] for paper in graphql["daily"]["papers"]] == ids
    assert graphql["stats"] == client.get("/v1/stats").json()["data"]
