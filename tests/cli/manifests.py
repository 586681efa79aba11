"""Manifests as texts, for tests that write them into files."""

from pathlib import Path
from textwrap import dedent

QUICKSTART = Path(__file__).parents[2] / "docs" / "examples" / "quickstart"


def application(name: str = "shop", namespace: str = "team", spec: str = "") -> str:
    """A client_credentials application; `spec` is more lines of its spec."""
    return dedent(f"""\
            apiVersion: ostiary.dev/v1alpha1
            kind: OAuthApplication
            metadata:
              name: {name}
              namespace: {namespace}
            spec:
            """) + (
        dedent(spec).replace("\n", "\n  ").join(["  ", "\n"]) if spec else "  grantModes: [client_credentials]\n"
    )


def user(name: str = "alice", namespace: str = "team", password_secret: str = "alice-password") -> str:
    """A user with a password."""
    return dedent(f"""\
        apiVersion: ostiary.dev/v1alpha1
        kind: OAuthUser
        metadata:
          name: {name}
          namespace: {namespace}
        spec:
          username: {name}
          passwordSecretRef:
            name: {password_secret}
        """)


def password(name: str = "alice-password", namespace: str = "team", value: str = "correct-horse") -> str:
    """A labelled Secret with a password."""
    return dedent(f"""\
        apiVersion: v1
        kind: Secret
        metadata:
          name: {name}
          namespace: {namespace}
          labels: {{ostiary.dev/secret: "true"}}
        stringData:
          password: {value}
        """)


def policy(name: str = "base", spec: str = "") -> str:
    """A policy; `spec` is its spec in one line."""
    return dedent(f"""\
        apiVersion: ostiary.dev/v1alpha1
        kind: OAuthApplicationPolicy
        metadata:
          name: {name}
        spec: {{{spec}}}
        """)
