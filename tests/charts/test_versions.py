"""What is rendered exists in every version of Kubernetes that the chart accepts, by Kubernetes' own schemas."""

from __future__ import annotations

from collections.abc import Iterator

import kubernetes_validate
import pytest
from kubernetes_validate import utils

from tests.charts.installations import INSTALLATIONS
from tests.charts.overlays import Values
from tests.charts.rendering import Helm

OLDEST, NEWEST = "1.30", utils.major_minor(kubernetes_validate.latest_version())
# Definitions that come from elsewhere; tests of their own hold them against what defines them.
FOREIGN = {"HTTPRoute", "ServiceMonitor", "PrometheusRule"}


@pytest.fixture(scope="module", autouse=True)
def schemas() -> Iterator[None]:
    """Read once each: some are megabytes."""
    contents, read = {}, utils.schema_contents

    def remembered(filename: str, desired_version: str) -> object:
        if filename not in contents:
            contents[filename] = read(filename, desired_version)
        return contents[filename]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", remembered)
        yield


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_every_object_is_valid(values: Values, version: str) -> None:
    for each in Helm().render(values).documents:
        if each["kind"] not in FOREIGN:
            assert kubernetes_validate.validate(each, version, strict=True) == version


def test_the_schemas_notice_what_they_should() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError, match="prots"):
        kubernetes_validate.validate(service, OLDEST, strict=True)
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate({**service, "apiVersion": "v2"}, NEWEST, strict=True)
