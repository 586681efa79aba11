"""The peer: a FastAPI route that answers with a body that is given, and does nothing else."""

import os
import sys

import uvicorn
from fastapi import FastAPI, Response

BODY = os.environ.get("BARE_BODY", "").encode()

app = FastAPI(openapi_url=None)


@app.post("/token")
@app.post("/introspect")
async def same_body() -> Response:
    """The body as bytes: FastAPI's fastest answer, without a model or JSON encoding."""
    return Response(BODY, media_type="application/json", headers={"cache-control": "no-store"})


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, ws="none"
    )
