"""Print the description: `python -m api.openapi > schema/contracts/openapi.json`."""

import json

from api.openapi.document import openapi_document
from api.version import program_version

if __name__ == "__main__":
    print(json.dumps(openapi_document(program_version()), indent=2, ensure_ascii=False))
