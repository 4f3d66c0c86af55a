"""Where tests find their data: the repository's own, and a sibling folder that may be absent."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "tests" / "data" / "daily-papers-2025-12-12.txt"
SHARED = REPOSITORY.parent / "shared"
ACL = SHARED / "data" / "acl-2000.jsonl.gz"
ARXIV = SHARED / "data" / "arxiv-75k.jsonl.gz"
