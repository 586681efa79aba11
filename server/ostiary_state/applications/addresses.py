"""How an address in a manifest must look, as ordered checks; the order is from the coarse to the fine, so that the
first one that fails names the real mistake.

A redirect URI is refused when two parsers could read it differently: that is how every open redirect of the last
years began (userinfo before a loopback host, encoded slashes and dots, `..;/`, backslashes).
"""

from ostiary_state.kinds.checks import Check

_PORT = r"(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])"
_LOOPBACK = r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)"
_URI_CHARACTERS = r"^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$"

LOOPBACK_IP = rf"^http://(127\.0\.0\.1|\[::1\]){_PORT}([/?]|$)"  # of any port: RFC 8252 section 7.3
PRIVATE_USE = r"^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/"  # RFC 8252 section 7.1

_CHARACTERS = Check(_URI_CHARACTERS, "write the address in ASCII as RFC 3986 has it, and percent-encode what is not")
_FRAGMENT = Check("#", "remove the fragment: everything from # on (RFC 6749 section 3.1.2)", refuses=True)
_WILDCARD = Check(r"\*", "list each address in full: there are no wildcards (RFC 9700 section 2.1)", refuses=True)
_DOT_SEGMENTS = Check(r"^[^?]*/\.{1,2}([/?;%]|$)", "write the path without the segments . and ..", refuses=True)
_ENCODED = Check(
    r"^[^?]*%(2[EeFf5]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])",
    "write the path without encoded slashes, backslashes, dots, percent signs and control characters",
    refuses=True,
)
_USERINFO = Check(r"^[^/?#]*//[^/?#]*@", "remove the user name before @", refuses=True)
_HTTPS = r"begin with https://, or with http:// where the host is 127.0.0.1, [::1], localhost or *.localhost"

REDIRECT_URI = (
    _CHARACTERS,
    _FRAGMENT,
    _WILDCARD,
    _USERINFO,
    Check(
        rf"^(https://|http://{_LOOPBACK}(:|/|\?|$)|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/)",
        f"{_HTTPS}; an app on a device may use a private-use scheme with a dot, such as com.example.app:/callback",
    ),
    Check(
        rf"^(https?://{_HOST}{_PORT}([/?]|$)|[a-z][a-z0-9+-]*\.)",
        "write a host name and, where needed, a port from 1 to 65535 between // and the path",
    ),
    _DOT_SEGMENTS,
    _ENCODED,
)

# What follows the host in a redirect URI whose host is not written but found.
CALLBACK_PATH = (
    Check(r"^/", "begin with /: scheme and host are those of the route"),
    _CHARACTERS,
    _FRAGMENT,
    _WILDCARD,
    _DOT_SEGMENTS,
    _ENCODED,
)

ORIGIN = (
    Check(r"^[^A-Z]+$", "write the address in lower case, as browsers send it"),
    Check("@", "remove the user name before @", refuses=True),
    Check(r"^[a-z]+://[^/?#]*$", "write an origin such as https://login.example.com, without path, query or fragment"),
    Check(rf"^(https://|http://{_LOOPBACK}(:|$))", _HTTPS),
    Check(r"^(https://.*:443|http://.*:80)$", "leave out the port that is the default of its scheme", refuses=True),
    Check(
        rf"^https?://{_HOST}{_PORT}$",
        "write a host name without a dot at its end and, where needed, a port from 1 to 65535",
    ),
)

PAGE = (
    _CHARACTERS,
    _USERINFO,
    Check(rf"^(https://|http://{_LOOPBACK}(:|/|\?|#|$))", _HTTPS),
    Check(
        rf"^https?://{_HOST}{_PORT}([/?#]|$)",
        "write a host name and, where needed, a port from 1 to 65535 between // and the path",
    ),
)

# A client id that is the address of its own metadata (OAuth Client ID Metadata Document section 3).
CLIENT_ID_URL = (
    _CHARACTERS,
    Check("#", "remove the fragment: everything from # on", refuses=True),
    _USERINFO,
    Check(rf"^https://{_HOST}{_PORT}/", "begin with https://, a host name, and a path"),
    _DOT_SEGMENTS,
)

HOST_PATTERN = (
    Check(
        rf"^(\*|(\*\.)?{_LABEL.replace('A-Z', '')}(\.{_LABEL.replace('A-Z', '')})*(:[0-9]{{1,5}})?)$",
        "write a host in lower case such as app.example.com, *.example.com for those below one, or * for any",
    ),
)

# Where this server itself sends requests: no fragment, and nothing that two parsers could read differently.
ENDPOINT = (
    *PAGE,
    Check("#", "remove the fragment: everything from # on", refuses=True),
)
