"""`ostiary check`, and what it finds."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostiary_cli.__main__ import application as command_line
from ostiary_cli.check import check
from tests.cli.manifests import QUICKSTART, application, password, user


def problems(path: Path, *texts: str) -> list[str]:
    """What is wrong with files a.yaml, b.yaml ... of these texts."""
    for name, text in zip("abcdef", texts, strict=False):
        (path / f"{name}.yaml").write_text(text)
    return [str(problem).removeprefix(f"{path}/") for problem in check([path])[0]]


def test_the_quickstart_is_right() -> None:
    assert check([QUICKSTART]) == ([], 5)


def test_good_manifests_exit_with_0() -> None:
    result = CliRunner().invoke(command_line, ["check", str(QUICKSTART)])

    assert result.exit_code == 0
    assert "5 objects: all would be accepted" in result.output


def test_a_bad_manifest_exits_with_1_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(application(spec="enabled: false\ntype: Private"))

    result = CliRunner().invoke(command_line, ["check", str(tmp_path / "a.yaml")])

    assert result.exit_code == 1
    assert f"{tmp_path}/a.yaml:8: spec.type: input should be 'Confidential' or 'Public'" in result.output


def test_a_warning_exits_with_0(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(user())

    result = CliRunner().invoke(command_line, ["check", str(tmp_path)])

    assert result.exit_code == 0
    assert "a.yaml:9: warning: spec.passwordSecretRef.name: Secret team/alice-password is in none" in result.output


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("enabled: 'yes'", "a.yaml:7: spec.enabled: input should be a valid boolean"),
        ("enable: true", "a.yaml:7: spec.enable: there is no such field: check its spelling and where it is indented"),
        ("callback_urls: []", "a.yaml:7: spec.callback_urls: there is no such field"),
        (
            "callbackURLs:\n- https://a.example\n- https://a.example#x",
            "a.yaml:9: spec.callbackURLs[1]: remove the frag",
        ),
        ("tokenLifetimes:\n  idToken: 5x", "a.yaml:8: spec.tokenLifetimes.idToken: write a duration"),
        ("clientID: other.shop\ngrantModes: [client_credentials]", "a.yaml:7: spec.clientID: begin with team."),
        ("grantModes: [client_credentials]\ntype: Public", "a.yaml:7: spec.grantModes: remove client_credentials"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, spec: str, problem: str) -> None:
    assert any(each.startswith(problem) for each in problems(tmp_path, application(spec=spec)))


@pytest.mark.parametrize(
    ("line", "instead", "problem"),
    [
        (
            "kind: OAuthApplication",
            "kind: OAuthApp",
            "a.yaml:2: kind: expected one of OAuthApplication, OAuthUser, OAu",
        ),
        ("v1alpha1", "v1", "a.yaml:1: apiVersion: expected ostiary.dev/v1alpha1 for the kind OAuthApplication"),
        ("  name: shop", "  name: Shop", "a.yaml:4: metadata.name: write a name in lower-case letters"),
        ("  name: shop", "  nam: shop", "a.yaml:4: metadata.nam: there is no such field"),
        ("namespace: team", "namespace: a.b", "a.yaml:5: metadata.namespace: write a namespace of at most 63"),
        ("metadata:", "metadata:\n  labels: {a: 1}", "a.yaml:4: metadata.labels.a: must be a text"),
        ("spec:", "specs:", "a.yaml:6: specs: the kind OAuthApplication has no such field"),
    ],
)
def test_a_mistake_around_the_spec_is_told_too(tmp_path: Path, line: str, instead: str, problem: str) -> None:
    found = problems(tmp_path, application().replace(line, instead))

    assert any(each.startswith(problem) for each in found), found


def test_lists_are_looked_into(tmp_path: Path) -> None:
    text = """\
apiVersion: v1
kind: List
items:
- apiVersion: ostiary.dev/v1alpha1
  kind: OAuthUser
  metadata: {name: bob, uid: 1234}
  spec:
    username: Bob
- just: something
"""
    username, kind = problems(tmp_path, text)

    assert username.startswith("a.yaml:8: items[0].spec.username: use lower-case")
    assert kind == "a.yaml:9: items[1].kind: this field is required"


def test_a_secrets_values_are_never_repeated(tmp_path: Path) -> None:
    text = password().replace("stringData:\n  password: correct-horse", "data:\n  password: correct!horse\n  pin: 1234")

    found = problems(tmp_path, text)

    assert found == [
        "a.yaml:8: data.password: is not base64: encode it, or write it below stringData as it is",
        "a.yaml:9: data.pin: must be a text: write it in quotes",
    ]
    assert "horse" not in " ".join(found)


def test_two_applications_cannot_have_one_client_id(tmp_path: Path) -> None:
    one = application("one", spec="clientID: shop\ngrantModes: [client_credentials]")
    two = application("two", spec="clientID: shop\ngrantModes: [client_credentials]")

    assert problems(tmp_path, one, two) == [
        f"b.yaml:7: spec.clientID: client id 'shop' already belongs to OAuthApplication team/one ({tmp_path}/a.yaml:1)"
    ]


def test_two_users_cannot_have_one_username(tmp_path: Path) -> None:
    found = problems(tmp_path, user() + "---\n" + password(), user().replace("name: alice\n", "name: alicia\n", 1))

    assert found == [
        f"b.yaml:7: spec.username: username 'alice' already belongs to OAuthUser team/alice ({tmp_path}/a.yaml:1)"
    ]


def test_an_address_belongs_to_one_namespace(tmp_path: Path) -> None:
    spec = "authenticationAddress: http://shop.localhost\ngrantModes: [client_credentials]"
    mine, also_mine, theirs = (
        application(name, namespace, spec) for name, namespace in (("a", "team"), ("b", "team"), ("c", "other"))
    )

    assert problems(tmp_path, mine, also_mine, theirs) == [
        "c.yaml:7: spec.authenticationAddress: http://shop.localhost already belongs to the namespace of "
        f"OAuthApplication team/a ({tmp_path}/a.yaml:1)"
    ]


def test_an_object_is_declared_once(tmp_path: Path) -> None:
    assert problems(tmp_path, application(), application()) == [
        f"b.yaml:4: metadata.name: OAuthApplication team/shop is already declared in {tmp_path}/a.yaml:1"
    ]


@pytest.mark.parametrize(
    ("secret", "warning"),
    [
        (password().replace('"true"', '"false"'), "lacks the label ostiary.dev/secret: 'true'"),
        (password().replace("password:", "pass:"), "lacks the key password"),
        (password(namespace="other"), "is in none of these files"),
    ],
)
def test_a_password_secret_that_will_not_be_used_is_worth_a_warning(tmp_path: Path, secret: str, warning: str) -> None:
    (found,) = problems(tmp_path, user(), secret)

    assert found.startswith("a.yaml:9: warning: spec.passwordSecretRef.name: ")
    assert warning in found


def test_hidden_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".ostiary").mkdir()
    (tmp_path / ".ostiary" / "broken.yaml").write_text("{")

    assert check([tmp_path]) == ([], 0)


def test_the_manifests_in_the_quickstarts_text_are_right(tmp_path: Path) -> None:
    text = (QUICKSTART.parents[1] / "quickstart.md").read_text()
    manifests = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert manifests
    assert problems(tmp_path, *manifests) == []
