"""The peer: FastAPI routes that answer with a body that is given, and do nothing else."""

import os
import sys

import orjson
import uvicorn
from fastapi import FastAPI, Response

BODY = os.environ.get("BARE_BODY", "{}").encode()
VALUE = orjson.loads(BODY)

app = FastAPI(openapi_url=None)


@app.post("/value")
async def value() -> dict[str, object]:
    """The way that FastAPI's documentation shows: the value is returned and FastAPI encodes it."""
    return VALUE  # type: ignore[no-any-return]


@app.post("/bytes")
async def same_bytes() -> Response:
    """FastAPI's fastest answer: bytes that are encoded already."""
    return Response(BODY, media_type="application/json", headers={"cache-control": "no-store"})


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, ws="none"
    )
