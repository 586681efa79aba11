"""Applications that are accepted and refused, as data: the rules and a real API server read the same.

Longer than a file should be, because it is a table.
"""

from typing import Any

from tests.state.callback_manifests import ACCEPTED_CALLBACKS, REFUSED_CALLBACKS, ROUTE, following
from tests.state.cases import CALLBACK, Refused, application, at, public
from tests.state.openid_manifests import ACCEPTED_OPENID, REFUSED_OPENID
from tests.state.rotation_manifests import ACCEPTED_ROTATIONS, REFUSED_ROTATIONS
from tests.state.secret_manifests import ACCEPTED_SECRETS, REFUSED_SECRETS
from tests.state.workload_manifests import ACCEPTED_WORKLOADS, FEDERATED_TWICE, REFUSED_WORKLOADS

HTTPS = "begin with https://"

ACCEPTED_APPLICATIONS: dict[str, dict[str, Any]] = {
    "the-smallest": application(),
    "everything": application(
        displayName="Büro 🗝 Shop",
        description="Sells things.\nSince 1999.",
        logoURL="https://cdn.example.com/logo.svg?v=2",
        homepageURL="https://shop.example.com",
        policyURL="https://shop.example.com/legal#privacy",
        termsURL="http://127.0.0.1:8000/terms",
        contacts=["shop@example.com"],
        clientID="shop",
        authenticationAddress="https://login.example.com:8443",
        enabled=False,
        suspend=True,
        type="Confidential",
        postLogoutRedirectURLs=["https://shop.example.com/bye?from=ostiary"],
        corsOrigins=["https://shop.example.com", "http://localhost:5173"],
        grantModes=["authorization_code", "implicit", "password", "refresh_token", "client_credentials"],
        scopes=["openid", "offline_access", "https://api.example.com/read"],
        audiences=["https://api.example.com/", "reports"],
        allowedGroups=["Staff of Köln"],
        pkce="Optional",
        consent="Skip",
        tokenLifetimes={
            "authorizationCode": "10s",
            "accessToken": "24h",
            "idToken": "1h30m",
            "refreshTokenIdle": "1h",
            "refreshTokenAbsolute": "8760h",
        },
        accessTokenFormat="Opaque",
        signingAlgorithm="EdDSA",
        tokenEndpointAuthMethod="client_secret_post",
        secret={"name": "shop-credentials", "mode": "Require"},
        deletionPolicy="Orphan",
    ),
    "no-redirect-grant": {"grantModes": ["client_credentials"]},
    "password-and-refresh": {"grantModes": ["password", "refresh_token"]},
    "public-by-code": public(grantModes=["authorization_code", "refresh_token"], tokenEndpointAuthMethod="none"),
    "public-by-implicit-has-no-code-to-protect": public(grantModes=["implicit"], pkce="Optional"),
    "native-app": {
        "type": "Public",
        "callbackURLs": ["com.example.app:/callback", "http://127.0.0.1/", "http://[::1]"],
    },
    "private-scheme-with-authority": {"type": "Public", "callbackURLs": ["com.example.app://callback/done"]},
    "loopback-names": application(
        callbackURLs=["http://localhost:3000/cb", "http://shop.localhost/cb", "http://a.b.localhost:8080"]
    ),
    "callback-details": application(
        callbackURLs=[
            "https://shop.example.com",
            "https://shop.example.com?next=%2Fhome%2F..%2F",
            "https://shop.example.com:65535/a/.hidden/..x/%C3%BC;v=1",
            "https://[2001:db8::1]/cb",
            "https://192.0.2.1/cb",
        ]
    ),
    "address-on-localhost": application(authenticationAddress="http://login.localhost"),
    "address-on-loopback": application(authenticationAddress="http://[::1]:8080"),
    "own-namespace-prefix": application(clientID="default.shop"),
    "prefix-that-no-namespace-can-have": application(clientID="Shop.web"),
    "nulls-are-absent": application(displayName=None, secret=None, scopes=None),
    **ACCEPTED_OPENID,
    **ACCEPTED_CALLBACKS,
    **ACCEPTED_SECRETS,
    **ACCEPTED_WORKLOADS,
    **ACCEPTED_ROTATIONS,
}

BAD_CALLBACKS = {
    "fragment": ("https://shop.example.com/cb#here", "remove the fragment"),
    "empty-fragment": ("https://shop.example.com/cb#", "remove the fragment"),
    "wildcard-path": ("https://shop.example.com/*", "no wildcards"),
    "wildcard-host": ("https://*.example.com/cb", "no wildcards"),
    "userinfo": ("https://shop.example.com@evil.example/cb", "remove the user name"),
    "userinfo-loopback": ("http://attacker@127.0.0.1/cb", "remove the user name"),
    "userinfo-private-scheme": ("com.example.app://evil@host/cb", "remove the user name"),
    "plain-http": ("http://shop.example.com/cb", HTTPS),
    "http-lookalike": ("http://localhost.example.com/cb", HTTPS),
    "http-lookalike-suffix": ("http://evillocalhost/cb", HTTPS),
    "http-loopback-lookalike": ("http://127.0.0.1.example.com/cb", HTTPS),
    "http-other-loopback": ("http://127.0.0.2/cb", HTTPS),
    "http-decimal-loopback": ("http://2130706433/cb", HTTPS),
    "javascript": ("javascript:alert(1)", HTTPS),
    "javascript-mixed-case": ("JavaScript://x.y/%0aalert(1)", HTTPS),
    "data": ("data:text/html,hi", HTTPS),
    "vbscript": ("vbscript:x", HTTPS),
    "file": ("file:///etc/passwd", HTTPS),
    "blob": ("blob:https://shop.example.com/1", HTTPS),
    "scheme-without-dot": ("myapp:/callback", HTTPS),
    "private-scheme-without-path": ("com.example.app:callback", HTTPS),
    "relative": ("/callback", HTTPS),
    "scheme-relative": ("//shop.example.com/cb", HTTPS),
    "space": ("https://shop.example.com/a b", "RFC 3986"),
    "leading-space": (" https://shop.example.com/", "RFC 3986"),
    "newline": ("https://shop.example.com/cb\n", "RFC 3986"),
    "tab": ("https://shop.example.com/\tcb", "RFC 3986"),
    "nul": ("https://shop.example.com/\x00", "RFC 3986"),
    "backslash": ("https://shop.example.com\\@evil.example/", "RFC 3986"),
    "quote": ('https://shop.example.com/"', "RFC 3986"),
    "umlaut": ("https://büro.example.com/", "RFC 3986"),
    "broken-escape": ("https://shop.example.com/%zz", "RFC 3986"),
    "no-host": ("https:///cb", "host name"),
    "empty-host": ("https://", "host name"),
    "host-with-dot-at-end": ("https://shop.example.com./cb", "host name"),
    "host-with-empty-label": ("https://shop..example.com/cb", "host name"),
    "host-escaped": ("https://shop%2eexample.com/cb", "host name"),
    "port-empty": ("https://shop.example.com:/cb", "port"),
    "port-zero": ("https://shop.example.com:0/cb", "port"),
    "port-too-high": ("https://shop.example.com:65536/cb", "port"),
    "port-not-a-number": ("https://shop.example.com:80a/cb", "port"),
    "dot-segment": ("https://shop.example.com/./cb", "segments . and .."),
    "dot-dot": ("https://shop.example.com/a/../cb", "segments . and .."),
    "dot-dot-at-the-end": ("https://shop.example.com/a/..", "segments . and .."),
    "dot-dot-semicolon": ("https://shop.example.com/..;/cb", "segments . and .."),
    "dot-dot-encoded-slash": ("https://shop.example.com/..%2Fcb", "segments . and .."),
    "encoded-dots": ("https://shop.example.com/%2e%2E/cb", "encoded"),
    "encoded-slash": ("https://shop.example.com/a%2Fb", "encoded"),
    "encoded-backslash": ("https://shop.example.com/a%5cb", "encoded"),
    "encoded-twice": ("https://shop.example.com/a%252e%252e", "encoded"),
    "encoded-newline": ("https://shop.example.com/%0d%0aSet-Cookie:x", "encoded"),
    "encoded-delete": ("https://shop.example.com/%7f", "encoded"),
}

_ORIGINS = {
    "path": ("https://login.example.com/", "without path"),
    "query": ("https://login.example.com?a", "without path"),
    "fragment": ("https://login.example.com#a", "without path"),
    "userinfo": ("https://ada@login.example.com", "remove the user name"),
    "upper-case": ("https://Login.example.com", "lower case"),
    "plain-http": ("http://login.example.com", HTTPS),
    "http-lookalike": ("http://login.localhost.example.com", HTTPS),
    "other-scheme": ("ftp://login.example.com", HTTPS),
    "no-scheme": ("login.example.com", "write an origin"),
    "default-port": ("https://login.example.com:443", "leave out the port"),
    "default-port-http": ("http://login.localhost:80", "leave out the port"),
    "port-too-high": ("https://login.example.com:70000", "port"),
    "dot-at-the-end": ("https://login.example.com.", "without a dot"),
    "space": ("https://login.example.com ", "host name"),
    "wildcard": ("https://*.example.com", "host name"),
    "null": ("null", "write an origin"),
}

_PAGES = {
    "plain-http": ("http://shop.example.com/logo.png", HTTPS),
    "javascript": ("javascript:alert(1)", HTTPS),
    "data": ("data:image/png;base64,AAAA", HTTPS),
    "userinfo": ("https://ada@shop.example.com/", "remove the user name"),
    "markup": ("https://shop.example.com/<b>", "RFC 3986"),
    "no-host": ("https:///logo.png", "host name"),
}

_LIFETIMES = (
    ("authorizationCode", "9s", "from 10s to 10m"),
    ("authorizationCode", "10m1s", "from 10s to 10m"),
    ("accessToken", "59s", "from 1m to 24h"),
    ("accessToken", "24h1s", "from 1m to 24h"),
    ("idToken", "59s", "from 1m to 24h"),
    ("idToken", "1441m", "from 1m to 24h"),
    ("refreshTokenIdle", "59m59s", "from 1h to 2160h"),
    ("refreshTokenAbsolute", "8760h1s", "from 1h to 8760h"),
)

REFUSED_APPLICATIONS: tuple[Refused, ...] = (
    *(
        Refused(f"callback-{name}", "spec.callbackURLs[1]", says, public(callbackURLs=[CALLBACK, url]))
        for name, (url, says) in BAD_CALLBACKS.items()
    ),
    *(
        Refused(f"logout-{name}", "spec.postLogoutRedirectURLs[0]", says, public(postLogoutRedirectURLs=[url]))
        for name, (url, says) in BAD_CALLBACKS.items()
    ),
    *(
        Refused(f"address-{name}", "spec.authenticationAddress", says, application(authenticationAddress=origin))
        for name, (origin, says) in _ORIGINS.items()
    ),
    *(
        Refused(f"cors-{name}", "spec.corsOrigins[0]", says, application(corsOrigins=[origin]))
        for name, (origin, says) in _ORIGINS.items()
    ),
    *(
        Refused(f"{field.lower()}-{name}", f"spec.{field}", says, application(**{field: url}))
        for field in ("logoURL", "homepageURL", "policyURL", "termsURL")
        for name, (url, says) in _PAGES.items()
    ),
    *(
        Refused(
            f"{field.lower()}-{text}", f"spec.tokenLifetimes.{field}", says, application(tokenLifetimes={field: text})
        )
        for field, text, says in _LIFETIMES
    ),
    Refused(
        "refreshtokenidle-2160h1s",
        "spec.tokenLifetimes.refreshTokenIdle",
        "from 1h to 2160h",
        application(tokenLifetimes={"refreshTokenIdle": "2160h1s", "refreshTokenAbsolute": "8760h"}),
    ),
    *at(
        "spec.tokenLifetimes.accessToken",
        "such as 90s, 10m or 1h30m",
        {
            f"duration-{name}": application(tokenLifetimes={"accessToken": text})
            for name, text in {
                "in-days": "1d",
                "without-unit": "600",
                "negative": "-10m",
                "with-fraction": "1.5h",
                "in-milliseconds": "600000ms",
                "empty": "",
                "in-another-order": "1m1h",
            }.items()
        },
    ),
    *at(
        "spec.tokenLifetimes",
        "at most refreshTokenAbsolute",
        {"idle-over-absolute": application(tokenLifetimes={"refreshTokenAbsolute": "24h"})},
    ),
    *at(
        "spec.secret",
        "remove secret",
        {"public-with-secret": public(secret={"name": "shop"}), "public-with-empty-secret": public(secret={})},
    ),
    *at(
        "spec.tokenEndpointAuthMethod",
        "to none or remove it",
        {"public-with-secret-method": public(tokenEndpointAuthMethod="client_secret_basic")},
    ),
    *at(
        "spec.tokenEndpointAuthMethod",
        "or type to Public",
        {"confidential-without-method": application(tokenEndpointAuthMethod="none")},
    ),
    *at(
        "spec.grantModes",
        "remove client_credentials and password",
        {
            "public-client-credentials": {"type": "Public", "grantModes": ["client_credentials"]},
            "public-password": {"type": "Public", "grantModes": ["password"]},
        },
    ),
    *at("spec.pkce", "set pkce to Required", {"public-without-pkce": public(pkce="Optional")}),
    *at(
        "spec.grantModes",
        "nothing else yields one",
        {
            "refresh-alone": {"grantModes": ["refresh_token"]},
            "refresh-of-implicit": application(grantModes=["implicit", "refresh_token"]),
            "refresh-of-client-credentials": {"grantModes": ["client_credentials", "refresh_token"]},
        },
    ),
    *at(
        "spec.callbackURLs",
        "at least one callback URL",
        {
            "code-without-callback": {},
            "code-with-empty-callbacks": {"callbackURLs": []},
            "implicit-without-callback": {"grantModes": ["implicit"]},
        },
    ),
    *at(
        "spec.callbackURLs",
        "set type to Public",
        {"confidential-private-scheme": {"callbackURLs": ["com.example.app:/cb"]}},
    ),
    *at(
        "spec.postLogoutRedirectURLs",
        "set type to Public",
        {"confidential-private-logout": application(postLogoutRedirectURLs=["com.example.app:/bye"])},
    ),
    *at("spec.clientID", "do not begin with u_", {"client-id-of-a-user": application(clientID="u_shop")}),
    *at(
        "spec.clientID",
        "use letters, digits",
        {
            "client-id-with-space": application(clientID="my shop"),
            "client-id-with-colon": application(clientID="shop:web"),
        },
    ),
    *at(
        "spec.scopes[0]",
        "one scope an item",
        {
            "scope-with-space": application(scopes=["openid profile"]),
            "scope-with-quote": application(scopes=['a"b']),
            "scope-with-backslash": application(scopes=["a\\b"]),
        },
    ),
    *at("spec.audiences[0]", "printable ASCII", {"audience-with-space": application(audiences=["the api"])}),
    *at("spec.displayName", "one line of text", {"display-name-with-newline": application(displayName="a\nb")}),
    *at("spec.allowedGroups[0]", "one line of text", {"group-with-nul": application(allowedGroups=["a\x00"])}),
    *at("spec.contacts[0]", "one line of text", {"contact-with-newline": application(contacts=["a\n"])}),
    *at(
        "spec.secret.name",
        "the name of a Kubernetes object",
        {"secret-name": application(secret={"name": "Shop_1"})},
    ),
    *REFUSED_OPENID,
    *REFUSED_SECRETS,
    *REFUSED_WORKLOADS,
    *REFUSED_CALLBACKS,
    *REFUSED_ROTATIONS,
)

# What the schema refuses, so the wording is the reader's own: the API server's, or that of parsing.
UNREADABLE_APPLICATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "enum": ("spec.type", application(type="public")),
    "grant-mode": ("spec.grantModes", application(grantModes=["code"])),
    "repeated": ("spec.callbackURLs", application(callbackURLs=[CALLBACK, CALLBACK])),
    "no-grant-modes": ("spec.grantModes", application(grantModes=[])),
    "number": ("spec.displayName", application(displayName=1)),
    "boolean-as-text": ("spec.enabled", application(enabled="yes")),
    "too-long": ("spec.callbackURLs[0]", {"callbackURLs": ["https://a/" + "x" * 2048]}),
    "too-many": ("spec.callbackURLs", {"callbackURLs": [f"https://a/{i}" for i in range(65)]}),
    "list-as-text": ("spec.callbackURLs", {"callbackURLs": CALLBACK}),
    "duration-as-number": ("spec.tokenLifetimes.accessToken", application(tokenLifetimes={"accessToken": 600})),
    "route-without-a-path": ("spec.callbackURLsFrom[0].path", {"callbackURLsFrom": [{"ingressRef": {"name": "shop"}}]}),
    "route-of-no-path": ("spec.callbackURLsFrom[0].path", following(ROUTE | {"path": ""})),
    "routes-too-many": ("spec.callbackURLsFrom", following(*(ROUTE | {"path": f"/{number}"} for number in range(17)))),
    "workload-twice": ("spec.clientAuthentication.federated", FEDERATED_TWICE),
    "workload-without-a-subject": (
        "spec.clientAuthentication.federated[0].subject",
        application(clientAuthentication={"federated": [{"issuer": "https://a.example"}]}),
    ),
    "registration-without-a-limit": ("spec.dynamicRegistration.maxClients", {"dynamicRegistration": {}}),
    "registration-of-none": ("spec.dynamicRegistration.maxClients", {"dynamicRegistration": {"maxClients": 0}}),
    "registration-of-too-many": (
        "spec.dynamicRegistration.maxClients",
        {"dynamicRegistration": {"maxClients": 10_001}},
    ),
    "duration-too-long": ("spec.tokenLifetimes.accessToken", application(tokenLifetimes={"accessToken": "9m" * 17})),
}
