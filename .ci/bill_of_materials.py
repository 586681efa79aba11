"""An image's CycloneDX bill of materials: what the lock file says of its Python packages, and Debian's.

`python3 bill_of_materials.py LOCKED.cdx.json REQUIREMENTS.txt DEBIAN.jsonl > IMAGE.cdx.json`; the image build calls it.
"""

import json
import re
import sys
from pathlib import Path


def bill(locked: dict, requirements: str, debian: str) -> dict:
    """`locked` reduced to what `requirements` installs, with Debian's packages (a JSON component a line) beside it."""
    installed = set(re.findall(r"^([a-z0-9._-]+)==", requirements, re.MULTILINE))
    python = [part for part in locked["components"] if part["name"] in installed]
    kept = {part["bom-ref"] for part in python} | {locked["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {**each, "dependsOn": [name for name in each.get("dependsOn", ()) if name in kept]}
        for each in locked["dependencies"]
        if each["ref"] in kept
    ]
    return {
        **locked,
        "components": python + [json.loads(line) for line in debian.splitlines()],
        "dependencies": dependencies,
    }


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    json.dump(bill(json.loads(paths[0].read_text()), paths[1].read_text(), paths[2].read_text()), sys.stdout, indent=1)
