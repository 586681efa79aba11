"""Manifests with `rotation`, good and bad."""

from typing import Any

from tests.state.cases import EC, application, at, public

MONTHLY = {"interval": "720h", "window": {"cron": "0 2 * * 6", "duration": "4h", "timeZone": "Europe/Berlin"}}
MINE = {"name": "mine", "mode": "Require"}


def rotating(**rotation: Any) -> dict[str, Any]:
    return application(rotation=rotation)


ACCEPTED_ROTATIONS = {
    "rotation-by-hand": rotating(overlap="48h"),
    "rotation-in-windows": rotating(**MONTHLY, overlap="48h", revoke="WhenUnused", unusedFor="2h"),
    "rotation-in-every-window": rotating(window={"cron": "30 3 1 * *"}),
    "rotation-with-restarts": rotating(
        interval="24h", restart=[{"kind": "StatefulSet", "name": "db"}, {"name": "web"}], overlap="1h"
    ),
    "rotation-by-hand-of-my-secret": application(secret=MINE, rotation={"overlap": "1h"}),
}

REFUSED_ROTATIONS = (
    *at(
        "spec.rotation",
        "this application has no client secret",
        {
            "rotation-of-a-public-one": public(rotation={}),
            "rotation-of-one-that-signs": application(
                tokenEndpointAuthMethod="private_key_jwt", jwks={"keys": [EC]}, rotation={}
            ),
        },
    ),
    *at(
        "spec.rotation",
        "another Secret is not written",
        {
            "interval-of-my-secret": application(secret=MINE, rotation={"interval": "24h"}),
            "window-of-my-secret": application(secret=MINE, rotation={"window": {"cron": "0 2 * * 6"}}),
        },
    ),
    *at(
        "spec.rotation",
        "overlap to at most interval",
        {
            "three-at-a-time": rotating(interval="2h", overlap="3h"),
            "three-at-a-time-by-default": rotating(interval="2h"),
        },
    ),
    *at(
        "spec.rotation",
        "unusedFor to at most overlap",
        {"unused-for-longer-than-it-lives": rotating(overlap="30m", revoke="WhenUnused")},
    ),
    *at(
        "spec.rotation.overlap",
        "write a duration from 1m to 720h",
        {"no-overlap": rotating(overlap="0s"), "overlap-for-ever": rotating(overlap="721h")},
    ),
)

REFUSED_ROTATIONS += (
    *at("spec.rotation.interval", "write a duration from 1h to 17520h", {"never-again": rotating(interval="17521h")}),
    *at(
        "spec.rotation.unusedFor",
        "write a duration from 1m to 168h",
        {"unused-at-once": rotating(revoke="WhenUnused", unusedFor="1s")},
    ),
    *at(
        "spec.rotation.window.duration",
        "write a duration from 5m to 168h",
        {"window-of-a-minute": rotating(window={"cron": "0 2 * * *", "duration": "1m"})},
    ),
    *at(
        "spec.rotation.restart[0].name",
        "write the name of a Kubernetes object",
        {"workload-of-no-name": rotating(restart=[{"name": "Web"}])},
    ),
)

ROTATIONS_REFUSED_BEYOND_CEL = (
    *at(
        "spec.rotation.window",
        "is no schedule",
        {
            "no-cron": rotating(window={"cron": "every saturday"}),
            "seventieth-minute": rotating(window={"cron": "70 2 * * *"}),
            "never": rotating(window={"cron": "0 0 31 2 *"}),
        },
    ),
    *at(
        "spec.rotation.window",
        "is no time zone",
        {
            "no-time-zone": rotating(window={"cron": "0 2 * * *", "timeZone": "Mars/Olympus"}),
            "path-as-time-zone": rotating(window={"cron": "0 2 * * *", "timeZone": "../../etc/passwd"}),
        },
    ),
)
