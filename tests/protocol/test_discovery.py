"""Metadata: the union of what an issuer's applications may use, and nothing that is not served."""

from dataclasses import replace

import orjson
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from ostiary_server.protocol.discovery import Discovery, metadata
from tests.granting import APPLICATION, ISSUER, OTHER, PUBLIC, World

IMPLICIT = replace(PUBLIC, grant_modes=frozenset({"implicit"}))


def test_authlib_finds_the_document_valid() -> None:
    document = dict(metadata(ISSUER, (APPLICATION, IMPLICIT)))
    AuthorizationServerMetadata(document).validate()
    OpenIDProviderMetadata(document).validate()


def test_a_disabled_application_adds_nothing() -> None:
    document = metadata(ISSUER, (replace(APPLICATION, enabled=False), IMPLICIT))
    assert document["grant_types_supported"] == ["implicit"]
    assert document["token_endpoint_auth_methods_supported"] == ["none"]
    assert "code" not in document["response_types_supported"]


def test_neither_weak_algorithms_nor_plain_challenges_are_offered() -> None:
    text = orjson.dumps(metadata(ISSUER, (APPLICATION, OTHER, IMPLICIT))).decode()
    assert "HS256" not in text
    assert '"plain"' not in text
    assert "RS256" in metadata(ISSUER, ())["id_token_signing_alg_values_supported"]


def test_the_document_is_encoded_once_for_each_set_of_applications() -> None:
    world = World()
    discovery = Discovery(world.directory)
    first, tag = discovery.document(ISSUER)
    assert discovery.document(ISSUER)[0] is first
    world.put(scopes=("openid", "new:scope"))
    changed, other_tag = discovery.document(ISSUER)
    assert b"new:scope" in changed
    assert other_tag != tag
